namespace Freeze.Language

open System
open System.IO
open System.Text

/// A half-open range [Start, End) of UTF-16 offsets. A file and those that it imports lie one behind the other, so an
/// offset names the file too.
[<Struct>]
type Span =
    {
        Start: int
        End: int
    }

    /// The smallest span that holds both.
    static member Join(first: Span, last: Span) = { Start = first.Start; End = last.End }

/// A thing together with where it stands.
type Located<'T> = { Value: 'T; Span: Span }

/// A file's text; Path is what messages call it. Its first character has the offset Start.
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
module Source =
    /// A Freeze file is written by hand; a larger one is a mistake or an attack.
    let largest = 1_048_576

    let private tooLarge =
        Error $"it is too large: a Freeze file has at most %d{largest} bytes"

    /// A text that an editor holds, with newlines of `\n` alone, or what is wrong with it.
    let ofText (path: string) (text: string) : Result<Source, string> =
        if text.Length > largest || Encoding.UTF8.GetByteCount text > largest then
            tooLarge
        else
            match text.IndexOf '\000' with
            | -1 -> Ok { Path = path; Text = text; Start = 0 }
            | offset -> Error $"it holds a NUL character (at offset %d{offset}); is it a text file?"

    /// The text of a file's bytes, or what is wrong with them.
    let ofBytes (path: string) (bytes: byte[]) : Result<Source, string> =
        if bytes.Length > largest then
            tooLarge
        else
            try
                let text = UTF8Encoding(false, true).GetString bytes
                text.TrimStart('\uFEFF').Replace("\r\n", "\n") |> ofText path
            with :? DecoderFallbackException as error ->
                Error $"it is not UTF-8 text (at byte %d{max 0 error.Index})"

    /// A plan is written by `freeze plan --json`: ten thousand runs of a large net.
    let private largestPlan = 1_073_741_824

    /// The bytes of a stream, or some more than the largest size: a device or a pipe may have no end.
    let private bounded (largest: int) (stream: Stream) : byte[] =
        use content = new MemoryStream()
        let part = Array.zeroCreate 65536
        let mutable read = stream.Read(part, 0, part.Length)

        while read > 0 && content.Length <= int64 largest do
            content.Write(part, 0, read)
            read <- stream.Read(part, 0, part.Length)

        content.ToArray()

    /// The text that a stream holds, such as standard input.
    let ofStream (path: string) (stream: Stream) : Result<Source, string> =
        ofBytes path (bounded largest stream)

    /// A file's bytes, whatever the file says of its length.
    let private bytes (largest: int) (path: string) : Result<byte[], string> =
        try
            use file = File.OpenRead path
            Ok(bounded largest file)
        with
        | :? FileNotFoundException
        | :? DirectoryNotFoundException -> Error "there is no such file"
        | :? UnauthorizedAccessException when Directory.Exists path -> Error "it is a folder, not a file"
        | :? UnauthorizedAccessException -> Error "it may not be read by this user"
        | :? ArgumentException
        | :? NotSupportedException -> Error "this is no name of a file"
        | :? IOException as error -> Error error.Message

    /// Reads a Freeze file.
    let read (path: string) : Result<Source, string> =
        bytes largest path |> Result.bind (ofBytes path)

    /// Reads the text of a plan file.
    let readPlan (path: string) : Result<string, string> =
        bytes largestPlan path |> Result.map Encoding.UTF8.GetString

    /// The file in which an offset lies, of a file and those that it imports.
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

    /// The line that holds an offset, and the offset of its first character.
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
