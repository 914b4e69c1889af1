/// A batch as the store's records tell of it, looked at again and again; nothing is written.
module Freeze.Cli.Watching

open System
open System.Collections.Generic
open System.IO
open Freeze
open Freeze.Cli.StoreIndex
open Freeze.Records
open Freeze.Runtime.Results

/// A run that is shown, with its epochs as far as they are recorded.
type Row =
    {
        Entry: Entry
        /// Of a run under way that is made of several trainings the one that it is at; else "".
        Part: string
        /// Of that part, else of the run.
        Epochs: EpochRecord[]
    }

/// What there is to see at one moment.
type Board =
    {
        /// Every run, in the order of the files or of the store.
        Entries: Entry[]
        Rows: Row list
        /// Whether nothing more is to come.
        IsOver: bool
    }

let private hasEnded (entry: Entry) =
    entry.State.IsDone || entry.State.IsFailed

/// Follows the runs of a batch, or without one all that the store has.
type Follower(store: string, batch: Run[] option) =
    let view = StoreView store
    let mutable runs = batch |> Option.defaultValue [||]
    let mutable entries: Entry[] = [||]
    let mutable looked = false
    // By folder, with the length of the file that they were read from.
    let epochs = Dictionary<string, struct (int64 * EpochRecord[])>()
    // By hash, of those that have been under way.
    let parts = Dictionary<string, RunParts.Part[]>()
    let ended = Dictionary<string, DateTime>()

    let epochsIn (folder: string) =
        let file = FileInfo(Path.Combine(folder, "metrics.jsonl"))

        match file.Exists, epochs.TryGetValue folder with
        | false, _ -> [||]
        | true, (true, struct (length, known)) when length = file.Length -> known
        | true, _ ->
            try
                let read = JsonLines.Read<EpochRecord> file.FullName |> Seq.toArray
                epochs[folder] <- struct (file.Length, read)
                read
            with :? IOException ->
                // Somebody has just removed it.
                [||]

    let partsOf (entry: Entry) =
        match parts.TryGetValue entry.Hash with
        | true, known -> known
        | false, _ ->
            let found =
                view.Plan entry.Hash
                |> Option.ofObj
                |> Option.map (RunParts.ofRun store entry.Hash)

            // Its plan may be about to be written.
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
                epochsIn (
                    match part with
                    | Some part -> part.Folder
                    | None -> view.FolderOf entry.Hash
                )
        }

    let endOf (entry: Entry) =
        match ended.TryGetValue entry.Hash with
        | true, time when entry.State.IsDone -> time
        | _ ->
            let time = view.Ended entry.Hash
            ended[entry.Hash] <- time
            time

    /// Where a search halves, its next rung follows from the results of the last one, and may have ended as well.
    let rec addRungs () =
        let isHalving (run: Run) =
            Searches.tryPlace run |> Option.exists (fun place -> place.Rung > 0)

        let resultOf (entry: Entry) =
            view.Finished entry.Hash
            |> Option.ofObj
            |> Option.bind Outcomes.result
            |> Option.map fst

        if runs |> Array.exists isHalving && entries |> Array.forall hasEnded then
            let next =
                Array.zip runs entries
                |> Array.map (fun (run, entry) -> run, resultOf entry)
                |> List.ofArray
                |> Searches.nextRung
                |> Array.ofList

            if next.Length > 0 then
                runs <- Array.append runs next
                entries <- Array.append entries (ofRuns view next)
                addRungs ()

    let look () =
        entries <-
            match batch, looked with
            | Some _, false -> ofRuns view runs
            | Some _, true -> again view entries
            | None, false -> ofStore view
            | None, true -> againOfStore view entries

        looked <- true

    /// All where there is room; else those under way, then the newest that have ended, then those to come.
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

    /// The batch as it stands, with rows for at most so many runs.
    member _.Look(room: int) : Board =
        look ()
        addRungs ()

        {
            Entries = entries
            Rows = choose room |> List.map rowOf
            // What a store has of old batches that were stopped waits for nothing.
            IsOver =
                if batch.IsSome then
                    entries |> Array.forall hasEnded
                else
                    not (entries |> Array.exists _.State.IsRunning)
        }
