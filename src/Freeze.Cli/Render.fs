/// Diagnostics for people (the line with the place underlined) and for programs (JSON).
module Freeze.Cli.Render

open System
open System.IO
open System.Text.Json
open Freeze.Language

let private paint colour code (text: string) =
    if colour then Terminal.paint code text else text

/// Longer lines are cut on both sides of the place.
let private widest = 140

/// On a narrow terminal, the label goes on its own line if fewer letters than this fit after the underline.
let private narrow = 30

/// A line ready to print: tabs and control characters become spaces, so that the underline stays aligned.
let private printable (text: string) =
    text |> String.map (fun c -> if Char.IsControl c then ' ' else c)

let private excerpt (widest: int) (source: Source) (span: Span) =
    let line, start = Source.line source span.Start
    let column = min (span.Start - start) line.Length
    let from = if column < widest * 2 / 3 then 0 else column - widest / 2
    let shown = line.Substring(from, min widest (line.Length - from))
    let before = column - from
    let length = max 1 (min (span.End - span.Start) (shown.Length - before))
    printable shown, before, length

/// The word for a diagnostic's severity, and its colour.
let private severity (diagnostic: Diagnostic) =
    match diagnostic.Severity with
    | Severity.Error -> "error", "1;31"
    | Severity.Warning -> "warning", "1;33"
    | Severity.Note -> "note", "1;36"

/// One diagnostic, as
///
///     error FRZ012: unknown selector `blok2`
///       --> table1.frz:7:1
///        |
///      7 | blok2: train 0.4 filters
///        | ^^^^^ net wrn-28-4 has block1, block2, block3
let private text (width: int option) (colour: bool) (sources: Source list) (diagnostic: Diagnostic) : string =
    use out = new StringWriter()
    let source = Source.at sources diagnostic.Span.Start

    let severity, hue = severity diagnostic

    let place (span: Span) =
        let source = Source.at sources span.Start
        let at = Source.position source span.Start
        at.Line, $"{source.Path}:{at.Line}:{at.Column}"

    let lineNumber, at = place diagnostic.Span
    let margin = String.replicate (string lineNumber).Length " "
    let bar = paint colour "1;34" "|"

    let heading = $"{severity} {diagnostic.Code}"
    let message = Terminal.wrapped width $"{heading}: {diagnostic.Message}"
    out.WriteLine(paint colour hue heading + message.Substring heading.Length)
    out.WriteLine $"""{margin} {paint colour "1;34" "-->"} {at}"""

    // A file that could not be read has no line to show.
    if source.Text <> "" then
        // The line is preceded by its number and a bar.
        let room = width |> Option.map (fun width -> max 20 (width - margin.Length - 4))

        let shown, before, length =
            excerpt (min widest (defaultArg room widest)) source diagnostic.Span

        let carets = String.replicate length "^"

        // After the underline or, if there is no room, below it.
        let label =
            match room with
            | Some room when before + length + 1 + diagnostic.Label.Length > room ->
                match room - before - length - 1 with
                | beside when beside >= narrow ->
                    let indent = String.replicate (before + length + 1) " "

                    match Terminal.fill beside diagnostic.Label with
                    | first :: rest -> $"{carets} {first}" :: (rest |> List.map (fun line -> indent + line))
                    | [] -> [ carets ]
                | _ -> carets :: Terminal.fill room diagnostic.Label
            | _ -> [ $"{carets} {diagnostic.Label}".TrimEnd() ]

        out.WriteLine $" {margin} {bar}"
        out.WriteLine $" {lineNumber} {bar} {shown}"

        for n, line in List.indexed label do
            let indent = if n = 0 then String.replicate before " " else ""
            out.WriteLine $" {margin} {bar} {indent}{paint colour hue line}"

    for span, note in diagnostic.Notes do
        let note = Terminal.wrapped width $" {margin} = note: {note}: {snd (place span)}"
        out.WriteLine(note.Replace("= note:", $"""{paint colour "1;34" "="} note:"""))

    out.ToString()

/// Prints diagnostics to standard error, in colour if that is a terminal and NO_COLOR is not set.
let print (sources: Source list) (diagnostics: Diagnostic list) =
    let colour = Terminal.errorsHaveColour ()

    let width =
        if Console.IsErrorRedirected then
            None
        else
            Terminal.width ()

    for diagnostic in diagnostics do
        eprintfn "%s" (text width colour sources diagnostic)

/// "2 errors and 1 warning", or None if there are none.
let summary (diagnostics: Diagnostic list) : string option =
    let many severity =
        diagnostics
        |> List.filter (fun diagnostic -> diagnostic.Severity = severity)
        |> List.length

    match
        [ many Severity.Error, "error"; many Severity.Warning, "warning" ]
        |> List.filter (fst >> (<) 0)
    with
    | [] -> None
    | counts -> counts |> List.map ((<||) Tables.plural) |> String.concat " and " |> Some

/// All diagnostics of several files as JSON.
let json (found: (Source list * Diagnostic list) list) : string =
    let place (writer: Utf8JsonWriter) (sources: Source list) (span: Span) =
        let source = Source.at sources span.Start
        let first, last = Source.position source span.Start, Source.position source span.End
        writer.WriteString("file", source.Path)
        writer.WriteNumber("line", first.Line)
        writer.WriteNumber("column", first.Column)
        writer.WriteNumber("endLine", last.Line)
        writer.WriteNumber("endColumn", last.Column)

    let write (writer: Utf8JsonWriter) (sources: Source list, diagnostic: Diagnostic) =
        writer.WriteString("severity", fst (severity diagnostic))
        writer.WriteString("code", diagnostic.Code)
        writer.WriteString("message", diagnostic.Message)
        writer.WriteString("label", diagnostic.Label)
        place writer sources diagnostic.Span

        diagnostic.Notes
        |> JsonOutput.field writer "notes" (fun (span, note) ->
            writer.WriteString("message", note)
            place writer sources span)

    JsonOutput.text (fun writer ->
        found
        |> Seq.collect (fun (sources, diagnostics) -> diagnostics |> Seq.map (fun d -> sources, d))
        |> JsonOutput.field writer "diagnostics" (write writer))
