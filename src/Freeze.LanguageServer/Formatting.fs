/// Formats a document by editing only the lines that differ.
[<RequireQualifiedAccess>]
module Freeze.LanguageServer.Formatting

open System
open System.Text.Json.Nodes
open DiffPlex
open DiffPlex.Chunkers
open Freeze.Language
open Freeze.LanguageServer.Protocol
open Freeze.LanguageServer.Workspace

/// Longer texts are replaced by a single edit: the time to compare lines grows with the product of lines and changes.
let private longest = 5_000

/// An edit of lines [first, first + count).
let private edit (newline: string) (first: int) (count: int) (lines: string seq) : TextEdit =
    let start line = { Line = line; Character = 0 }

    {
        Range =
            {
                Start = start first
                End = start (first + count)
            }
        NewText = (String.concat "" lines).Replace("\n", newline)
    }

let private edits (newline: string) (before: string) (after: string) : TextEdit list =
    let lines (text: string) = text.AsSpan().Count '\n' + 1

    if before = after then
        []
    elif max (lines before) (lines after) > longest then
        [ edit newline 0 (lines before) [ after ] ]
    else
        // Lines include their line end, so that a last line without one differs.
        let found =
            Differ.Instance.CreateDiffs(before, after, false, false, LineEndingsPreservingChunker.Instance)

        [
            for block in found.DiffBlocks ->
                found.PiecesNew
                |> Seq.skip block.InsertStartB
                |> Seq.take block.InsertCountB
                |> edit newline block.DeleteStartA block.DeleteCountA
        ]

/// The edits that format a document, or the lines of a range. A text with a syntax error gets none; its diagnostics say why.
let answer (analysed: Analysed) (within: Range option) : JsonNode =
    let source = Workspace.sourceOf analysed

    match analysed.Document.Source, lazy (Format.format source) with
    | Error _, _
    | _, Lazy(Error _) -> array []
    | Ok _, Lazy(Ok formatted) ->
        let touches (edit: TextEdit) =
            match within with
            | None -> true
            | Some range ->
                let last =
                    if range.End.Character = 0 then
                        max range.Start.Line (range.End.Line - 1)
                    else
                        range.End.Line

                let first, behind = edit.Range.Start.Line, edit.Range.End.Line
                first <= last && max (first + 1) behind > range.Start.Line

        edits (Documents.newline analysed.Document) source.Text formatted
        |> List.filter touches
        |> Seq.map textEdit
        |> array
