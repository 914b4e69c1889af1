/// freeze gc: removes from the store the runs that no given file means.
module Freeze.Cli.Commands.Gc

open System
open Argu
open Freeze
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Cli.StoreIndex
open Freeze.Cli.Tables
open Freeze.Runtime.Results

/// The hashes of all runs that files mean, alone and under each of their profiles; None where one has an error.
let private meant (paths: string list) : Set<string> option =
    let alone = paths |> List.map (Files.load None)

    let all =
        alone
        @ [
            for file in alone do
                for profile in file.Profiles -> Files.load (Some profile) file.Path
        ]

    if Files.hasErrors all then
        Files.printDiagnostics all
        None
    else
        let addresses = Addresses()

        Files.runs all
        |> Seq.map (fun run -> addresses.Of run.Recipe)
        |> Set.ofSeq
        |> Some

let private asked count size store =
    printf "Remove %d runs, %s, from %s? [y/N] " count size store

    match Console.ReadLine() with
    | null -> false
    | answer -> answer.Trim().ToLowerInvariant() = "y"

let private megabytes (bytes: int64) = $"{float bytes / 1e6:N1} MB"

let private remove (cleaner: StoreCleaner) (entries: Entry[]) : int =
    let kept =
        entries
        |> Array.choose (fun entry ->
            match cleaner.Remove entry.Hash with
            | null -> None
            | reason -> Some(entry, reason))

    for entry, reason in kept do
        eprintfn "%s %s is kept: %s" entry.Hash (line entry.Name) reason

    printfn "%d removed." (entries.Length - kept.Length)
    if kept.Length = 0 then Exit.fine else Exit.runFailed

let run (arguments: ParseResults<GcArguments>) : int =
    let store = Places.store (arguments.TryGetResult GcArguments.Store)
    let view, cleaner = StoreView store, StoreCleaner store

    match meant (arguments.GetResult GcArguments.Files) with
    | None -> Exit.wrongInput
    | Some meant ->
        let running, entries =
            ofStore view
            |> Array.filter (fun entry -> not (meant.Contains entry.Hash))
            |> Array.partition _.State.IsRunning

        let size = entries |> Array.sumBy (fun entry -> cleaner.Size entry.Hash)

        for entry in running do
            eprintfn "%s %s is kept: %s" entry.Hash (line entry.Name) (snd (describe entry.State))

        if entries.Length = 0 then
            printfn "Nothing to remove: the files mean every run in %s." store
            Exit.fine
        else
            print
                [ words "run"; words "state"; words "hash" ]
                (entries
                 |> Seq.map (fun entry -> [ line entry.Name; fst (describe entry.State); entry.Hash ]))

            if arguments.Contains GcArguments.Dry_Run then
                printfn "%d runs, %s, would be removed." entries.Length (megabytes size)
                Exit.fine
            elif arguments.Contains Yes then
                remove cleaner entries
            elif Console.IsInputRedirected then
                eprintfn "nobody can be asked here: --yes removes these runs, --dry-run only lists them"
                Exit.wrongInput
            elif asked entries.Length (megabytes size) store then
                remove cleaner entries
            else
                printfn "Nothing removed."
                Exit.fine
