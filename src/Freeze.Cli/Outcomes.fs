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
    | RunOutcome.WaitingFor before -> $"waiting for {line before}"
    | RunOutcome.Waiting -> "waiting"

let result (outcome: RunOutcome) : (RunResult * EpochTime[]) option =
    match outcome with
    | RunOutcome.Finished(result, times)
    | RunOutcome.Already(result, times) -> Some(result, times)
    | RunOutcome.Failed _
    | RunOutcome.FailedBefore _
    | RunOutcome.Elsewhere _
    | RunOutcome.WaitingFor _
    | RunOutcome.Interrupted
    | RunOutcome.Waiting -> None

let failure (outcome: RunOutcome) : RunFailure option =
    match outcome with
    | RunOutcome.Failed failure
    | RunOutcome.FailedBefore failure -> Some failure
    | _ -> None

/// Says of a failure what it is and what to do.
let tellFailure (run: Run) (outcome: RunOutcome) =
    match outcome with
    | RunOutcome.WaitingFor before ->
        eprintfn "%s waits for %s, which has failed" (line run.Name) (line before)
    | _ -> ()

    for failure in Option.toList (failure outcome) do
        eprintfn "%s %s: %s" (line run.Name) (word outcome) (line failure.Message)

        if outcome.IsFailedBefore then
            eprintfn "  %s; then --retry tries it again" (line failure.Advice)
        else
            eprintfn "  %s" (line failure.Advice)

let printTable (outcomes: (Run * RunOutcome) list) =
    // Runs of a profile are not those of the file itself: no table leaves that open.
    let hasProfile = outcomes |> List.exists (fun (run, _) -> run.Profile <> "")

    let measured title show =
        numbers title (snd >> result >> Option.map show >> Option.defaultValue "")

    let ofBest (result: RunResult) =
        match result.Best with
        | BestRecord.NotKept -> None
        | BestRecord.Kept(_, _, accuracy, _, _) -> Some accuracy

    let keepsBest = outcomes |> List.exists (fun (run, _) -> run.Recipe.Keep.IsBest)

    let secondsPerEpoch (_, times: EpochTime[]) =
        if times.Length > 0 then
            (times |> Array.averageBy _.Seconds).ToString "F1"
        else
            ""

    outcomes
    |> print
        [
            words "run" (fun (run, _) -> line run.Name)
            if hasProfile then
                words "profile" (fun (run, _) -> line run.Profile)
            numbers "trained" (fun (run, _) -> count (Counts.ofWeights run.Recipe.Weights).Trained)
            measured "training" (fun (r, _) -> percent (Array.last r.Epochs).TrainingAccuracy)
            measured "best validation" (fun (r, _) -> percent r.BestValidationAccuracy)
            measured "test" (fun (r, _) -> percent r.TestAccuracy)
            if keepsBest then
                measured "test of best" (fun (r, _) ->
                    ofBest r |> Option.map percent |> Option.defaultValue "")
            measured "s/epoch" secondsPerEpoch
            measured "verified fixed" (fun (r, _) -> count r.StillVerified)
            words "" (fun (_, outcome) -> word outcome)
        ]

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
