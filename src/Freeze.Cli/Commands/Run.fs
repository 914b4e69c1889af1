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
    | RunOutcome.Interrupted -> "interrupted"

let private result (outcome: RunOutcome) : RunResult option =
    match outcome with
    | RunOutcome.Finished result
    | RunOutcome.Already result -> Some result
    | RunOutcome.Failed _
    | RunOutcome.Interrupted -> None

let private printTable (outcomes: (Run * RunOutcome) list) =
    let row (run: Run, outcome: RunOutcome) =
        let figure show =
            result outcome |> Option.map show |> Option.defaultValue ""

        [
            run.Name
            count (Counts.ofWeights run.Recipe.Weights).Trained
            figure (fun r -> percent (Array.last r.Epochs).TrainingAccuracy)
            figure (fun r -> percent r.BestValidationAccuracy)
            figure (fun r -> percent r.TestAccuracy)
            figure (fun r -> (r.Epochs |> Array.averageBy _.Seconds).ToString "F1")
            figure (fun r -> count r.StillVerified)
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

        match outcome with
        | RunOutcome.Finished result
        | RunOutcome.Already result ->
            writer.WritePropertyName "result"
            Json.writeTo writer result
        | RunOutcome.Failed failure ->
            writer.WritePropertyName "failure"
            Json.writeTo writer failure
        | RunOutcome.Interrupted -> ()

        writer.WriteEndObject()

    writer.WriteEndArray()
    writer.Flush()
    printfn "%s" (Encoding.UTF8.GetString(buffer.ToArray()))

let private train (arguments: ParseResults<RunArguments>) (runs: Run[]) : int =
    let threads = arguments.GetResult(Threads, Environment.ProcessorCount)
    let store = Places.store (arguments.TryGetResult Store)
    let catalog = Places.catalog (arguments.TryGetResult RunArguments.Data)
    let cancel, signals = cancellation ()
    use runner = new Runner(RunnerOptions(store, catalog, threads))
    let view = ProgressView.view (arguments.Contains RunArguments.Json)

    let execute (run: Run) =
        if cancel.IsCancellationRequested then
            run, RunOutcome.Interrupted
        else
            let outcome = view.Run run (fun report -> runner.Execute(run, report, cancel))

            match outcome with
            | RunOutcome.Failed failure ->
                eprintfn "%s failed: %s\n  %s" run.Name failure.Message failure.Advice
            | _ -> ()

            run, outcome

    let outcomes = runs |> Array.map execute |> List.ofArray

    if arguments.Contains RunArguments.Json then
        printJson outcomes
    else
        printTable outcomes
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

    match arguments.TryGetResult Threads with
    | _ when Files.hasErrors files -> Exit.wrongInput
    | Some threads when threads < 1 || threads > 1024 ->
        eprintfn "--threads %d: expected a number from 1 to 1024" threads
        Exit.wrongInput
    | _ -> train arguments (Files.runs files)
