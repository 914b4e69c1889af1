/// A batch as the store's records tell of it, looked at again and again; nothing is written.
module Freeze.Cli.Watching

open System.Collections.Generic
open Freeze
open Freeze.Language
open Freeze.Cli.StoreIndex
open Freeze.Records

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
    match entry.State with
    | RunState.Done _
    | RunState.Failed _
    // What it starts from comes to nothing, so it does not begin.
    | RunState.WaitingFor(_, true) -> true
    | _ -> false

/// Follows the runs of a batch, or without one all that the store has.
type Follower(store: RunStore, batch: Run[] option) =
    let mutable runs = batch |> Option.defaultValue [||]
    let mutable entries = planned runs
    // By hash, of those that have been under way.
    let parts = Dictionary<string, RunParts.Part[]>()

    let filesOf (entry: Entry) = store.FilesOf entry.Hash

    /// What files tell of a run: asked for once where it is done.
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
                match part with
                | Some part -> part.Files.ReadEpochs()
                | None -> epochsOf entry
        }

    /// Where a search halves, its next rung follows from the results of the last one, and may have ended as well.
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
        entries <-
            if batch.IsSome then
                again store entries
            else
                againOfStore store entries

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
