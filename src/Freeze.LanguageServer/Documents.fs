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
        Text: Positions.Lines option
        /// With `\n` alone, or why it cannot be read. Lines and columns are those of the text.
        Source: Result<Source, string>
    }

/// A change of a text: a range and what takes its place, or the whole.
type Change = { Range: Range option; Text: string }

/// A text that the language refuses is kept, for it may shrink again; past this it is dropped.
let private most = 8 * Source.largest

let private ofText uri path version (text: string) : Document =
    if text.Length > most then
        {
            Uri = uri
            Path = path
            Version = version
            Text = None
            Source =
                Error $"it is too large: a Freeze file has at most %d{Source.largest} bytes; open it anew"
        }
    else
        {
            Uri = uri
            Path = path
            Version = version
            Text = Some(Positions.ofText text)
            Source = Source.ofText path (text.Replace("\r\n", "\n").Replace('\r', '\n'))
        }

let opened (uri: string) (version: int) (text: string) : Document =
    let path = Uris.toPath uri |> Option.defaultValue uri
    ofText uri path version text

let private apply (text: Positions.Lines option) (change: Change) : Positions.Lines option =
    match change.Range, text with
    | None, _ -> Some(Positions.ofText change.Text)
    // What it is a change of is not known.
    | Some _, None -> None
    | Some range, Some lines ->
        let first, last = Positions.offsets lines range

        if lines.Text.Length - (last - first) + change.Text.Length > most then
            None
        else
            String.Concat(lines.Text.AsSpan(0, first), change.Text.AsSpan(), lines.Text.AsSpan last)
            |> Positions.ofText
            |> Some

/// A document after changes, one after the other. Messages come in order, so they hold whatever their version says.
let changed (version: int) (changes: Change list) (document: Document) : Document =
    match List.fold apply document.Text changes with
    | Some lines -> ofText document.Uri document.Path version lines.Text
    | None ->
        { ofText document.Uri document.Path version "" with
            Text = None
            Source =
                Error $"it is too large: a Freeze file has at most %d{Source.largest} bytes; open it anew"
        }

/// The line end that the document uses.
let newline (document: Document) : string =
    match document.Text with
    | Some lines when lines.Text.Contains "\r\n" -> "\r\n"
    | _ -> "\n"
