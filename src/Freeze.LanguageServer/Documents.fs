/// The documents that the editor has open, as it has them.
module Freeze.LanguageServer.Documents

open System
open Freeze.Language
open Freeze.LanguageServer.Protocol

type Document =
    {
        Uri: string
        /// What messages call it, and where its imports begin; a document without a file goes by its URI.
        Path: string
        Version: int
        /// As the editor has it, with its own line ends; nothing once it has grown past all bounds.
        Text: LineIndex option
        /// With `\n` alone, or why it cannot be read. Lines and columns are those of the text.
        Source: Result<Source, string>
    }

/// A change of a text: a range and what takes its place, or the whole.
type Change = { Range: Range option; Text: string }

/// A text that the language refuses is kept, for it may shrink again; past this it is dropped.
let private most = 8 * Source.largest

/// A document of a text; nothing is kept of one that has grown too large.
let private ofText uri path version (text: LineIndex option) : Document =
    {
        Uri = uri
        Path = path
        Version = version
        Text = text
        Source =
            match text with
            | Some lines -> Source.ofText path (lines.Text.Replace("\r\n", "\n").Replace('\r', '\n'))
            | None ->
                Error $"it is too large: a Freeze file has at most %d{Source.largest} bytes; open it again"
    }

let private bounded (text: string) =
    if text.Length > most then
        None
    else
        Some(LineIndex.ofText text)

let opened (uri: string) (version: int) (text: string) : Document =
    let path = Uris.toPath uri |> Option.defaultValue uri
    ofText uri path version (bounded text)

let private apply (text: LineIndex option) (change: Change) : LineIndex option =
    match change.Range, text with
    | None, _ -> bounded change.Text
    // What it is a change of is not known.
    | Some _, None -> None
    | Some range, Some lines ->
        let first, last = Positions.offsets lines range

        String.Concat(lines.Text.AsSpan(0, first), change.Text.AsSpan(), lines.Text.AsSpan last)
        |> bounded

/// A document after changes, one after the other. Messages come in order, so they hold whatever their version says.
let changed (version: int) (changes: Change list) (document: Document) : Document =
    List.fold apply document.Text changes
    |> ofText document.Uri document.Path version

/// The line end that the document uses.
let newline (document: Document) : string =
    match document.Text with
    | Some lines when lines.Text.Contains "\r\n" -> "\r\n"
    | _ -> "\n"
