/// The canonical form of a document, as edits of the lines that differ.
[<RequireQualifiedAccess>]
module Freeze.LanguageServer.Formatting

open System.Text.Json.Nodes
open Freeze.Language
open Freeze.LanguageServer.Protocol
open Freeze.LanguageServer.Workspace

/// Lines [First, First + Count) of the old text, and what takes their place.
type private Hunk =
    {
        First: int
        Count: int
        Lines: string list
    }

/// Longer differences are one hunk: a table of their lines would be too large.
let private longest = 1000

/// What differs between two texts, by their longest common subsequence of lines.
let private differences (before: string[]) (after: string[]) : Hunk list =
    let shortest = min before.Length after.Length

    let mutable head = 0

    while head < shortest && before[head] = after[head] do
        head <- head + 1

    let mutable tail = 0

    while tail < shortest - head
          && before[before.Length - 1 - tail] = after[after.Length - 1 - tail] do
        tail <- tail + 1

    let old = before[head .. before.Length - 1 - tail]
    let fresh = after[head .. after.Length - 1 - tail]

    if old.Length = 0 && fresh.Length = 0 then
        []
    elif old.Length > longest || fresh.Length > longest then
        [
            {
                First = head
                Count = old.Length
                Lines = List.ofArray fresh
            }
        ]
    else
        // The length of the longest common subsequence behind each pair of places.
        let common = Array2D.zeroCreate (old.Length + 1) (fresh.Length + 1)

        for i in old.Length - 1 .. -1 .. 0 do
            for j in fresh.Length - 1 .. -1 .. 0 do
                common[i, j] <-
                    if old[i] = fresh[j] then
                        common[i + 1, j + 1] + 1
                    else
                        max common[i + 1, j] common[i, j + 1]

        let rec walk i j (open': Hunk option) (found: Hunk list) =
            let close () =
                match open' with
                | Some hunk ->
                    { hunk with
                        Lines = List.rev hunk.Lines
                    }
                    :: found
                | None -> found

            let current =
                open'
                |> Option.defaultValue
                    {
                        First = head + i
                        Count = 0
                        Lines = []
                    }

            if i < old.Length && j < fresh.Length && old[i] = fresh[j] then
                walk (i + 1) (j + 1) None (close ())
            elif i < old.Length && (j = fresh.Length || common[i + 1, j] >= common[i, j + 1]) then
                walk
                    (i + 1)
                    j
                    (Some
                        { current with
                            Count = current.Count + 1
                        })
                    found
            elif j < fresh.Length then
                walk
                    i
                    (j + 1)
                    (Some
                        { current with
                            Lines = fresh[j] :: current.Lines
                        })
                    found
            else
                List.rev (close ())

        walk 0 0 None []

/// Lines with what ends them, so that a last line without an end differs.
let private linesOf (text: string) : string[] =
    let parts = text.Split '\n'

    parts
    |> Array.mapi (fun i part -> if i < parts.Length - 1 then part + "\n" else part)
    |> Array.filter ((<>) "")

let private edit (newline: string) (hunk: Hunk) : TextEdit =
    let start line = { Line = line; Character = 0 }

    {
        Range =
            {
                Start = start hunk.First
                End = start (hunk.First + hunk.Count)
            }
        NewText = (String.concat "" hunk.Lines).Replace("\n", newline)
    }

/// The edits that bring a document, or the lines of a range, into canonical form. A text with a mistake in its syntax
/// has none, and its diagnostics say why.
let answer (analysed: Analysed) (within: Range option) : JsonNode =
    let source = Workspace.sourceOf analysed

    match analysed.Document.Source, lazy (Format.format source) with
    | Error _, _
    | _, Lazy(Error _) -> array []
    | Ok _, Lazy(Ok formatted) ->
        let touches (hunk: Hunk) =
            match within with
            | None -> true
            | Some range ->
                let last =
                    if range.End.Character = 0 then
                        max range.Start.Line (range.End.Line - 1)
                    else
                        range.End.Line

                hunk.First <= last && hunk.First + max 1 hunk.Count > range.Start.Line

        differences (linesOf source.Text) (linesOf formatted)
        |> List.filter touches
        |> Seq.map (edit (Documents.newline analysed.Document) >> textEdit)
        |> array
