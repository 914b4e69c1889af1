/// Settings that are read apart from a run's: how draws are tried, the limit on runs, and how a single stage is trained.
module Freeze.Language.Searches

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.Vocabulary
open Freeze.Language.Forms

/// Which candidates a search tries.
[<RequireQualifiedAccess>]
type Trials =
    /// The given number of draws in addition to the start.
    | Random of draws: int
    /// Every combination of the choices' values.
    | Grid
    /// The given number of candidates, including the start; the best third continue with three times the epochs, and so on.
    | Halving of candidates: int

/// What the draws of a file are tried on.
[<RequireQualifiedAccess>]
type Search =
    | No
    /// Each candidate is a run.
    | Runs of Trials
    /// Each stage of a net has its own candidates.
    | Stages of Trials

/// How a single stage is trained: `reconstruct`, `solve ridge 1e-3`, or both.
let learnOfStage: Kind<StageLearning> =
    let ridge scope make (rest: Phrase) =
        match rest with
        | [] -> Ok(make 0.0)
        | [ { Value = Term.Word "ridge" }; penalty ] ->
            numberBetween scope 0m 1_000_000_000m "the penalty" penalty
            |> Result.map (float >> make)
        | rest -> Error(Diagnostic.wrongValue (join rest) "`ridge 1e-3`, or nothing")

    let read scope phrase words =
        match words with
        | [ "reconstruct" ] -> Some(Ok StageLearning.Reconstruct)
        | "reconstruct" :: "then" :: "solve" :: _ ->
            Some(ridge scope StageLearning.ReconstructThenSolve (List.skip 3 phrase))
        | "solve" :: _ -> Some(ridge scope StageLearning.Solve (List.skip 1 phrase))
        | _ -> None

    [
        entry "reconstruct" "reconstruct" "its weights without labels, before a decoder; then a classifier"
        entry
            "reconstruct then solve"
            "reconstruct then solve ridge 1e-3"
            "the same, with a classifier in closed form"
        entry "solve" "solve ridge 1e-3" "a classifier in closed form, on random features"
    ]
    |> ofWords "`reconstruct`, `solve ridge 1e-3` or `reconstruct then solve ridge 1e-3`" read

/// The setting `search`: how the draws of a file are tried.
let search =
    let draws = count 1L 10_000L "the number of draws"

    let ofWhat (rest: Phrase) (trials: Result<Trials, Diagnostic>) =
        match words rest with
        | []
        | [ "by"; "validation"; "accuracy" ] -> trials |> Result.map Search.Runs
        | [ "per"; "stage" ]
        | [ "per"; "stage"; "by"; "validation"; "accuracy" ] -> trials |> Result.map Search.Stages
        | _ -> Error(Diagnostic.wrongValue (join rest) "`[per stage] [by validation accuracy]`")

    let read scope phrase words =
        match words, phrase with
        | "grid" :: _, _ :: rest -> Some(ofWhat rest (Ok Trials.Grid))
        | ("random" | "halving" as how) :: _, _ :: number :: rest ->
            let trials = if how = "random" then Trials.Random else Trials.Halving
            draws.Read scope [ number ] |> Result.map trials |> ofWhat rest |> Some
        | _ -> None

    [
        entry "random" "random 10 by validation accuracy" "this many draws of whole runs"
        entry "random per stage" "random 10 per stage by validation accuracy" "this many draws for each stage"
        entry
            "halving"
            "halving 27 by validation accuracy"
            "this many candidates, of which the best third continue, and so on"
        entry "halving per stage" "halving 27 per stage by validation accuracy" "the same in each stage"
    ]
    |> ofWords "`random 10`, `grid` or `halving 27`, and `by validation accuracy`" read
    |> setting
        "search"
        "random 10 by validation accuracy"
        Search.No
        "which draws are tried: random 10, grid or halving 27, of whole runs or per stage"

/// `limit runs 20000`; more runs are more likely a mistake.
let limit =
    [ entry "runs" "runs 10000" "the greatest number of runs" ]
    |> ofWords "`runs 20000`" (fun scope phrase words ->
        match words, phrase with
        | [ "runs"; _ ], [ _; count ] -> Some(wholeBetween scope 1L 1_000_000L "the limit" count)
        | _ -> None)
    |> setting "limit" "runs 10000" 10_000L "the greatest number of runs that the file may mean"
