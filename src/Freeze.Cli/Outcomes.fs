/// How the outcomes of a batch are shown.
module Freeze.Cli.Outcomes

open Freeze
open Freeze.Cli.Tables

let private word (outcome: RunOutcome) =
    match outcome with
    | RunOutcome.Finished _ -> "finished"
    | RunOutcome.Already _ -> "finished before"
    | RunOutcome.Failed _ -> "failed"
    | RunOutcome.FailedBefore _ -> "failed before"
    | RunOutcome.Elsewhere holder -> $"at {holder}"
    | RunOutcome.Interrupted -> "interrupted"

let result (outcome: RunOutcome) : (RunResult * EpochTime[]) option =
    match outcome with
    | RunOutcome.Finished(result, times)
    | RunOutcome.Already(result, times) -> Some(result, times)
    | RunOutcome.Failed _
    | RunOutcome.FailedBefore _
    | RunOutcome.Elsewhere _
    | RunOutcome.Interrupted -> None

let failure (outcome: RunOutcome) : RunFailure option =
    match outcome with
    | RunOutcome.Failed failure
    | RunOutcome.FailedBefore failure -> Some failure
    | _ -> None

/// Says of a failure what it is and what to do.
let tellFailure (run: Run) (outcome: RunOutcome) =
    match outcome with
    | RunOutcome.Failed failure ->
        eprintfn "%s failed: %s\n  %s" (line run.Name) (line failure.Message) (line failure.Advice)
    | RunOutcome.FailedBefore failure ->
        eprintfn
            "%s failed before: %s\n  %s; then --retry tries it again"
            (line run.Name)
            (line failure.Message)
            (line failure.Advice)
    | _ -> ()

let printTable (outcomes: (Run * RunOutcome) list) =
    // Runs of a profile are not those of the file itself: no table leaves that open.
    let hasProfile = outcomes |> List.exists (fun (run, _) -> run.Profile <> "")

    let row (run: Run, outcome: RunOutcome) =
        let figure show =
            result outcome |> Option.map show |> Option.defaultValue ""

        [
            line run.Name
            if hasProfile then
                line run.Profile
            count (Counts.ofWeights run.Recipe.Weights).Trained
            figure (fun (r, _) -> percent (Array.last r.Epochs).TrainingAccuracy)
            figure (fun (r, _) -> percent r.BestValidationAccuracy)
            figure (fun (r, _) -> percent r.TestAccuracy)
            figure (fun (_, times) ->
                if times.Length > 0 then
                    (times |> Array.averageBy _.Seconds).ToString "F1"
                else
                    "")
            figure (fun (r, _) -> count r.StillVerified)
            word outcome
        ]

    print
        [
            words "run"
            if hasProfile then
                words "profile"
            numbers "trained"
            numbers "training"
            numbers "best validation"
            numbers "test"
            numbers "s/epoch"
            numbers "verified still"
            words ""
        ]
        (outcomes |> Seq.map row)

let printJson (outcomes: (Run * RunOutcome) list) =
    outcomes
    |> JsonArray.print (fun writer (run, outcome) ->
        writer.WriteString("name", run.Name)
        writer.WriteString("hash", Address.ofRecipe run.Recipe)
        writer.WriteString("profile", run.Profile)
        writer.WriteString("outcome", word outcome)

        match result outcome, failure outcome with
        | Some(result, times), _ ->
            writer.WritePropertyName "result"
            Json.writeTo writer result
            writer.WritePropertyName "times"
            Json.writeTo writer times
        | None, Some failure ->
            writer.WritePropertyName "failure"
            Json.writeTo writer failure
        | None, None -> ())
