/// freeze gc: removes from the store the runs that no given file means.
module Freeze.Cli.Commands.Gc

open System
open Argu
open Freeze
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Cli.StoreIndex
open Freeze.Cli.Tables
open Freeze.Records

/// The hashes of all runs that files mean, alone and under each of their profiles; None where one has an error.
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

        // A file means what it makes on the way too: the runs that its own start from, the net that an ensemble's members start
        // from, and a halving's later rungs.
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

/// The runs that there is no reason to keep; of the others it says why they are kept.
let private keeping (reason: Entry -> string option) (entries: Entry[]) : Entry[] =
    entries
    |> Array.filter (fun entry ->
        let reason = reason entry

        reason
        |> Option.iter (eprintfn "%s %s is kept: %s" entry.Hash (line entry.Name))

        reason.IsNone)

let private remove (store: RunStore) (entries: Entry[]) : int =
    let removed =
        entries |> keeping (fun entry -> store.Remove entry.Hash |> Option.ofObj)

    printfn "%d removed." removed.Length
    Exit.ofSuccess (removed.Length = entries.Length)

/// Why a run is kept though no file means it: it is under way, or files may mean it on a machine that has its images.
let private reasonToKeep (reading: KnownData.Reading) (store: RunStore) (entry: Entry) : string option =
    let files = store.FilesOf entry.Hash

    match Option.ofObj (files.ReadPlan()) with
    | _ when entry.State.IsRunning -> Some(snd (describe entry.State))
    | None when files.IsPlanned -> Some "its plan cannot be read"
    | None -> None
    | Some run when KnownData.canIdentify reading run.Recipe.Data -> None
    | Some run -> Some $"its images ({line (DataSource.name run.Recipe.Data)}) are not on this machine"

/// Of some runs of a store the addresses of those that they start from.
let private basesOf (store: RunStore) (entries: Entry seq) : Set<string> =
    let addresses = Addresses()

    entries
    |> Seq.choose (fun entry -> (store.FilesOf entry.Hash).ReadPlan() |> Option.ofObj)
    |> Seq.collect (fun run -> Origins.bases run.Recipe)
    |> Seq.map (fun before -> addresses.Of before.Recipe)
    |> Set.ofSeq

let private removeRuns (arguments: ParseResults<GcArguments>) (store: RunStore) (entries: Entry[]) : int =
    let size = entries |> Array.sumBy (fun entry -> store.Size entry.Hash)

    if entries.Length = 0 then
        printfn "Nothing to remove: the files mean every run in %s." store.Folder
        Exit.fine
    else
        entries
        |> print
            [
                words "run" (fun entry -> line entry.Name)
                words "state" (fun entry -> fst (describe entry.State))
                words "hash" _.Hash
            ]

        if arguments.Contains GcArguments.Dry_Run then
            printfn "%d runs, %s, would be removed." entries.Length (megabytes size)
            Exit.fine
        elif arguments.Contains Yes then
            remove store entries
        elif Console.IsInputRedirected then
            Exit.refuse "there is no terminal to ask on: --yes removes these runs, --dry-run only lists them"
        elif asked entries.Length (megabytes size) store.Folder then
            remove store entries
        else
            printfn "Nothing removed."
            Exit.fine

/// What longer runs would go on from: no result is lost with it, so nobody is asked.
let private removeEnds (arguments: ParseResults<GcArguments>) (store: RunStore) (hashes: string seq) =
    let known = store.Ends()
    let ends = hashes |> Seq.filter known.ContainsKey |> Seq.toArray
    let size = ends |> Array.sumBy store.EndSize

    if arguments.Contains GcArguments.Dry_Run then
        printfn "%s, %s, would be removed." (plural ends.Length "end") (megabytes size)
    else
        ends |> Array.iter store.RemoveEnd
        printfn "%s removed, %s." (plural ends.Length "end") (megabytes size)

let run (arguments: ParseResults<GcArguments>) : int =
    let store = RunStore(Places.store (arguments.TryGetResult GcArguments.Store))
    let reading = KnownData.recorded (Places.catalog None) store.Folder

    match meant reading (arguments.GetResult GcArguments.Files) with
    | None -> Exit.wrongInput
    | Some meant ->
        let others =
            ofStore store |> Array.filter (fun entry -> not (meant.Contains entry.Hash))

        let removed = others |> keeping (reasonToKeep reading store)
        let needed = Array.except removed others |> basesOf store

        let isNeeded (entry: Entry) =
            if needed.Contains entry.Hash then
                Some "a run that is kept starts from it"
            else
                None

        let code = removed |> keeping isNeeded |> removeRuns arguments store

        if arguments.Contains GcArguments.Ends then
            removeEnds arguments store meant

        code
