namespace Freeze.Language

open System
open System.Collections.Generic
open System.IO
open System.Text

/// A half-open range [Start, End) of UTF-16 offsets. A file and its imports share one offset space, so an offset also identifies
/// the file.
[<Struct>]
type Span =
    {
        Start: int
        End: int
    }

    /// The smallest span that contains both.
    static member Join(first: Span, last: Span) = { Start = first.Start; End = last.End }

    static member Between(start: int, finish: int) = { Start = start; End = finish }

    /// The place of something that no file contains.
    static member Nowhere = Span.Between(0, 0)

    /// Whether an offset is in the span or at its end.
    member this.Holds(offset: int) =
        this.Start <= offset && offset <= this.End

/// A thing with its place.
type Located<'T> = { Value: 'T; Span: Span }

/// The start of each line of a text. Lines end in `\n`, `\r\n` or `\r`.
type LineIndex = { Text: string; Starts: int[] }

/// A file's text; Path is its name in messages. Its first character has the offset Start.
type Source =
    {
        Path: string
        Text: string
        Start: int
    }

/// A place for people: lines and columns count from 1, a column is a UTF-16 unit.
[<Struct>]
type Position = { Line: int; Column: int }

[<RequireQualifiedAccess>]
module LineIndex =
    let ofText (text: string) : LineIndex =
        let starts = ResizeArray [ 0 ]
        let mutable next = text.AsSpan().IndexOfAny('\n', '\r')

        while next >= 0 do
            let pair = text[next] = '\r' && next + 1 < text.Length && text[next + 1] = '\n'
            let start = if pair then next + 2 else next + 1
            starts.Add start
            let found = text.AsSpan(start).IndexOfAny('\n', '\r')
            next <- if found < 0 then -1 else start + found

        {
            Text = text
            Starts = starts.ToArray()
        }

    /// The index of the line, from 0, that contains an offset.
    let ofOffset (lines: LineIndex) (offset: int) : int =
        match Array.BinarySearch(lines.Starts, offset) with
        | found when found >= 0 -> found
        | next -> ~~~next - 1

[<RequireQualifiedAccess>]
module Memo =
    /// The value for a key, made on first use.
    let find (known: Dictionary<'Key, 'T>) (key: 'Key) (make: unit -> 'T) : 'T =
        match known.TryGetValue key with
        | true, value -> value
        | false, _ ->
            let value = make ()
            known[key] <- value
            value

    /// A function whose results are cached by a key of its argument.
    let by (comparer: IEqualityComparer<'Key>) (key: 'T -> 'Key) (compute: 'T -> 'U) : 'T -> 'U =
        let known = Dictionary<'Key, 'U>(comparer)
        fun argument -> find known (key argument) (fun () -> compute argument)

    /// A function whose results are cached by its argument.
    let once (compute: 'T -> 'U) : 'T -> 'U = by HashIdentity.Structural id compute

module Map =
    /// The union of both maps; the upper one's value wins.
    let over (below: Map<'Key, 'T>) (above: Map<'Key, 'T>) : Map<'Key, 'T> =
        Map.fold (fun all key value -> Map.add key value all) below above

[<RequireQualifiedAccess>]
module Source =
    /// A Freeze file is written by hand; a larger one is a mistake or an attack.
    let largest = 1_048_576

    let private tooLarge =
        Error $"it is too large: a Freeze file has at most %d{largest} bytes"

    /// An editor's text, with newlines normalised to `\n`, or what is wrong with it.
    let ofText (path: string) (text: string) : Result<Source, string> =
        if text.Length > largest || Encoding.UTF8.GetByteCount text > largest then
            tooLarge
        else
            match text.IndexOf '\000' with
            | -1 -> Ok { Path = path; Text = text; Start = 0 }
            | offset -> Error $"it holds a NUL character (at offset %d{offset}); is it a text file?"

    /// The text in a file's bytes, or what is wrong with them.
    let ofBytes (path: string) (bytes: byte[]) : Result<Source, string> =
        if bytes.Length > largest then
            tooLarge
        else
            try
                let text = UTF8Encoding(false, true).GetString bytes
                text.TrimStart('\uFEFF').Replace("\r\n", "\n") |> ofText path
            with :? DecoderFallbackException as error ->
                Error $"it is not UTF-8 text (at byte %d{max 0 error.Index})"

    /// Plans are written by `freeze plan --json`: this allows ten thousand runs of a large net.
    let private largestPlan = 1_073_741_824

    /// The bytes of a stream, cut off just beyond the largest size: a device or a pipe may have no end.
    let private bounded (largest: int) (stream: Stream) : byte[] =
        use content = new MemoryStream()
        let part = Array.zeroCreate 65536
        let mutable read = stream.Read(part, 0, part.Length)

        while read > 0 && content.Length <= int64 largest do
            content.Write(part, 0, read)
            read <- stream.Read(part, 0, part.Length)

        content.ToArray()

    /// The text from a stream, such as standard input.
    let ofStream (path: string) (stream: Stream) : Result<Source, string> =
        ofBytes path (bounded largest stream)

    /// The content of a file, or why it cannot be read.
    let reading (path: string) (read: string -> Result<'T, string>) : Result<'T, string> =
        try
            read path
        with
        | :? FileNotFoundException when Directory.Exists path -> Error "it is a folder, not a file"
        | :? FileNotFoundException
        | :? DirectoryNotFoundException -> Error "there is no such file"
        | :? UnauthorizedAccessException when Directory.Exists path -> Error "it is a folder, not a file"
        | :? UnauthorizedAccessException -> Error "this user may not read it"
        | :? ArgumentException
        | :? NotSupportedException -> Error "this is not a valid file name"
        | :? IOException as error -> Error error.Message

    /// A file's bytes, regardless of its reported length.
    let private bytes (largest: int) (path: string) : Result<byte[], string> =
        reading path (fun path ->
            use file = File.OpenRead path
            Ok(bounded largest file))

    /// Reads a Freeze file.
    let read (path: string) : Result<Source, string> =
        bytes largest path |> Result.bind (ofBytes path)

    /// Reads the text of a plan file.
    let readPlan (path: string) : Result<string, string> =
        bytes largestPlan path |> Result.map Encoding.UTF8.GetString

    /// Places a source after others; a gap of one separates the end of a file from the start of the next.
    let behind (others: Source seq) (source: Source) : Source =
        match Seq.tryLast others with
        | Some last ->
            { source with
                Start = last.Start + last.Text.Length + 1
            }
        | None -> { source with Start = 0 }

    /// The source that contains an offset, among a file and its imports.
    let at (sources: Source list) (offset: int) : Source =
        sources
        |> List.filter (fun source -> source.Start <= offset)
        |> List.maxBy _.Start

    let private within (source: Source) (offset: int) =
        offset - source.Start |> max 0 |> min source.Text.Length

    /// The text of a span.
    let text (source: Source) (span: Span) : string =
        let start = within source span.Start
        source.Text.Substring(start, within source span.End - start)

    let position (source: Source) (offset: int) : Position =
        let before = source.Text.AsSpan(0, within source offset)

        {
            Line = before.Count '\n' + 1
            Column = before.Length - (before.LastIndexOf '\n' + 1) + 1
        }

    /// The line that contains an offset, and the offset of its first character.
    let line (source: Source) (offset: int) : string * int =
        let offset = within source offset

        let start =
            if offset = 0 then
                0
            else
                source.Text.LastIndexOf('\n', offset - 1) + 1

        let finish =
            match source.Text.IndexOf('\n', offset) with
            | -1 -> source.Text.Length
            | found -> found

        source.Text.Substring(start, finish - start), source.Start + start
