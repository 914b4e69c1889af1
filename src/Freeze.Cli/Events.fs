/// Event files for TensorBoard, a folder for each run, written from the records alone.
module Freeze.Cli.Events

open System
open System.IO
open Freeze
open Freeze.Report

/// The name of a run as that of a folder.
let private safe (name: string) =
    let letter letter =
        if Char.IsControl letter || letter = '/' || letter = '\\' then
            '_'
        else
            letter

    let name = name |> String.map letter |> _.TrimStart('.')
    name.Substring(0, min name.Length 100)

/// Where the events of a run go: a folder of its name, or where another run of that name has it, of its name and address.
let private pathOf (folder: string) (run: Run) (hash: string) =
    let path name =
        Path.Combine(folder, name, EventFile.Name)

    let named = path (safe run.Name)

    if not (File.Exists named) || EventFile.IsOf(named, hash) then
        named
    else
        path $"{safe run.Name} ({hash.Substring(0, 8)})"

/// Brings the events of a run up to its records; nothing is made of a run without an epoch.
let update (folder: string) (run: RunRecords) =
    if run.Epochs.Length > 0 then
        let path = pathOf folder run.Run run.Hash
        Directory.CreateDirectory(Path.GetDirectoryName path) |> ignore
        EventFile.Update(path, run)

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
            || (outcome.IsAlready && not (File.Exists(pathOf folder run hash)))
        then
            write run hash true
