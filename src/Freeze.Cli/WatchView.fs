/// Shows a watched batch: a table that is redrawn on a terminal, a line per change elsewhere.
module Freeze.Cli.WatchView

open System
open Freeze
open Freeze.Cli.StoreIndex
open Freeze.Cli.Tables
open Freeze.Cli.Watching

let private bars = "▁▂▃▄▅▆▇█"
let private widest = 14

/// A bar for each value, or for the last of several that share a bar; scaled from the smallest to the largest value.
let sparkline (values: float[]) : string =
    let values = values |> Array.filter Double.IsFinite

    if values.Length = 0 then
        ""
    else
        let shown =
            if values.Length <= widest then
                values
            else
                Array.init widest (fun i -> values[(i + 1) * values.Length / widest - 1])

        let least, most = Array.min shown, Array.max shown

        let bar value =
            if most = least then
                bars[0]
            else
                bars[int (Math.Round(float (bars.Length - 1) * (value - least) / (most - least)))]

        String(shown |> Array.map bar)

let private epochsOf (row: Row) =
    if row.Part = "" then
        epochsOf row.Entry
    else
        epochsOf
            { row.Entry with
                State = RunState.Interrupted row.Epochs.Length
            }

let private accuracy (row: Row) =
    match row.Entry.State, Array.tryLast row.Epochs with
    | RunState.Done(accuracy, _), None -> percent accuracy
    | _, Some epoch -> percent epoch.ValidationAccuracy
    | _, None -> ""

let private loss (row: Row) =
    match Array.tryLast row.Epochs with
    | Some epoch -> epoch.ValidationLoss.ToString "F4"
    | None -> ""

let private errors (row: Row) =
    row.Epochs
    |> Array.map (fun epoch -> 1.0 - epoch.ValidationAccuracy)
    |> sparkline

let private about (row: Row) =
    match row.Entry.State with
    | RunState.Done(accuracy, _) -> $"test {percent accuracy}"
    | RunState.Running attempt ->
        let left =
            if Double.IsNaN attempt.Left then
                ""
            else
                $"{duration attempt.Left} left, "

        let part = if row.Part = "" then "" else row.Part + ", "
        part + left + attempt.Holder
    | state -> snd (describe state)

/// "and 9,970 more: 9,000 done, 970 waiting"; "" if every run has a row.
let private more (board: Board) =
    let shown = board.Rows |> Seq.map _.Entry.Hash |> Set.ofSeq

    let others =
        board.Entries |> Array.filter (fun entry -> not (shown.Contains entry.Hash))

    if others.Length = 0 then
        ""
    else
        $"and {count (int64 others.Length)} more: {summary others}"

/// The number of terminal lines besides the rows: titles, totals, the line for omitted runs.
let private around = 6

/// How many rows fit on a terminal of the given height.
let room (height: int) = max 1 (height - around)

/// The lines to show on a terminal of the given width.
let lines (width: int) (hasColour: bool) (board: Board) : string list =
    let state =
        { words "state" (fun (row: Row) -> fst (describe row.Entry.State)) with
            Colour = fun row -> colour row.Entry.State
        }

    let last =
        { words "" about with
            Narrowing = Narrowing.Cut
        }

    [
        yield!
            board.Rows
            |> Tables.lines
                (Some width)
                hasColour
                [
                    words "run" (fun row -> line row.Entry.Name)
                    state
                    spare 1 (numbers "epochs" epochsOf)
                    numbers "accuracy" accuracy
                    spare 4 (numbers "loss" loss)
                    spare 3 (words "error" errors)
                    spare 2 last
                ]
        ""
        for total in [ more board; summary board.Entries ] do
            if total <> "" then
                Terminal.cut width total
    ]

/// A run as one line.
let private lineOf (row: Row) =
    [
        line row.Entry.Name
        fst (describe row.Entry.State)
        epochsOf row
        accuracy row |> fun text -> if text = "" then "" else "accuracy " + text
        loss row |> fun text -> if text = "" then "" else "loss " + text
        clean (about row)
    ]
    |> List.filter ((<>) "")
    |> String.concat "  "

/// What has changed since the last look: runs that have progressed, and the totals if they changed.
let changes (before: Board option) (now: Board) : string list =
    let standing (entry: Entry) =
        fst (describe entry.State), epochs entry

    let progress (row: Row) = row.Part, row.Epochs.Length

    let entries, rows =
        match before with
        | Some board ->
            dict [ for entry in board.Entries -> entry.Hash, standing entry ],
            dict [ for row in board.Rows -> row.Entry.Hash, progress row ]
        | None -> dict [], dict []

    let isNews (row: Row) =
        match entries.TryGetValue row.Entry.Hash, rows.TryGetValue row.Entry.Hash with
        | (false, _), _ -> row.Entry.State.IsRunning || before.IsSome
        | (true, was), _ when was <> standing row.Entry -> true
        | _, (true, was) -> row.Part <> "" && was <> progress row
        | _ -> false

    let totals = summary now.Entries

    [
        for row in now.Rows do
            if isNews row then
                lineOf row
        if before |> Option.map (fun board -> summary board.Entries) <> Some totals then
            totals
    ]
