/// Converts the protocol's lines and columns to offsets, and back.
[<RequireQualifiedAccess>]
module Freeze.LanguageServer.Positions

open System
open Freeze.Language
open Freeze.LanguageServer.Protocol

/// The end of a line's characters, before its line end.
let private lineEnd (lines: LineIndex) (line: int) =
    if line + 1 >= lines.Starts.Length then
        lines.Text.Length
    else
        let next = lines.Starts[line + 1]
        let start = lines.Starts[line]

        if next - start >= 2 && lines.Text[next - 1] = '\n' && lines.Text[next - 2] = '\r' then
            next - 2
        else
            next - 1

/// The offset of a position; beyond the end of a line or of the text, that end.
let offset (lines: LineIndex) (position: Position) : int =
    if position.Line < 0 then
        0
    elif position.Line >= lines.Starts.Length then
        lines.Text.Length
    else
        let start = lines.Starts[position.Line]
        start + (max 0 position.Character |> min (lineEnd lines position.Line - start))

let position (lines: LineIndex) (offset: int) : Position =
    let offset = offset |> max 0 |> min lines.Text.Length

    let line = LineIndex.ofOffset lines offset

    {
        Line = line
        Character = offset - lines.Starts[line]
    }

/// The range of a span whose offsets count from `start`.
let range (lines: LineIndex) (start: int) (span: Span) : Range =
    {
        Start = position lines (span.Start - start)
        End = position lines (span.End - start)
    }

/// The offsets of a range; a reversed range is turned around.
let offsets (lines: LineIndex) (range: Range) : int * int =
    let first, last = offset lines range.Start, offset lines range.End
    min first last, max first last
