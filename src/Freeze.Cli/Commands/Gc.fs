/// freeze gc: removes from the store the runs that no given file means.
module Freeze.Cli.Commands.Gc

open System
open System.IO
open Argu
open Freeze
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Cli.StoreIndex
open Freeze.Cli.Tables
open Freeze.Runtime.Results

/// The hashes of all runs that files mean, alone and under each of their profiles; None where one has an error.
let private meant reading (paths: string list) : Set<string> option =
    let alone = paths |> List.map (Files.load reading None)

    let all =
        alone
        @ [
            for file in alone do
                for profile in file.Profiles -> Files.load reading (Some profile) file.Path
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

/// Why a run is kept though no file means it: files may mean it on a machine that has its images.
let private reasonToKeep (reading: KnownData.Reading) (view: StoreView) (entry: Entry) : string option =
    match Option.ofObj (view.Plan entry.Hash) with
    | None when File.Exists(Path.Combine(view.FolderOf entry.Hash, "plan.json")) ->
        Some "its plan cannot be read"
    | None -> None
    | Some run when KnownData.canIdentify reading run.Recipe.Data -> None
    | Some run -> Some $"its images ({line (DataSource.name run.Recipe.Data)}) are not on this machine"

let run (arguments: ParseResults<GcArguments>) : int =
    let store = Places.store (arguments.TryGetResult GcArguments.Store)
    let view, cleaner = StoreView store, StoreCleaner store
    let reading = KnownData.recorded (Places.catalog None) store

    match meant reading (arguments.GetResult GcArguments.Files) with
    | None -> Exit.wrongInput
    | Some meant ->
        let running, others =
            ofStore view
            |> Array.filter (fun entry -> not (meant.Contains entry.Hash))
            |> Array.partition _.State.IsRunning

        let kept, entries =
            others
            |> Array.map (fun entry -> entry, reasonToKeep reading view entry)
            |> Array.partition (fun (_, reason) -> reason.IsSome)

        let entries = entries |> Array.map fst

        for entry, reason in kept do
            eprintfn "%s %s is kept: %s" entry.Hash (line entry.Name) (Option.get reason)

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
