/// Tables: fitted to the width of a terminal; in files and pipes as wide as their cells.
module Freeze.Cli.Tables

open System
open Freeze
open Freeze.Cli.Terminal

/// How a cell is narrowed if a terminal is too narrow.
[<RequireQualifiedAccess>]
type Narrowing =
    /// Never narrowed: names, hashes and numbers stay whole.
    | Whole
    /// Broken between words.
    | Broken
    /// Cut at its end.
    | Cut

/// A column: its title, and its cell for a row.
type Column<'Row> =
    {
        Title: string
        IsNumber: bool
        /// If a terminal is too narrow, columns of the highest rank are left out first, and those of rank 0 never.
        Rank: int
        Narrowing: Narrowing
        /// An SGR number, or "".
        Colour: 'Row -> string
        Cell: 'Row -> string
    }

let private column isNumber title cell =
    {
        Title = title
        IsNumber = isNumber
        Rank = 0
        Narrowing = Narrowing.Whole
        Colour = fun _ -> ""
        Cell = cell
    }

let words title cell = column false title cell
let numbers title cell = column true title cell

/// A column of sentences, which are broken between words.
let prose title cell =
    { column false title cell with
        Narrowing = Narrowing.Broken
    }

/// A column that may be left out; higher ranks go first.
let spare rank column = { column with Rank = rank }

/// "1 run", "2 runs"
let plural (count: int) (word: string) =
    if count = 1 then $"1 {word}" else $"{count} {word}s"

/// 431,080
let count (value: int64) = value.ToString("N0")

/// In millions: 431.1 M
let million (value: int64) = $"{float value / 1e6:N1} M"

/// 1.2 P: with a unit for each factor of a thousand, up to E.
let readable (value: float) =
    let units = [ 1e18, "E"; 1e15, "P"; 1e12, "T"; 1e9, "G"; 1e6, "M" ]

    match units |> List.tryFind (fun (size, _) -> value >= size) with
    | Some(size, unit) -> $"{value / size:F1} {unit}"
    | None -> $"{value:F0}"

/// 98.61%
let percent (share: float) = (100.0 * share).ToString("F2") + "%"

/// The name of the images that epochs are evaluated on: the test set is never called validation.
let heldOut (recipe: Recipe) =
    if recipe.Validation.IsTest then "test" else "validation"

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

/// Text from a file or a plan, safe for a terminal: control characters become `?`.
let clean (text: string) =
    text |> String.map (fun letter -> if Char.IsControl letter then '?' else letter)

/// As `clean`, cut to 200 characters: a name may have any length.
let line (text: string) =
    if text.Length > 200 then
        clean (text.Substring(0, 199)) + "…"
    else
        clean text

/// Gap between columns as wide as their cells, for a file or a pipe.
let private plainGap = 3

/// Narrowed cells keep at least this many letters.
let private narrowest = 16

/// The columns that fit into a width, those that do not, the gap between columns and their widths.
let private fitted (width: int option) (columns: Column<'Row> list) (rows: string list list) =
    let natural =
        columns
        |> List.mapi (fun i column ->
            rows |> List.fold (fun width row -> max width row[i].Length) column.Title.Length)

    let gap =
        match width with
        | Some width when List.sum natural + plainGap * (columns.Length - 1) > width -> 2
        | _ -> plainGap

    let least (column: Column<'Row>, natural: int) =
        match column.Narrowing with
        | Narrowing.Whole -> natural
        | Narrowing.Broken
        | Narrowing.Cut -> min natural narrowest

    let room kept =
        match width with
        | Some width -> width - gap * (List.length kept - 1)
        | None -> Int32.MaxValue

    let rec leaveOut kept =
        let rank = kept |> List.map (fun (_, (column, _)) -> column.Rank) |> List.max

        if rank > 0 && kept |> List.sumBy (snd >> least) > room kept then
            let last = kept |> List.findBack (fun (_, (column, _)) -> column.Rank = rank) |> fst

            kept |> List.filter (fun (i, _) -> i <> last) |> leaveOut
        else
            kept

    let kept = List.zip columns natural |> List.indexed |> leaveOut

    // Columns that can be narrowed share the available width; if that is not enough, the widest names are cut after all.
    let rec narrow (widths: int list) =
        let excess = List.sum widths - room kept

        let wide givesWay =
            List.zip kept widths
            |> List.indexed
            |> List.filter (fun (_, ((_, (column, _)), width)) ->
                (column.Narrowing <> Narrowing.Whole) = givesWay && width > narrowest)

        let widest =
            match wide true, wide false with
            | [], [] -> None
            | [], several
            | several, _ -> several |> List.maxBy (fun (_, (_, width)) -> width) |> fst |> Some

        match widest with
        | Some i when excess > 0 ->
            let narrower = max narrowest (widths[i] - excess)
            widths |> List.mapi (fun j width -> if i = j then narrower else width) |> narrow
        | _ -> widths

    let widths = kept |> List.map (fun (_, (_, natural)) -> natural) |> narrow
    let shown = kept |> List.map fst

    let missing =
        columns
        |> List.indexed
        |> List.filter (fun (i, column) -> not (List.contains i shown) && column.Title <> "")
        |> List.map (fun (_, column) -> column.Title)

    List.zip shown widths, missing, gap

/// The lines of a table, fitted to the given width or, without one, as wide as its cells.
let lines (width: int option) (hasColour: bool) (columns: Column<'Row> list) (rows: 'Row seq) : string list =
    let rows = List.ofSeq rows

    let cells =
        [
            for row in rows -> columns |> List.map (fun column -> clean (column.Cell row))
        ]

    let shown, missing, gap = fitted width columns cells
    let between = String.replicate gap " "
    let columns = List.toArray columns

    // A cell has one line, or several if it is broken.
    let parts (i: int, width: int) (cell: string) =
        if cell.Length <= width then
            [ cell ]
        else
            match columns[i].Narrowing with
            // A path longer than its column continues on the next line.
            | Narrowing.Broken ->
                [
                    for line in fill width cell do
                        for part in Seq.chunkBySize width line -> String part
                ]
            | Narrowing.Cut -> [ cut width cell ]
            | Narrowing.Whole -> [ cutInside width cell ]

    let padded (i: int, width: int) (paint: string -> string) (text: string) =
        let space = String.replicate (width - text.Length) " "

        if columns[i].IsNumber then
            space + paint text
        else
            paint text + space

    let rowLines (paintOf: int -> string) (cells: string list) =
        let parts = shown |> List.map (fun place -> parts place cells[fst place])
        let most = parts |> List.map List.length |> List.max

        [
            for n in 0 .. most - 1 ->
                List.zip shown parts
                |> List.map (fun (place, parts) ->
                    let paint text =
                        if text = "" then "" else paint (paintOf (fst place)) text

                    padded place paint (parts |> List.tryItem n |> Option.defaultValue ""))
                |> String.concat between
                |> _.TrimEnd()
        ]

    [
        yield! rowLines (fun _ -> "") [ for column in columns -> column.Title ]
        String.replicate (List.sumBy snd shown + gap * (shown.Length - 1)) "─"

        for row, cells in List.zip rows cells do
            yield! rowLines (fun i -> if hasColour then columns[i].Colour row else "") cells

        if not missing.IsEmpty then
            let names = String.Join(", ", missing)
            yield! fill (defaultArg width Int32.MaxValue) $"(too narrow here for: {names})"
    ]

/// Prints a table that fits standard output.
let print (columns: Column<'Row> list) (rows: 'Row seq) =
    // Written at once, since the console flushes after every write.
    use out = new IO.StringWriter()
    lines (width ()) (hasColour ()) columns rows |> List.iter out.WriteLine
    Console.Out.Write(out.ToString())
