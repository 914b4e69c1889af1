/// Runs side by side: several processes of this program execute the same runs; leases keep them apart.
module Freeze.Cli.Workers

open System
open System.Collections.Generic
open System.Diagnostics
open System.IO
open System.Reflection
open System.Threading
open Freeze
open Freeze.Cli.Tables

/// What a worker tells its parent about a run, one line of JSON each.
[<RequireQualifiedAccess>]
type Told =
    | Underway of Hash: string * Subject: ProgressView.Subject * Progress: Progress
    | Ended of Hash: string * Outcome: RunOutcome

let private say (told: Told) =
    Console.Out.WriteLine(Json.toText told)
    Console.Out.Flush()

let tell (hash: string) (outcome: RunOutcome) = say (Told.Ended(hash, outcome))

/// A worker's view of a run: it reports to its parent.
let view: ProgressView.View =
    fun run work ->
        let hash, subject = Address.ofRecipe run.Recipe, ProgressView.subjectOf run
        let watch = Stopwatch()

        work (fun progress ->
            // Steps are frequent, so few of them are reported.
            if not progress.IsStep || not watch.IsRunning || watch.ElapsedMilliseconds > 200L then
                watch.Restart()
                say (Told.Underway(hash, subject, progress)))

/// The program of this process, and its first arguments.
let program () : string * string list =
    match Environment.ProcessPath with
    | host when Path.GetFileNameWithoutExtension host = "dotnet" ->
        host, [ Assembly.GetExecutingAssembly().Location ]
    | own -> own, []

/// If several workers report one run, the one that trained it knows more than those that came later or were stopped.
let private weight (outcome: RunOutcome) =
    match outcome with
    | RunOutcome.Finished _ -> 7
    | RunOutcome.Already _ -> 6
    | RunOutcome.Failed _ -> 5
    | RunOutcome.FailedBefore _ -> 4
    | RunOutcome.WaitingFor _ -> 3
    | RunOutcome.Elsewhere _ -> 2
    | RunOutcome.Interrupted -> 1
    | RunOutcome.Waiting -> 0

/// Starts this program as one of `count` processes; the caller handles its input and output.
let start (count: int) (arguments: string list) : Process =
    let file, first = program ()
    let info = ProcessStartInfo(file, first @ arguments)
    info.RedirectStandardInput <- true
    info.RedirectStandardOutput <- true
    info.RedirectStandardError <- true
    // The memory for features is divided among the processes.
    info.Environment["FREEZE_MEMORY"] <- string (Places.featureMemory count / 1_000_000L)
    Process.Start info

/// The outcome of every run, by `count` workers that are started with `arguments`.
let execute
    (count: int)
    (arguments: string list)
    (quiet: bool)
    (failFast: bool)
    (cancel: CancellationToken)
    (runs: Run[])
    : (Run * RunOutcome) list =
    let addresses = Addresses()
    let hashes = runs |> Array.map (fun run -> addresses.Of run.Recipe)
    let known = Dictionary<string, RunOutcome>()
    use board = new ProgressView.SideBySide(quiet, count, runs.Length)
    let workers = List.init count (fun _ -> start count arguments)

    let stop () =
        for worker in workers do
            if not worker.HasExited then
                Signals.terminate worker.Id

    let ended (hash: string) (outcome: RunOutcome) =
        let isBetter =
            match known.TryGetValue hash with
            | true, before -> weight outcome > weight before
            | false, _ -> true

        if isBetter then
            known[hash] <- outcome

            let ended =
                hashes
                |> Seq.filter (fun hash ->
                    match known.TryGetValue hash with
                    | true, outcome -> (Outcomes.result outcome).IsSome || (Outcomes.failure outcome).IsSome
                    | false, _ -> false)
                |> Seq.length

            // The later rungs of a search are not in the list of runs.
            match Array.IndexOf(hashes, hash) with
            | at when at >= 0 && outcome.IsFinished ->
                board.Ended(hash, ended, $"{line runs[at].Name} finished, {ended} of {runs.Length}")
            | _ -> board.Ended(hash, ended, "")

            if failFast && (Outcomes.failure outcome).IsSome then
                stop ()

    let heard (told: Told) =
        match told with
        | Told.Ended(hash, outcome) -> ended hash outcome
        | Told.Underway(hash, subject, progress) -> board.Progress(hash, subject, progress)

    use _ = cancel.Register stop

    let follow (lines: IEvent<DataReceivedEventHandler, DataReceivedEventArgs>) (hear: string -> unit) =
        lines.Add(fun line ->
            if not (isNull line.Data) then
                lock known (fun () -> hear line.Data))

    for worker in workers do
        follow worker.OutputDataReceived (fun text ->
            try
                heard (Json.ofText<Told> text)
            with Json.JsonMismatch _ ->
                // A line cut short when a worker was killed.
                ())

        follow worker.ErrorDataReceived board.Say
        worker.BeginOutputReadLine()
        worker.BeginErrorReadLine()

    for worker in workers do
        // All its lines have been handled when this returns.
        worker.WaitForExit()

        if worker.ExitCode > Exit.wrongInput then
            board.Say
                $"a worker was ended from outside (exit code {worker.ExitCode}): the others go on with its run"

    for worker in workers do
        worker.Dispose()

    let outcomeOf hash =
        match known.TryGetValue hash with
        | true, outcome -> outcome
        | false, _ -> RunOutcome.Waiting

    List.zip (List.ofArray runs) (hashes |> Array.map outcomeOf |> List.ofArray)
