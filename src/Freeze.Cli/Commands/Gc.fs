/// freeze gc: removes runs from the store that none of the given files plans.
module Freeze.Cli.Commands.Gc

open System
open Argu
open Freeze
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Cli.StoreIndex
open Freeze.Cli.Tables
open Freeze.Cli.Terminal
open Freeze.Records

/// The hashes of all runs that files plan, with and without each of their profiles; None if a file has an error.
let private meant reading (paths: string list) : Set<string> option =
    let alone = paths |> List.map (Files.load reading None)

    let all =
        alone
        @ [
            for file in alone do
                for profile in file.Profiles -> Files.load reading (Some profile) (Files.pathOf file)
        ]

    if Files.hasErrors all then
        Files.printDiagnostics all
        None
    else
        let addresses = Addresses()

        // Intermediate runs count too: the runs that others start from, the net that an ensemble's members start from, and the
        // later rungs of a halving search.
        let recipes (run: Run) =
            [
                run.Recipe
                yield! Origins.bases run.Recipe |> List.map _.Recipe
                yield! Searches.laterRungs run

                match run.Recipe.Learning with
                | Learning.Ensemble(_, after, _, _) -> Ensembles.start run.Recipe after
                | Learning.Together
                | Learning.StageByStage _ -> ()
            ]

        Files.runs all
        |> Seq.collect recipes
        |> Seq.map addresses.Of
        |> Set.ofSeq
        |> Some

let private asked count size store =
    printf "Remove %d runs, %s, from %s? [y/N] " count size store

    match Console.ReadLine() with
    | null -> false
    | answer -> answer.Trim().ToLowerInvariant() = "y"

let private megabytes (bytes: int64) = $"{float bytes / 1e6:N1} MB"

/// A run that is kept though no file plans it, with the reason.
type private Kept = { Entry: Entry; Reason: string }

/// The runs without a reason to keep them, and those with one.
let private split (reason: Entry -> string option) (entries: Entry[]) : Entry[] * Kept[] =
    let judged = entries |> Array.map (fun entry -> entry, reason entry)

    judged |> Array.filter (snd >> Option.isNone) |> Array.map fst,
    judged
    |> Array.choose (fun (entry, reason) ->
        reason |> Option.map (fun reason -> { Entry = entry; Reason = reason }))

let private tellKept (kept: Kept[]) =
    for kept in kept do
        tell "%s %s is kept: %s" kept.Entry.Hash (line kept.Entry.Name) kept.Reason

/// Why a run is kept though no file plans it: it is running, or a file may plan it on a machine that has its images.
let private reasonToKeep (reading: KnownData.Reading) (store: RunStore) (entry: Entry) : string option =
    let files = store.FilesOf entry.Hash

    match Option.ofObj (files.ReadPlan()) with
    | _ when entry.State.IsRunning -> Some(snd (describe entry.State))
    | None when files.IsPlanned -> Some "its plan cannot be read"
    | None -> None
    | Some run ->
        run.Recipe.Data
        :: [ for before in Origins.bases run.Recipe -> before.Recipe.Data ]
        |> List.tryFind (KnownData.canIdentify reading >> not)
        |> Option.map (fun data -> $"its images ({line (DataSource.name data)}) are not on this machine")

/// The addresses of the runs that the given entries start from.
let private basesOf (store: RunStore) (entries: Entry seq) : Set<string> =
    let addresses = Addresses()

    entries
    |> Seq.choose (fun entry -> (store.FilesOf entry.Hash).ReadPlan() |> Option.ofObj)
    |> Seq.collect (fun run -> Origins.bases run.Recipe)
    |> Seq.map (fun before -> addresses.Of before.Recipe)
    |> Set.ofSeq

let private printJson (isDone: bool) (bytes: int64) (removed: Entry[]) (kept: Kept[]) =
    JsonOutput.print (fun writer ->
        writer.WriteBoolean("dryRun", not isDone)
        writer.WriteNumber("bytes", bytes)

        let write (entry: Entry) =
            writer.WriteString("name", entry.Name)
            writer.WriteString("hash", entry.Hash)
            writer.WriteString("state", fst (describe entry.State))

        removed |> JsonOutput.field writer "removed" write

        kept
        |> JsonOutput.field writer "kept" (fun kept ->
            write kept.Entry
            writer.WriteString("reason", kept.Reason)))

let private removeRuns
    (arguments: ParseResults<GcArguments>)
    (store: RunStore)
    (entries: Entry[])
    (kept: Kept[])
    : int =
    let sizes =
        entries
        |> Array.map (fun entry -> entry.Hash, store.Size entry.Hash)
        |> Map.ofArray

    let sizeOf = Array.sumBy (fun (entry: Entry) -> sizes[entry.Hash])
    let isJson = arguments.Contains GcArguments.Json
    let isDry = arguments.Contains GcArguments.Dry_Run

    let remove () =
        let removed, busy =
            if isDry then
                entries, [||]
            else
                entries |> split (fun entry -> store.Remove entry.Hash |> Option.ofObj)

        if isJson then
            printJson (not isDry) (sizeOf removed) removed (Array.append kept busy)
        else
            tellKept busy

            if isDry then
                say "%s, %s, would be removed." (plural removed.Length "run") (megabytes (sizeOf removed))
            else
                say "%d removed." removed.Length

        Exit.ofSuccess (busy.Length = 0)

    if not isJson then
        tellKept kept

    if isJson && not isDry && not (arguments.Contains Yes) then
        Exit.refuse "--json cannot ask: --yes removes these runs, --dry-run only lists them"
    elif isJson then
        remove ()
    elif entries.Length = 0 then
        if kept.Length = 0 then
            say "Nothing to remove: the files mean every run in %s." store.Folder
        else
            say "Nothing to remove from %s." store.Folder

        Exit.fine
    else
        entries
        |> print
            [
                words "run" (fun entry -> line entry.Name)
                words "state" (fun entry -> fst (describe entry.State))
                spare 1 (words "hash" _.Hash)
            ]

        if isDry || arguments.Contains Yes then
            remove ()
        elif Console.IsInputRedirected then
            Exit.refuse "there is no terminal to ask on: --yes removes these runs, --dry-run only lists them"
        elif asked entries.Length (megabytes (sizeOf entries)) store.Folder then
            remove ()
        else
            say "Nothing removed."
            Exit.fine

/// Removes the end states that longer runs could continue from. No result is lost, so no confirmation is needed.
let private removeEnds (arguments: ParseResults<GcArguments>) (store: RunStore) (hashes: string seq) =
    let known = store.Ends()
    let ends = hashes |> Seq.filter known.ContainsKey |> Seq.toArray
    let size = ends |> Array.sumBy store.EndSize

    // With --json, standard output contains only the runs.
    let say (text: string) =
        if arguments.Contains GcArguments.Json then
            tell "%s" text
        else
            say "%s" text

    if arguments.Contains GcArguments.Dry_Run then
        say $"""{plural ends.Length "end"}, {megabytes size}, would be removed."""
    else
        ends |> Array.iter store.RemoveEnd
        say $"""{plural ends.Length "end"} removed, {megabytes size}."""

let run (arguments: ParseResults<GcArguments>) : int =
    let store = RunStore(Places.store (arguments.TryGetResult GcArguments.Store))
    let reading = KnownData.recorded (Places.catalog None) store.Folder

    match meant reading (arguments.GetResult GcArguments.Files) with
    | None -> Exit.wrongInput
    | Some meant ->
        let removed, kept =
            ofStore store
            |> Array.filter (fun entry -> not (meant.Contains entry.Hash))
            |> split (reasonToKeep reading store)

        let needed = kept |> Seq.map _.Entry |> basesOf store

        let isNeeded (entry: Entry) =
            if needed.Contains entry.Hash then
                Some "a run that is kept starts from it"
            else
                None

        let removed, alsoKept = removed |> split isNeeded
        let code = removeRuns arguments store removed (Array.append kept alsoKept)

        if arguments.Contains GcArguments.Ends && code <> Exit.wrongInput then
            removeEnds arguments store meant

        code
