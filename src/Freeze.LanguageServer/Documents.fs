/// The editor's open documents, with its unsaved text.
module Freeze.LanguageServer.Documents

open System
open Freeze.Language
open Freeze.LanguageServer.Protocol

type Document =
    {
        Uri: string
        /// The document's path in messages, to which its imports are relative; the URI if it is not a file.
        Path: string
        Version: int
        /// The editor's text with its own line ends; None if it is too large.
        Text: LineIndex option
        /// The text with `\n` line ends, or why it cannot be read. Line and column numbers are the same in both.
        Source: Result<Source, string>
    }

/// A text change: a range and its replacement, or the whole text.
type Change = { Range: Range option; Text: string }

/// A text that is too large for the language is kept, for it may shrink again; beyond this size it is dropped.
let private most = 8 * Source.largest

/// A document with the given text; texts beyond the limit are dropped.
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
    // The base of the change is not known.
    | Some _, None -> None
    | Some range, Some lines ->
        let first, last = Positions.offsets lines range

        String.Concat(lines.Text.AsSpan(0, first), change.Text.AsSpan(), lines.Text.AsSpan last)
        |> bounded

/// A document after several changes. Messages arrive in order, so changes apply whatever their version number says.
let changed (version: int) (changes: Change list) (document: Document) : Document =
    List.fold apply document.Text changes
    |> ofText document.Uri document.Path version

/// The line end that the document uses.
let newline (document: Document) : string =
    match document.Text with
    | Some lines when lines.Text.Contains "\r\n" -> "\r\n"
    | _ -> "\n"
