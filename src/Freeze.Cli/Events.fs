/// TensorBoard event files, one folder per run, written from the records alone.
module Freeze.Cli.Events

open System
open System.IO
open Freeze
open Freeze.Report

/// A run's name as a folder name.
let private safe (name: string) =
    let letter letter =
        if Char.IsControl letter || letter = '/' || letter = '\\' then
            '_'
        else
            letter

    let name = name |> String.map letter |> _.TrimStart('.')
    name.Substring(0, min name.Length 100)

/// The folder for the events of a run: its name, plus its address if another run of that name has the folder.
let private pathOf (folder: string) (run: Run) (hash: string) =
    let path name =
        Path.Combine(folder, name, EventFile.Name)

    let named = path (safe run.Name)

    if not (File.Exists named) || EventFile.IsOf(named, hash) then
        named
    else
        path $"{safe run.Name} ({hash.Substring(0, 8)})"

/// Updates the events of a run from its records; a run without an epoch gets no events.
let update (folder: string) (run: RunRecords) =
    if run.Epochs.Length > 0 then
        let path = pathOf folder run.Run run.Hash
        Directory.CreateDirectory(Path.GetDirectoryName path) |> ignore
        EventFile.Update(path, run)

/// Writes the events of the runs that this process trains, during training. If they cannot be written, this is reported once, and
/// training continues.
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

    /// Called after an epoch has been recorded.
    member _.Epoch(run: Run) =
        write run (Address.ofRecipe run.Recipe) false

    /// Called with a run's outcome. An earlier result is left to the process that trained it, unless it has no events.
    member _.Outcome (run: Run) (outcome: RunOutcome) =
        let hash = Address.ofRecipe run.Recipe

        if
            outcome.IsFinished
            || (outcome.IsAlready && not (File.Exists(pathOf folder run hash)))
        then
            write run hash true
