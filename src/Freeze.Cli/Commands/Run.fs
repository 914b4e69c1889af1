/// freeze run: trains every run of the files that has no result yet.
module Freeze.Cli.Commands.Run

open System
open System.IO
open System.Runtime.InteropServices
open System.Text
open System.Text.Json
open System.Threading
open Argu
open Freeze
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Cli.Tables
open Freeze.Runtime

/// Ctrl-C and SIGTERM end the step that is under way, then the batch; a second Ctrl-C ends the process.
let private cancellation () =
    let source = new CancellationTokenSource()

    let stop (context: PosixSignalContext) =
        if not source.IsCancellationRequested then
            context.Cancel <- true
            eprintfn "stopping after this step…"
            source.Cancel()

    let signals =
        [ PosixSignal.SIGINT; PosixSignal.SIGTERM ]
        |> List.map (fun signal -> PosixSignalRegistration.Create(signal, stop))

    source.Token, signals

let private word (outcome: RunOutcome) =
    match outcome with
    | RunOutcome.Finished _ -> "finished"
    | RunOutcome.Already _ -> "finished before"
    | RunOutcome.Failed _ -> "failed"
    | RunOutcome.FailedBefore _ -> "failed before"
    | RunOutcome.Elsewhere holder -> $"at {holder}"
    | RunOutcome.Interrupted -> "interrupted"

let private result (outcome: RunOutcome) : (RunResult * EpochTime[]) option =
    match outcome with
    | RunOutcome.Finished(result, times)
    | RunOutcome.Already(result, times) -> Some(result, times)
    | RunOutcome.Failed _
    | RunOutcome.FailedBefore _
    | RunOutcome.Elsewhere _
    | RunOutcome.Interrupted -> None

let private failure (outcome: RunOutcome) : RunFailure option =
    match outcome with
    | RunOutcome.Failed failure
    | RunOutcome.FailedBefore failure -> Some failure
    | _ -> None

let private printTable (outcomes: (Run * RunOutcome) list) =
    let row (run: Run, outcome: RunOutcome) =
        let figure show =
            result outcome |> Option.map show |> Option.defaultValue ""

        [
            run.Name
            count (Counts.ofWeights (PlanFile.weights run.Recipe)).Trained
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
            numbers "trained"
            numbers "training"
            numbers "best validation"
            numbers "test"
            numbers "s/epoch"
            numbers "verified still"
            words ""
        ]
        (outcomes |> Seq.map row)

let private printJson (outcomes: (Run * RunOutcome) list) =
    use buffer = new MemoryStream()
    use writer = new Utf8JsonWriter(buffer, JsonWriterOptions(Indented = true))
    writer.WriteStartArray()

    for run, outcome in outcomes do
        writer.WriteStartObject()
        writer.WriteString("name", run.Name)
        writer.WriteString("hash", Address.ofRecipe run.Recipe)
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
        | None, None -> ()

        writer.WriteEndObject()

    writer.WriteEndArray()
    writer.Flush()
    printfn "%s" (Encoding.UTF8.GetString(buffer.ToArray()))

let private defaultCheckpointEvery = 300.0

let private train (arguments: ParseResults<RunArguments>) (runs: Run[]) : int =
    let threads = arguments.GetResult(Threads, Environment.ProcessorCount)
    let store = Places.store (arguments.TryGetResult Store)
    let catalog = Places.catalog (arguments.TryGetResult RunArguments.Data)
    let cancel, signals = cancellation ()

    let every =
        TimeSpan.FromSeconds(arguments.GetResult(Checkpoint_Every, defaultCheckpointEvery))

    use runner =
        new Runner(RunnerOptions(store, catalog, threads, every, arguments.Contains Retry))

    let view = ProgressView.view (arguments.Contains RunArguments.Json)

    let execute (run: Run) : RunOutcome =
        let outcome = view.Run run (fun report -> runner.Execute(run, report, cancel))

        match outcome with
        | RunOutcome.Failed failure -> eprintfn "%s failed: %s\n  %s" run.Name failure.Message failure.Advice
        | RunOutcome.FailedBefore failure ->
            eprintfn
                "%s failed before: %s\n  %s; then --retry tries it again"
                run.Name
                failure.Message
                failure.Advice
        | _ -> ()

        outcome

    let failFast = arguments.Contains Fail_Fast

    /// Where a search halves, its next rung follows from the results of the last one.
    let rec rungs (before: (Run * RunOutcome) list) (runs: Run[]) =
        let outcomes = before @ Batch.execute execute failFast cancel runs

        let next =
            if
                cancel.IsCancellationRequested
                || (failFast && outcomes |> List.exists (snd >> failure >> Option.isSome))
            then
                []
            else
                outcomes
                |> List.map (fun (run, outcome) -> run, result outcome |> Option.map fst)
                |> Searches.nextRung

        if next.IsEmpty then
            outcomes
        else
            rungs outcomes (Array.ofList next)

    let outcomes = rungs [] runs

    if arguments.Contains RunArguments.Json then
        printJson outcomes
    else
        printTable outcomes

        LearningTables.print (
            outcomes
            |> List.choose (fun (run, o) -> result o |> Option.map (fun (r, t) -> run, r, t))
        )

        printfn "Records are in %s." store

    for signal in signals do
        signal.Dispose()

    if outcomes |> List.forall (snd >> result >> Option.isSome) then
        Exit.fine
    else
        Exit.runFailed

let run (arguments: ParseResults<RunArguments>) : int =
    let files =
        arguments.GetResult RunArguments.Files
        |> List.map (Files.load (arguments.TryGetResult RunArguments.Profile))

    Files.printDiagnostics files

    match arguments.TryGetResult Threads, arguments.TryGetResult Checkpoint_Every with
    | _ when Files.hasErrors files -> Exit.wrongInput
    | Some threads, _ when threads < 1 || threads > 1024 ->
        eprintfn "--threads %d: expected a number from 1 to 1024" threads
        Exit.wrongInput
    | _, Some seconds when not (seconds >= 0.0 && seconds <= 1e6) ->
        eprintfn "--checkpoint-every %g: expected seconds from 0 to 1,000,000" seconds
        Exit.wrongInput
    | _ -> train arguments (Files.runs files)
