/// freeze status: where every run stands.
module Freeze.Cli.Commands.Status

open System
open Argu
open Freeze
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Cli.StoreIndex
open Freeze.Cli.Tables
open Freeze.Runtime.Results

/// The file that Slurm writes what a run says to, for a run that has not simply come to its end.
let private log (logs: Collections.Generic.IReadOnlyDictionary<string, string>) (entry: Entry) =
    match entry.State, logs.TryGetValue entry.Hash with
    | (RunState.Done _ | RunState.Waiting), _ -> None
    | _, (true, path) -> Some path
    | _ -> None

let private printTable logs (entries: Entry[]) =
    let row (entry: Entry) =
        let word, about = describe entry.State

        let about =
            match log logs entry with
            | Some path when about = "" -> $"log: {path}"
            | Some path -> $"{about}; log: {path}"
            | None -> about

        let accuracy =
            match entry.State with
            | RunState.Done(accuracy, _) -> percent accuracy
            | _ -> ""

        [ line entry.Name; word; epochsOf entry; accuracy; entry.Hash; about ]

    print
        [
            words "run"
            words "state"
            numbers "epochs"
            numbers "test"
            words "hash"
            words ""
        ]
        (entries |> Seq.map row)

    printfn "%s" (summary entries)

let private printJson logs (entries: Entry[]) =
    entries
    |> JsonArray.print (fun writer entry ->
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
        | RunState.Interrupted _
        | RunState.Waiting -> ()

        log logs entry |> Option.iter (fun path -> writer.WriteString("log", path)))

let run (arguments: ParseResults<StatusArguments>) : int =
    let store = Places.store (arguments.TryGetResult StatusArguments.Store)
    let view = StoreView store

    let entries =
        match arguments.TryGetResult StatusArguments.Files with
        | None -> Some(ofStore view)
        | Some paths ->
            Files.choose
                (KnownData.recorded (Places.catalog None) store)
                {
                    Paths = paths
                    Profile = arguments.TryGetResult StatusArguments.Profile
                    Set = arguments.GetResults StatusArguments.Setting
                    Only = arguments.GetResults StatusArguments.Only
                }
            |> Option.map (ofRuns view)

    match entries with
    | None -> Exit.wrongInput
    | Some entries when arguments.Contains StatusArguments.Json ->
        printJson (view.Logs()) entries
        Exit.fine
    | Some [||] ->
        printfn "The store %s holds no run." store
        Exit.fine
    | Some entries ->
        printTable (view.Logs()) entries
        Exit.fine
