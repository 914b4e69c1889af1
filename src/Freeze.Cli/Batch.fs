/// Executes a batch of runs in order. Runs held by other processes are tried again at the end, since those processes may end
/// before their work is done.
module Freeze.Cli.Batch

open System
open System.Threading
open Freeze

/// How long to wait before trying the runs of other processes again.
let private patience = TimeSpan.FromSeconds 1.0

/// The outcome of every run. After an interruption, or an outcome that ends the batch, the remaining runs are still waiting.
let execute
    (execute: Run -> RunOutcome)
    (ends: RunOutcome -> bool)
    (tell: string -> unit)
    (cancel: CancellationToken)
    (runs: Run[])
    : (Run * RunOutcome) list =
    let outcomes = Array.create runs.Length RunOutcome.Waiting

    let ended = ref false

    let over () =
        ended.Value || cancel.IsCancellationRequested

    let rec go (waiting: int list) (told: bool) =
        for i in waiting do
            if not (over ()) then
                outcomes[i] <- execute runs[i]
                ended.Value <- ends outcomes[i]

        match waiting |> List.filter (fun i -> outcomes[i].IsElsewhere) with
        | [] -> ()
        | _ when over () -> ()
        | others ->
            if not told then
                tell $"""waiting for {Tables.plural others.Length "run"} that other processes are running"""

            cancel.WaitHandle.WaitOne patience |> ignore
            go others true

    go [ 0 .. runs.Length - 1 ] false
    List.zip (List.ofArray runs) (List.ofArray outcomes)
