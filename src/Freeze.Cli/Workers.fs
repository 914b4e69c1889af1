/// Runs side by side: so many processes of the same program at the same runs, which claims keep apart.
module Freeze.Cli.Workers

open System
open System.Collections.Generic
open System.Diagnostics
open System.IO
open System.Reflection
open System.Threading
open Freeze
open Freeze.Cli.Tables

/// What a worker tells its parent of a run, one line of JSON each.
type Told = { Hash: string; Outcome: RunOutcome }

let tell (hash: string) (outcome: RunOutcome) =
    Console.Out.WriteLine(Json.toText { Hash = hash; Outcome = outcome })
    Console.Out.Flush()

/// The program that this process runs, and the arguments that come first.
let program () : string * string list =
    match Environment.ProcessPath with
    | host when Path.GetFileNameWithoutExtension host = "dotnet" ->
        host, [ Assembly.GetExecutingAssembly().Location ]
    | own -> own, []

/// Of what several workers say of one run: who trained it knows more than who came later or was stopped.
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

/// Starts the same program once more, one of so many processes; what it reads and says is the caller's.
let start (count: int) (arguments: string list) : Process =
    let file, first = program ()
    let info = ProcessStartInfo(file, first @ arguments)
    info.RedirectStandardInput <- true
    info.RedirectStandardOutput <- true
    info.RedirectStandardError <- true
    // What one process may keep in memory is divided among them.
    info.Environment["FREEZE_MEMORY"] <- string (Places.featureMemory count / 1_000_000L)
    Process.Start info

/// The outcome of every run, by `count` workers that are started with `arguments`.
let execute
    (count: int)
    (arguments: string list)
    (failFast: bool)
    (cancel: CancellationToken)
    (runs: Run[])
    : (Run * RunOutcome) list =
    let addresses = Addresses()
    let hashes = runs |> Array.map (fun run -> addresses.Of run.Recipe)
    let known = Dictionary<string, RunOutcome>()
    let workers = List.init count (fun _ -> start count arguments)

    let stop () =
        for worker in workers do
            if not worker.HasExited then
                Signals.terminate worker.Id

    let heard (told: Told) =
        let isBetter =
            match known.TryGetValue told.Hash with
            | true, before -> weight told.Outcome > weight before
            | false, _ -> true

        if isBetter then
            known[told.Hash] <- told.Outcome

            let ended =
                known.Values
                |> Seq.filter (fun outcome ->
                    (Outcomes.result outcome).IsSome || (Outcomes.failure outcome).IsSome)
                |> Seq.length

            if told.Outcome.IsFinished then
                let name = runs[Array.IndexOf(hashes, told.Hash)].Name
                eprintfn "%s finished, %d of %d" (line name) ended runs.Length

            if failFast && (Outcomes.failure told.Outcome).IsSome then
                stop ()

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
                // A worker that was killed in the midst of a line.
                ())

        follow worker.ErrorDataReceived (fun text -> eprintfn "%s" text)
        worker.BeginOutputReadLine()
        worker.BeginErrorReadLine()

    for worker in workers do
        // Its lines have all been heard when this returns.
        worker.WaitForExit()

        if worker.ExitCode > Exit.wrongInput then
            eprintfn
                "a worker was ended from outside (exit code %d): the others go on with its run"
                worker.ExitCode

    for worker in workers do
        worker.Dispose()

    let outcomeOf hash =
        match known.TryGetValue hash with
        | true, outcome -> outcome
        | false, _ -> RunOutcome.Waiting

    List.zip (List.ofArray runs) (hashes |> Array.map outcomeOf |> List.ofArray)
