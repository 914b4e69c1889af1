/// freeze status: shows the state of every run.
module Freeze.Cli.Commands.Status

open System
open Argu
open Freeze
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Cli.StoreIndex
open Freeze.Cli.Tables
open Freeze.Cli.Terminal
open Freeze.Records

/// Slurm's log of a run that is running, was interrupted or has failed.
let private log (logs: Map<string, string>) (entry: Entry) =
    match entry.State with
    | RunState.Done _
    | RunState.WaitingFor _
    | RunState.Waiting -> None
    | _ -> Map.tryFind entry.Hash logs

let private printTable logs (entries: Entry[]) =
    let accuracy (entry: Entry) =
        match entry.State with
        | RunState.Done(accuracy, _) -> percent accuracy
        | _ -> ""

    let about (entry: Entry) =
        match snd (describe entry.State), log logs entry with
        | "", Some path -> $"log: {path}"
        | about, Some path -> $"{about}; log: {path}"
        | about, None -> about

    entries
    |> print
        [
            words "run" (fun entry -> line entry.Name)
            { words "state" (fun entry -> fst (describe entry.State)) with
                Colour = fun entry -> colour entry.State
            }
            spare 2 (numbers "epochs" epochsOf)
            numbers "test" accuracy
            spare 3 (words "hash" _.Hash)
            spare 1 (prose "" about)
        ]

    say "%s" (summary entries)

let private printJson logs (entries: Entry[]) =
    entries
    |> JsonOutput.printItems "runs" (fun writer entry ->
        writer.WriteString("name", entry.Name)
        writer.WriteString("hash", entry.Hash)
        writer.WriteString("state", fst (describe entry.State))
        epochs entry |> Option.iter (fun epochs -> writer.WriteNumber("epochs", epochs))

        match entry.State with
        | RunState.Done(accuracy, _) -> writer.WriteNumber("testAccuracy", accuracy)
        | RunState.Running attempt ->
            writer.WriteString("holder", attempt.Holder)
            writer.WriteString("since", attempt.Since)
            writer.WriteNumber("secondsSilent", Math.Round attempt.Silent)

            if not (Double.IsNaN attempt.Left) then
                writer.WriteNumber("secondsLeft", Math.Round attempt.Left)
        | RunState.Failed failure ->
            writer.WriteString("message", failure.Message)
            writer.WriteString("advice", failure.Advice)
        | RunState.WaitingFor(name, failed) ->
            writer.WriteString("waitingFor", name)
            writer.WriteBoolean("itHasFailed", failed)
        | RunState.Interrupted _
        | RunState.Waiting -> ()

        log logs entry |> Option.iter (fun path -> writer.WriteString("log", path)))

let run (arguments: ParseResults<StatusArguments>) : int =
    let store = RunStore(Places.store (arguments.TryGetResult StatusArguments.Store))

    let entries =
        match arguments.TryGetResult StatusArguments.Files with
        | None -> Some(ofStore store)
        | Some paths ->
            Files.choose
                (KnownData.recorded (Places.catalog None) store.Folder)
                (arguments.TryGetResult StatusArguments.Profile)
                (arguments.GetResults StatusArguments.Setting)
                (arguments.GetResults StatusArguments.Only)
                paths
            |> Option.map (Files.withBases >> ofRuns store)

    match entries with
    | None -> Exit.wrongInput
    | Some entries when arguments.Contains StatusArguments.Json ->
        printJson (Batches.logs store.Folder) entries
        Exit.fine
    | Some [||] ->
        say "The store %s holds no run." store.Folder
        Exit.fine
    | Some entries ->
        printTable (Batches.logs store.Folder) entries
        Exit.fine
