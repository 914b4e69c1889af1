/// Tables: on a terminal as wide as it is, in files and pipes as wide as their cells.
module Freeze.Cli.Tables

open System
open Spectre.Console

/// A column: what stands above it, and what it tells of a row.
type Column<'Row> =
    {
        Title: string
        IsNumber: bool
        Cell: 'Row -> string
    }

let private column isNumber title cell =
    {
        Title = title
        IsNumber = isNumber
        Cell = cell
    }

let words title cell = column false title cell
let numbers title cell = column true title cell

/// "1 run", "2 runs"
let plural (count: int) (word: string) =
    if count = 1 then $"1 {word}" else $"{count} {word}s"

/// 431,080
let count (value: int64) = value.ToString("N0")

/// In millions: 431.1 M
let million (value: int64) = $"{float value / 1e6:N1} M"

/// 1.2 P: in thousands of a thousand, as far as that goes.
let readable (value: float) =
    let units = [ 1e18, "E"; 1e15, "P"; 1e12, "T"; 1e9, "G"; 1e6, "M" ]

    match units |> List.tryFind (fun (size, _) -> value >= size) with
    | Some(size, unit) -> $"{value / size:F1} {unit}"
    | None -> $"{value:F0}"

/// 98.61%
let percent (share: float) = (100.0 * share).ToString("F2") + "%"

/// 3 h 20 min
let duration (seconds: float) =
    let span = TimeSpan.FromSeconds(min seconds 1e9)

    if span.TotalDays >= 1.0 then
        $"{int span.TotalDays} d {span.Hours} h"
    elif span.TotalHours >= 1.0 then
        $"{span.Hours} h {span.Minutes} min"
    elif span.TotalMinutes >= 1.0 then
        $"{span.Minutes} min"
    else
        $"{span.Seconds} s"

/// Text from a file or a plan as one line that commands no terminal: control characters as `?`.
let clean (text: string) =
    text |> String.map (fun letter -> if Char.IsControl letter then '?' else letter)

/// The same, and not without end: a name may have any length.
let line (text: string) =
    if text.Length > 200 then
        clean (text.Substring(0, 199)) + "…"
    else
        clean text

/// For a file or a pipe: as wide as its cells, which are never wrapped.
let private printPlain (columns: Column<'Row> list) (rows: string list list) =
    let widths =
        columns
        |> List.mapi (fun i column ->
            rows |> List.fold (fun width row -> max width row[i].Length) column.Title.Length)

    let line cells =
        List.map3
            (fun column (width: int) (cell: string) ->
                if column.IsNumber then
                    cell.PadLeft width
                else
                    cell.PadRight width)
            columns
            widths
            cells
        |> String.concat "   "
        |> _.TrimEnd()

    // Written at once: the console flushes behind every write.
    use out = new IO.StringWriter()
    out.WriteLine(line (columns |> List.map _.Title))
    out.WriteLine(String.replicate (List.sum widths + 3 * (widths.Length - 1)) "─")

    for row in rows do
        out.WriteLine(line row)

    Console.Out.Write(out.ToString())

/// On a terminal: as wide as that is, wrapping cells where it must.
let private printFitted (columns: Column<'Row> list) (rows: string list list) =
    let table = Table(Border = TableBorder.Simple)

    for column in columns do
        let header = TableColumn(Markup.Escape column.Title)
        header.Alignment <- if column.IsNumber then Justify.Right else Justify.Left
        header.NoWrap <- column.IsNumber
        table.AddColumn header |> ignore

    for row in rows do
        table.AddRow(row |> List.map (fun cell -> Markup.Escape cell) |> Array.ofList)
        |> ignore

    AnsiConsole.Write table

/// More rows than this are read by a program, or in a pager: fitting them to the terminal would take long.
let private most = 1000

let print (columns: Column<'Row> list) (rows: 'Row seq) =
    let rows =
        [
            for row in rows -> columns |> List.map (fun column -> clean (column.Cell row))
        ]

    if Console.IsOutputRedirected || rows.Length > most then
        printPlain columns rows
    else
        printFitted columns rows
