/// Follows a batch through the store's records; writes nothing.
module Freeze.Cli.Watching

open System.Collections.Generic
open Freeze
open Freeze.Language
open Freeze.Cli.StoreIndex
open Freeze.Records

/// A run that is shown, with its recorded epochs.
type Row =
    {
        Entry: Entry
        /// For a run in progress that consists of several trainings, the current one; else "".
        Part: string
        /// The epochs of that part or, without one, of the run.
        Epochs: EpochRecord[]
    }

/// A snapshot of the batch.
type Board =
    {
        /// Every run, in the order of the files or of the store.
        Entries: Entry[]
        Rows: Row list
        /// Whether nothing more will change.
        IsOver: bool
    }

let private hasEnded (entry: Entry) =
    match entry.State with
    | RunState.Done _
    | RunState.Failed _
    // The run that it starts from has failed, so it will not begin.
    | RunState.WaitingFor(_, true) -> true
    | _ -> false

/// Follows the runs of a batch or, without one, all runs in the store.
type Follower(store: RunStore, batch: Run[] option) =
    let mutable runs = batch |> Option.defaultValue [||]
    let mutable entries = planned runs
    // Parts by hash, of the runs that have been in progress.
    let parts = Dictionary<string, RunParts.Part[]>()

    let filesOf (entry: Entry) = store.FilesOf entry.Hash

    /// What files say about a run: read only once if it is done.
    let known (read: RunFiles -> 'T) : Entry -> 'T =
        let once =
            Memo.by HashIdentity.Structural (fun entry -> entry.Hash) (filesOf >> read)

        fun entry ->
            if entry.State.IsDone then
                once entry
            else
                read (filesOf entry)

    let epochsOf = known _.ReadEpochs()
    let endOf = known _.Ended

    let partsOf (entry: Entry) =
        match parts.TryGetValue entry.Hash with
        | true, known -> known
        | false, _ ->
            let found =
                (filesOf entry).ReadPlan()
                |> Option.ofObj
                |> Option.map (RunParts.ofRun store entry.Hash)

            // Its plan may still be missing, so only found parts are kept.
            found |> Option.iter (fun found -> parts[entry.Hash] <- found)
            found |> Option.defaultValue [||]

    let rowOf (entry: Entry) =
        let part =
            if entry.State.IsRunning then
                RunParts.current (partsOf entry)
            else
                None

        {
            Entry = entry
            Part = part |> Option.map _.Name |> Option.defaultValue ""
            Epochs =
                match part with
                | Some part -> part.Files.ReadEpochs()
                | None -> epochsOf entry
        }

    /// If a search halves, its next rung follows from the results of the last one, and may have ended as well.
    let rec addRungs () =
        let isHalving (run: Run) =
            Searches.tryPlace run |> Option.exists (fun place -> place.Rung > 0)

        let resultOf (entry: Entry) =
            (filesOf entry).ReadResult entry.Hash |> Option.ofObj

        if runs |> Array.exists isHalving && entries |> Array.forall hasEnded then
            let next =
                Array.zip runs entries
                |> Array.map (fun (run, entry) -> run, resultOf entry)
                |> List.ofArray
                |> Searches.nextRung
                |> Array.ofList

            if next.Length > 0 then
                runs <- Array.append runs next
                entries <- Array.append entries (ofRuns store next)
                addRungs ()

    /// All entries if there is room; else those in progress, then those ended last, then those still to come.
    let choose (room: int) =
        if entries.Length <= room then
            List.ofArray entries
        else
            let running, others = entries |> Array.partition _.State.IsRunning
            let ended, rest = others |> Array.partition hasEnded

            Seq.concat
                [
                    Seq.ofArray running
                    if running.Length < room then
                        ended |> Seq.sortByDescending endOf
                    Seq.ofArray rest
                ]
            |> Seq.truncate room
            |> List.ofSeq

    /// The present state of the batch, with rows for at most `room` runs.
    member _.Look(room: int) : Board =
        entries <-
            if batch.IsSome then
                again store entries
            else
                againOfStore store entries

        addRungs ()

        {
            Entries = entries
            Rows = choose room |> List.map rowOf
            // Unfinished runs of old batches in a store do not count as in progress.
            IsOver =
                if batch.IsSome then
                    entries |> Array.forall hasEnded
                else
                    not (entries |> Array.exists _.State.IsRunning)
        }
