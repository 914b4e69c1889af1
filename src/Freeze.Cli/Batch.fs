/// A batch of runs, in their order. What another process is at is left to it and looked for again at the end, since that
/// process may end before its work is done.
module Freeze.Cli.Batch

open System
open System.Threading
open Freeze

/// How long to wait before asking again for what others are at.
let private patience = TimeSpan.FromSeconds 1.0

let private isFailure (outcome: RunOutcome) =
    outcome.IsFailed || outcome.IsFailedBefore

/// The outcome of every run: those behind an interruption, or behind a failure that ends the batch, are interrupted.
let execute
    (execute: Run -> RunOutcome)
    (failFast: bool)
    (cancel: CancellationToken)
    (runs: Run[])
    : (Run * RunOutcome) list =
    let outcomes = Array.create runs.Length RunOutcome.Interrupted

    let ends () =
        cancel.IsCancellationRequested || (failFast && Array.exists isFailure outcomes)

    let rec go (waiting: int list) (told: bool) =
        for i in waiting do
            if not (ends ()) then
                outcomes[i] <- execute runs[i]

        match waiting |> List.filter (fun i -> outcomes[i].IsElsewhere) with
        | [] -> ()
        | _ when ends () -> ()
        | others ->
            if not told then
                let runs =
                    if others.Length = 1 then
                        "1 run"
                    else
                        $"{others.Length} runs"

                eprintfn "waiting for %s that other processes are at" runs

            cancel.WaitHandle.WaitOne patience |> ignore
            go others true

    go [ 0 .. runs.Length - 1 ] false
    List.zip (List.ofArray runs) (List.ofArray outcomes)
