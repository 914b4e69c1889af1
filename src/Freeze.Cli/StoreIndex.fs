/// The content of a store, as commands name and show it.
module Freeze.Cli.StoreIndex

open System
open System.Collections.Generic
open System.Globalization
open Freeze
open Freeze.Cli.Tables
open Freeze.Records

/// A run of a file or of the store, and its state.
type Entry =
    {
        Name: string
        Hash: string
        /// The number of planned epochs; 0 if only the store is known.
        Epochs: int
        State: RunState
        /// The runs that it starts from, by name and hash, in training order; empty if only the store is known.
        Bases: (string * string) list
    }

let private look (store: RunStore) (hash: string) : Entry =
    let struct (name, state) = store.Look hash

    {
        Name = name
        Hash = hash
        Epochs = 0
        State = state
        Bases = []
    }

/// Marks waiting entries that start from a run without a result as waiting for that run.
let private waitingForBases (store: RunStore) (entries: Entry[]) : Entry[] =
    if entries |> Array.forall _.Bases.IsEmpty then
        entries
    else
        let known = entries |> Seq.map (fun entry -> entry.Hash, entry.State) |> Map.ofSeq

        let stateOf hash =
            Map.tryFind hash known |> Option.defaultWith (fun () -> store.StateOf(hash, 0))

        let waitsFor (name, hash) =
            match stateOf hash with
            | RunState.Done _ -> None
            | state -> Some(RunState.WaitingFor(name, state.IsFailed))

        entries
        |> Array.map (fun entry ->
            if entry.State.IsWaiting then
                { entry with
                    State = List.tryPick waitsFor entry.Bases |> Option.defaultValue entry.State
                }
            else
                entry)

/// The same runs in their present state; finished runs are not read again.
let again (store: RunStore) (entries: Entry[]) : Entry[] =
    entries
    |> Array.Parallel.map (fun entry ->
        if entry.State.IsDone then
            entry
        elif entry.Epochs = 0 then
            look store entry.Hash
        else
            { entry with
                State = store.StateOf(entry.Hash, entry.Epochs)
            })
    |> waitingForBases store

/// The runs of files, in order, before the store is read.
let planned (runs: Run[]) : Entry[] =
    let addresses = Addresses()

    runs
    |> Array.Parallel.map (fun run ->
        {
            Name = run.Name
            // A run whose data is unknown is in no store.
            Hash =
                if Origins.isIdentified run.Recipe then
                    addresses.Of run.Recipe
                else
                    Address.needsData
            Epochs = run.Recipe.Epochs
            State = RunState.Waiting
            Bases =
                Origins.bases run.Recipe
                |> List.map (fun before -> before.Name, addresses.Of before.Recipe)
        })

let ofRuns (store: RunStore) (runs: Run[]) : Entry[] = planned runs |> again store

/// The same runs of the store in their present state, then runs that are new in the store, by name.
let againOfStore (store: RunStore) (entries: Entry[]) : Entry[] =
    let known = HashSet(entries |> Seq.map _.Hash)

    let added =
        store.Hashes()
        |> Array.filter (known.Contains >> not)
        |> Array.Parallel.map (look store)
        |> Array.sortBy (fun entry -> entry.Name, entry.Hash)

    Array.append (again store entries) added

/// All runs in the store, by name.
let ofStore (store: RunStore) : Entry[] = againOfStore store [||]

/// Removes recorded failures, so that the runs are tried again.
let forgetFailures (store: RunStore) (entries: Entry[]) =
    for entry in entries do
        if entry.State.IsFailed then
            store.ForgetFailure entry.Hash

/// The number of finished epochs, if known.
let epochs (entry: Entry) : int option =
    match entry.State with
    | RunState.Done(_, epochs) -> Some epochs
    | RunState.Running attempt -> Some attempt.Epochs
    | RunState.Interrupted epochs -> Some epochs
    | RunState.Waiting
    | RunState.WaitingFor _
    | RunState.Failed _ -> None

/// The number of epochs for tables, such as 3/20; "" if it is not known.
let epochsOf (entry: Entry) : string =
    match epochs entry with
    | None -> ""
    | Some epochs when entry.State.IsDone || entry.Epochs = 0 -> string epochs
    | Some epochs -> $"{epochs}/{entry.Epochs}"

/// The longest finished run whose epochs are the first ones of the given run, which can continue from it.
let goesOnFrom (store: RunStore) : Run -> Entry option =
    // Read only if some run may continue: there may be many.
    let ends = lazy store.Ends()

    let lengths =
        lazy (ends.Value.Values |> Seq.distinct |> Seq.sortDescending |> Seq.toArray)

    let addresses = Addresses()

    fun run ->
        if Continuations.mayFollow run.Recipe then
            lengths.Value
            |> Seq.choose (fun epochs -> Continuations.tryFirst epochs run.Recipe)
            |> Seq.map addresses.Of
            |> Seq.tryFind ends.Value.ContainsKey
            |> Option.map (look store)
        else
            None

/// The name of a run that another one continues from, such as "a run, 37b7c43fb7c59c18 (2 epochs)".
let asStart (entry: Entry) : string =
    let epochs = epochs entry |> Option.defaultValue 0
    $"""{line entry.Name}, {entry.Hash} ({plural epochs "epoch"})"""

/// The run with a given hash, prefix of a hash, or name; otherwise the error and what to write instead.
let find (store: RunStore) (wanted: string) : Result<Entry, string> =
    let hashes = store.Hashes()

    let several (found: Entry[]) =
        let shown =
            found
            |> Seq.truncate 10
            |> Seq.map (fun entry -> $"\n  {entry.Hash}  {line entry.Name}")
            |> String.concat ""

        Error $"'{line wanted}' means {found.Length} runs; name one by its hash:{shown}"

    let beginning =
        if wanted = "" then
            [||]
        else
            hashes
            |> Array.filter _.StartsWith(wanted.ToLowerInvariant(), StringComparison.Ordinal)

    match beginning with
    | [| only |] -> Ok(look store only)
    | [||] ->
        match ofStore store |> Array.filter (fun entry -> entry.Name = wanted) with
        | [| only |] -> Ok only
        | [||] ->
            Error
                $"the store {store.Folder} has no run whose hash begins with '{line wanted}', and none with that name; freeze status lists its runs"
        | found -> several found
    | found -> several (found |> Array.map (look store))

/// A time in this machine's time zone.
let hour (written: string) =
    match DateTime.TryParse(written, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind) with
    | true, time -> time.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)
    | false, _ -> "?"

/// After so many seconds without a sign of life a run needs attention: leases are renewed every ten seconds.
let private quiet = 60.0

/// The state as a word, and details.
let describe (state: RunState) : string * string =
    match state with
    | RunState.Done _ -> "done", ""
    | RunState.Running attempt ->
        let left =
            if Double.IsNaN attempt.Left then
                ""
            else
                $", about {duration attempt.Left} left"

        let silent =
            if attempt.Silent > quiet then
                $", no sign of life for {duration attempt.Silent}"
            else
                ""

        "running", $"since {hour attempt.Since} at {attempt.Holder}{left}{silent}"
    | RunState.Interrupted _ -> "interrupted", "freeze run goes on with it"
    | RunState.Waiting -> "waiting", ""
    | RunState.WaitingFor(name, failed) ->
        "waiting", $"""waiting for {line name}{if failed then ", which has failed" else ""}"""
    | RunState.Failed failure -> "failed", failure.Message

/// The colour of a state on a terminal.
let colour (state: RunState) : string =
    match state with
    | RunState.Done _ -> "32"
    | RunState.Running _ -> "33"
    | RunState.Failed _ -> "31"
    | RunState.Interrupted _
    | RunState.WaitingFor _
    | RunState.Waiting -> "90"

/// "3 done, 1 running", in the order of a run's life.
let summary (entries: Entry seq) : string =
    let counts =
        entries |> Seq.countBy (fun entry -> fst (describe entry.State)) |> Map.ofSeq

    [ "done"; "running"; "interrupted"; "waiting"; "failed" ]
    |> List.choose (fun word ->
        counts |> Map.tryFind word |> Option.map (fun n -> $"{count (int64 n)} {word}"))
    |> String.concat ", "
