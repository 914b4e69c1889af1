/// Event files for TensorBoard, a folder for each run, written from the records alone.
module Freeze.Cli.Events

open System
open System.IO
open Freeze
open Freeze.Report

let private pathOf (folder: string) (hash: string) =
    Path.Combine(folder, hash, EventFile.Name)

/// Brings the events of a run up to its records; nothing is made of a run without an epoch.
let update (folder: string) (run: RunRecords) =
    if run.Epochs.Length > 0 then
        Directory.CreateDirectory(Path.Combine(folder, run.Hash)) |> ignore
        EventFile.Update(pathOf folder run.Hash, run)

/// Writes the events of the runs that this process trains, while it does. That they cannot be written is told once, and
/// spoils no training.
type Writer(folder: string, store: string) =
    let mutable failed = false

    let write run hash withWeights =
        try
            if not failed then
                update folder (RunRecords.Read(store, run, hash, withWeights))
        with
        | :? IOException
        | :? UnauthorizedAccessException as error ->
            failed <- true
            eprintfn "no more events are written to %s: %s" folder error.Message

    /// An epoch has been recorded.
    member _.Epoch(run: Run) =
        write run (Address.ofRecipe run.Recipe) false

    /// What a run has come to. One that was finished before is left to who trained it, unless nobody wrote its events.
    member _.Outcome (run: Run) (outcome: RunOutcome) =
        let hash = Address.ofRecipe run.Recipe

        if
            outcome.IsFinished
            || (outcome.IsAlready && not (File.Exists(pathOf folder hash)))
        then
            write run hash true
