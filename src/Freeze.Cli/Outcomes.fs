/// Shows the outcomes of a batch.
module Freeze.Cli.Outcomes

open Freeze
open Freeze.Cli.Tables
open Freeze.Cli.Terminal

let private word (outcome: RunOutcome) =
    match outcome with
    | RunOutcome.Finished _ -> "finished"
    | RunOutcome.Already _ -> "finished before"
    | RunOutcome.Failed _ -> "failed"
    | RunOutcome.FailedBefore _ -> "failed before"
    | RunOutcome.Elsewhere holder -> $"at {holder}"
    | RunOutcome.Interrupted -> "interrupted"
    | RunOutcome.WaitingFor(before, _) -> $"waiting for {line before}"
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

/// Prints a failure and what to do about it.
let tellFailure (run: Run) (outcome: RunOutcome) =
    match outcome with
    | RunOutcome.WaitingFor(before, reason) ->
        tell "%s waits for %s, which has failed: %s" (line run.Name) (line before) (line reason)
    | _ -> ()

    for failure in Option.toList (failure outcome) do
        tell "%s %s: %s" (line run.Name) (word outcome) (line failure.Message)

        if outcome.IsFailedBefore then
            tell "  %s; then --retry tries it again" (line failure.Advice)
        else
            tell "  %s" (line failure.Advice)

/// If a batch had nothing to train: "5 of 5 runs finished".
let nothingDone (outcomes: (Run * RunOutcome) list) : string option =
    let isOld (outcome: RunOutcome) =
        outcome.IsAlready || outcome.IsFailedBefore

    if not outcomes.IsEmpty && outcomes |> List.forall (snd >> isOld) then
        let failed = outcomes |> List.filter (snd >> _.IsFailedBefore) |> List.length

        let finished =
            $"""{outcomes.Length - failed} of {plural outcomes.Length "run"} finished"""

        if failed > 0 then
            Some $"{finished}, {failed} failed before (--retry tries again)"
        else
            Some finished
    else
        None

/// How fast a batch went in which two runs or more were trained: "24 runs in 1 min, 1,180 an hour".
let pace (seconds: float) (outcomes: (Run * RunOutcome) list) : string option =
    match outcomes |> List.filter (snd >> _.IsFinished) |> List.length with
    | 0
    | 1 -> None
    | trained ->
        Some
            $"{trained} runs in {duration seconds}, {count (int64 (float trained / seconds * 3600.0))} an hour"

let printTable (outcomes: (Run * RunOutcome) list) =
    // Runs of a profile differ from those of the file itself, so tables always name the profile.
    let hasProfile = outcomes |> List.exists (fun (run, _) -> run.Profile <> "")

    let measured title show =
        numbers title (snd >> result >> Option.map show >> Option.defaultValue "")

    let ofBest (result: RunResult) =
        match result.Best with
        | BestRecord.NotKept -> None
        | BestRecord.Kept(_, _, accuracy, _, _) -> Some accuracy

    let onTest, heldOut =
        outcomes |> List.partition (fun (run, _) -> run.Recipe.Validation.IsTest)

    let best =
        match onTest, heldOut with
        | _, [] -> "best test"
        | [], _ -> "best validation"
        | _ -> "best"

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
                spare 2 (words "profile" (fun (run, _) -> line run.Profile))
            spare 5 (numbers "trained" (fun (run, _) -> count (Counts.ofWeights run.Recipe.Weights).Trained))
            spare 4 (measured "training" (fun (r, _) -> percent (Array.last r.Epochs).TrainingAccuracy))
            spare 1 (measured best (fun (r, _) -> percent r.BestValidationAccuracy))
            measured "test" (fun (r, _) -> percent r.TestAccuracy)
            if keepsBest then
                measured "test of best" (fun (r, _) ->
                    ofBest r |> Option.map percent |> Option.defaultValue "")
            spare 6 (measured "s/epoch" secondsPerEpoch)
            spare 3 (measured "verified fixed" (fun (r, _) -> count r.StillVerified))
            words "" (fun (_, outcome) -> word outcome)
        ]

    if not onTest.IsEmpty then
        say "Best test accuracy: chosen on the test set; `validate 5000` holds training images out for that."

let printJson (outcomes: (Run * RunOutcome) list) =
    outcomes
    |> JsonOutput.printItems "runs" (fun writer (run, outcome) ->
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
