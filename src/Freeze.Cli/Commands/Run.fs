/// freeze run: trains every run of the files that has no result yet.
module Freeze.Cli.Commands.Run

open System
open System.Diagnostics
open System.IO
open System.Threading
open Argu
open Freeze
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Cli.Tables
open Freeze.Cli.Terminal
open Freeze.Records
open Freeze.Runtime
open Freeze.Runtime.Data

let private defaultCheckpointEvery = 300.0

let private threads (arguments: ParseResults<RunArguments>) =
    arguments.GetResult(Threads, Environment.ProcessorCount)

let private catalogOf (arguments: ParseResults<RunArguments>) =
    let folder = arguments.TryGetResult RunArguments.Data

    if arguments.Contains Fetch then
        Places.fetchingCatalog folder
    else
        Places.catalog folder

/// Why runs cannot be stored in a folder, which is created if it is missing.
let private whyNotKept (store: string) : string option =
    try
        Directory.CreateDirectory store |> ignore
        let path = Path.Combine(store, $"probe-{Guid.NewGuid():N}.part")

        using
            (new FileStream(
                path,
                FileMode.CreateNew,
                FileAccess.Write,
                FileShare.None,
                1,
                FileOptions.DeleteOnClose
            ))
            (fun probe ->
                probe.WriteByte 0uy
                probe.Flush())

        None
    with
    | :? IOException
    | :? UnauthorizedAccessException as error ->
        Some
            $"runs cannot be kept in {store}: {error.Message}\n  name a folder that can be written with --store or FREEZE_STORE"

/// Checks, before anything starts, whether the runs without a result can be trained; reports each problem once.
let private isReady (arguments: ParseResults<RunArguments>) (store: string) (runs: Run[]) : bool =
    let mayStart (entry: StoreIndex.Entry) =
        match entry.State with
        | RunState.Done _ -> false
        | RunState.Failed _ -> arguments.Contains RunArguments.Retry
        | RunState.Running _
        | RunState.Interrupted _
        | RunState.WaitingFor(_, false)
        | RunState.Waiting -> true
        | RunState.WaitingFor(_, true) -> arguments.Contains RunArguments.Retry

    let toDo =
        Array.zip runs (StoreIndex.ofRuns (RunStore store) runs)
        |> Array.filter (snd >> mayStart)
        |> Array.map fst

    toDo.Length = 0
    || (match whyNotKept store with
        | Some reason ->
            tell "%s" reason
            false
        | None -> KnownData.bring (catalogOf arguments) toDo)

let private nextRung (outcomes: (Run * RunOutcome) list) : Run list =
    outcomes
    |> List.map (fun (run, outcome) -> run, Outcomes.result outcome |> Option.map fst)
    |> Searches.nextRung

/// Executes all runs in this process, one after the other.
let private alone
    (arguments: ParseResults<RunArguments>)
    (passes: PassSet)
    store
    (runs: Run[])
    (cancel: CancellationToken)
    =
    let catalog = catalogOf arguments
    let isWorker = arguments.Contains Worker

    let every =
        TimeSpan.FromSeconds(arguments.GetResult(Checkpoint_Every, defaultCheckpointEvery))

    // Failures are reset before workers are started.
    let retry = arguments.Contains RunArguments.Retry && not isWorker

    use runner =
        new Runner(
            RunnerOptions(
                store,
                catalog,
                threads arguments,
                every,
                retry,
                Passes = passes,
                FeatureMemory = Places.featureMemory 1
            )
        )

    let view =
        if isWorker then
            Workers.view
        else
            ProgressView.view (arguments.Contains RunArguments.Json)

    let events =
        arguments.TryGetResult RunArguments.Tensorboard
        |> Option.map (fun folder -> Events.Writer(folder, store))

    let execute (run: Run) : RunOutcome =
        let follow (report: Progress -> unit) (progress: Progress) =
            report progress

            if progress.IsEpoch then
                events |> Option.iter (fun events -> events.Epoch run)

        let outcome = view run (fun report -> runner.Execute(run, follow report, cancel))

        events |> Option.iter (fun events -> events.Outcome run outcome)
        Outcomes.tellFailure run outcome

        if isWorker then
            Workers.tell (Address.ofRecipe run.Recipe) outcome

        outcome

    let failFast = arguments.Contains Fail_Fast

    let ends outcome =
        runner.StoreFailed || (failFast && (Outcomes.failure outcome).IsSome)

    // For a worker, the other processes are mostly its siblings.
    let say (text: string) =
        if not isWorker then
            tell "%s" text

    // If a search halves, its next rung follows from the results of the last one.
    let rec rungs (before: (Run * RunOutcome) list) (runs: Run[]) =
        let outcomes = before @ Batch.execute execute ends say cancel runs

        let isWhole =
            not cancel.IsCancellationRequested && not (List.exists (snd >> ends) outcomes)

        let next = if isWhole then nextRung outcomes else []

        if next.IsEmpty then
            outcomes
        else
            rungs outcomes (Array.ofList next)

    rungs [] runs

/// How many processes there are, and how many threads each has.
type private Processes = { Count: int; Threads: int }

/// Executes all runs with several processes. Failures are reset first, so that no worker retries what another one has just
/// retried.
let private together
    (processes: Processes)
    (arguments: ParseResults<RunArguments>)
    store
    (runs: Run[])
    (cancel: CancellationToken)
    =
    if arguments.Contains RunArguments.Retry then
        let store = RunStore store
        StoreIndex.forgetFailures store (StoreIndex.ofRuns store runs)

    // If an option is given twice, the last one counts.
    let own =
        [
            yield! Environment.GetCommandLineArgs() |> Seq.tail
            yield! [ "--jobs"; "1"; "--threads"; string processes.Threads; "--worker" ]
        ]

    Workers.execute
        processes.Count
        own
        (arguments.Contains RunArguments.Json)
        (arguments.Contains Fail_Fast)
        cancel
        runs

/// The processes for `--jobs`: at most one per run.
let private jobs (arguments: ParseResults<RunArguments>) (runs: Run[]) : Processes =
    let count = min (arguments.GetResult(Jobs, 1)) (max 1 runs.Length)

    {
        Count = count
        Threads = max 1 (threads arguments / count)
    }

let private train
    (arguments: ParseResults<RunArguments>)
    (passes: PassSet)
    store
    (runs: Run[])
    (cancel: CancellationToken)
    : int =
    let jobs = jobs arguments runs
    let watch = Stopwatch.StartNew()

    let first =
        if jobs.Count > 1 then
            together jobs arguments store runs cancel
        else
            alone arguments passes store runs cancel

    // Workers also train the later rungs of a search but report only the first; the results of the others are read again.
    let outcomes =
        if jobs.Count > 1 && not (nextRung first).IsEmpty then
            alone arguments passes store runs cancel
        else
            first

    if arguments.Contains Worker then
        ()
    elif arguments.Contains RunArguments.Json then
        Outcomes.printJson outcomes
    else
        Outcomes.printTable outcomes

        LearningTables.print (
            outcomes
            |> List.choose (fun (run, outcome) ->
                Outcomes.result outcome |> Option.map (fun (r, t) -> run, r, t))
        )

        match Outcomes.nothingDone first with
        | Some told -> say "Nothing to do: %s. Records are in %s." told store
        | None -> say "Records are in %s." store

        if outcomes.Length = first.Length then
            Outcomes.pace watch.Elapsed.TotalSeconds first |> Option.iter (say "%s.")

        if cancel.IsCancellationRequested then
            say "Stopped and saved: the same command continues from there."

    outcomes
    |> List.forall (snd >> Outcomes.result >> Option.isSome)
    |> Exit.ofSuccess

/// Prints what `train` would do.
let private foretell (arguments: ParseResults<RunArguments>) store (runs: Run[]) : int =
    let store = RunStore store
    let goesOnFrom = StoreIndex.goesOnFrom store

    let plan (run: Run, entry: StoreIndex.Entry) =
        match entry.State with
        | RunState.Done _ -> "nothing: finished"
        | RunState.Running attempt -> $"wait: running on {attempt.Holder}"
        | RunState.Interrupted 0 -> "go on in epoch 1"
        | RunState.Interrupted epochs -> $"go on after epoch {epochs}"
        | RunState.Waiting ->
            goesOnFrom run
            |> Option.map (fun shorter -> $"go on from {StoreIndex.asStart shorter}")
            |> Option.defaultValue "start"
        | RunState.WaitingFor(name, true) when not (arguments.Contains RunArguments.Retry) ->
            $"nothing: waits for {line name}, which has failed"
        | RunState.WaitingFor(name, _) -> $"start from {line name}"
        | RunState.Failed _ when arguments.Contains RunArguments.Retry -> "try again"
        | RunState.Failed failure -> $"nothing: failed before ({failure.Message})"

    Array.zip runs (StoreIndex.ofRuns store runs)
    |> print
        [
            words "run" (fun (_, entry) -> line entry.Name)
            prose "to do" plan
            spare 1 (words "hash" (fun (_, entry) -> entry.Hash))
        ]

    Exit.fine

/// The error in the numbers of a call, if any.
let private mistake (arguments: ParseResults<RunArguments>) : string option =
    let every =
        match arguments.TryGetResult Checkpoint_Every with
        | Some seconds when not (seconds >= 0.0 && seconds <= 1e6) ->
            Some $"--checkpoint-every {seconds}: expected seconds from 0 to 1,000,000"
        | _ -> None

    [
        threadsOutside (arguments.TryGetResult Threads)
        outside "--jobs" 1 256 (arguments.TryGetResult Jobs)
        every
        if
            arguments.GetResult(Jobs, 1) > 1
            && List.contains Files.standardInput (arguments.GetResult RunArguments.Files)
        then
            Some
                "`-` is standard input, which one process alone can read: leave out --jobs, or write the text to a file and name that"
    ]
    |> List.tryPick id

let run (arguments: ParseResults<RunArguments>) : int =
    let passes = PassChoice.ofWords (arguments.GetResults RunArguments.Without)

    let runs () =
        Files.choose
            (KnownData.here (catalogOf arguments))
            (arguments.TryGetResult RunArguments.Profile)
            (arguments.GetResults RunArguments.Setting)
            (arguments.GetResults RunArguments.Only)
            (arguments.GetResult RunArguments.Files)
        |> Option.map Files.withBases

    match mistake arguments, passes with
    | Some text, _
    | None, Error text -> Exit.refuse text
    | None, Ok passes ->
        match runs () with
        | None -> Exit.wrongInput
        | Some runs when not (KnownData.areIdentified runs) -> Exit.wrongInput
        | Some runs ->
            let store = Places.store (arguments.TryGetResult RunArguments.Store)

            if arguments.Contains RunArguments.Dry_Run then
                foretell arguments store runs
            elif not (arguments.Contains Worker || isReady arguments store runs) then
                Exit.wrongInput
            elif arguments.Contains Worker then
                Signals.cancellingWorker (train arguments passes store runs)
            else
                Signals.cancelling (train arguments passes store runs)
