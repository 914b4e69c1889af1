/// Terminal output: fitted to its width, and redrawn when it changes.
module Freeze.Cli.Terminal

open System
open System.Text.RegularExpressions

let private usualWidth = 80

/// The width of standard output; None for a file or a pipe, whose lines may have any length.
let width () : int option =
    if Console.IsOutputRedirected then
        None
    else
        match Console.WindowWidth with
        | 0 -> Some usualWidth
        | width -> Some width

/// The number of lines of the terminal.
let height () : int =
    match Console.WindowHeight with
    | 0 -> 24
    | height -> height

/// Whether standard output can be redrawn in place.
let isDrawable () =
    not Console.IsOutputRedirected
    && (match Environment.GetEnvironmentVariable "TERM" with
        | null
        | ""
        | "dumb" -> false
        | _ -> true)

let private wantsColour () =
    String.IsNullOrEmpty(Environment.GetEnvironmentVariable "NO_COLOR")

/// Whether standard output is shown in colour.
let hasColour () = isDrawable () && wantsColour ()

/// Whether standard error is shown in colour.
let errorsHaveColour () =
    not Console.IsErrorRedirected && wantsColour ()

/// A text in a colour, given as an SGR number; "" means no colour.
let paint (colour: string) (text: string) =
    if colour = "" then text else $"\027[{colour}m{text}\027[0m"

/// A text cut to a length at its end.
let cut (most: int) (text: string) =
    if text.Length <= most then text
    elif most < 1 then ""
    else text.Substring(0, most - 1) + "…"

/// A text cut to a length in the middle: names and paths differ at their ends.
let cutInside (most: int) (text: string) =
    if text.Length <= most || most < 3 then
        cut most text
    else
        let head = most / 2
        text.Substring(0, head) + "…" + text.Substring(text.Length - (most - head - 1))

/// Lines of a given width, broken between words; a longer word has its own line.
let fill (width: int) (text: string) : string list =
    let add (lines: string list) (word: string) =
        match lines with
        | line :: rest when line.Length + 1 + word.Length <= width -> $"{line} {word}" :: rest
        | _ -> word :: lines

    match List.ofArray (text.Split ' ') with
    | first :: rest -> rest |> List.fold add [ first ] |> List.rev
    | [] -> [ "" ]

/// Sentences fitted to the width of a terminal: continuation lines are indented.
let wrapped (width: int option) (text: string) : string =
    let indent = "  "

    let ofLine (width: int) (line: string) =
        // Leading space of a line stays in front of its words.
        let margin = line.Length - line.TrimStart().Length
        let margin = line.Substring(0, min margin (width / 2))

        match fill (max 10 (width - margin.Length - indent.Length)) (line.TrimStart()) with
        | [ only ] -> margin + only
        | first :: rest -> margin + String.Join($"\n{margin}{indent}", first :: rest)
        | [] -> ""

    match width with
    | None -> text
    | Some width ->
        text.Split '\n'
        |> Array.map (fun line -> if line.Length <= width then line else ofLine width line)
        |> String.concat "\n"

/// Prints sentences to standard output, broken between words on a terminal.
let say format =
    Printf.ksprintf (fun text -> Console.Out.WriteLine(wrapped (width ()) text)) format

/// Prints sentences to standard error, in the same way.
let tell format =
    Printf.ksprintf
        (fun text ->
            let width = if Console.IsErrorRedirected then None else width ()
            Console.Error.WriteLine(wrapped width text))
        format

/// Joins ranked parts of a line with two spaces. If they do not fit, those of the highest rank are dropped first, then the first
/// part is cut.
let rec fit (width: int option) (parts: (int * string) list) : string =
    let parts = parts |> List.filter (fun (_, text) -> text <> "")
    let text = parts |> List.map snd |> String.concat "  "

    let highest =
        if parts.IsEmpty then
            0
        else
            parts |> List.map fst |> List.max

    match width, parts with
    | Some width, _ when text.Length > width && highest > 0 ->
        parts |> List.filter (fun (rank, _) -> rank < highest) |> fit (Some width)
    | Some width, (_, first) :: _ when text.Length > width ->
        let room = max 8 (width - (text.Length - first.Length))
        cut width (cutInside room first + text.Substring first.Length)
    | _ -> text

let private codes = Regex(@"\x1b\[[0-9;]*m", RegexOptions.CultureInvariant)

/// Lines at the bottom of a terminal that are redrawn as they change; other lines can be printed above them.
type Live() =
    let mutable drawn: string list = []

    /// Moves to the beginning of the drawn lines: if the terminal has become narrower, they occupy several rows.
    let home () =
        let width = width () |> Option.defaultValue usualWidth

        let rowsOf (line: string) =
            max 1 ((codes.Replace(line, "").Length + width - 1) / width)

        let rows = drawn |> List.sumBy rowsOf
        if rows > 1 then $"\r\027[{rows - 1}A" else "\r"

    let draw (above: string list) (lines: string list) =
        // The last column must stay empty, since terminals differ there.
        let text =
            above @ lines |> List.map (fun line -> line + "\027[K") |> String.concat "\n"

        let foot = if lines.IsEmpty && not above.IsEmpty then "\n" else ""
        Console.Out.Write(home () + text + foot + "\027[J")
        Console.Out.Flush()
        drawn <- lines

    do Console.Out.Write "\027[?25l"

    /// Draws these lines in place of the present ones.
    member this.Show(lines: string list) = lock this (fun () -> draw [] lines)

    /// Prints lines above, where they stay.
    member this.Leave(text: string) =
        lock this (fun () -> draw (List.ofArray (text.Split '\n')) drawn)

    /// Removes the drawn lines.
    member this.Clear() = this.Show []

    interface IDisposable with
        member this.Dispose() =
            lock this (fun () ->
                if not drawn.IsEmpty then
                    Console.Out.Write "\n"

                drawn <- []
                Console.Out.Write "\027[?25h"
                Console.Out.Flush())
