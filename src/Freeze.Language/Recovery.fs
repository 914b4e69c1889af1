/// How the parser recovers from an error: the message, and where the next statement begins.
module Freeze.Language.Recovery

open FParsec
open FParsec.Error
open Freeze.Language.Syntax
open Freeze.Language.Lexical

/// An operator may follow every value, so it is mentioned only if nothing else is expected.
let operatorLabel = "an operator"

/// The labels of what was expected, in the reader's words.
let private expectations (error: ErrorMessageList) =
    let messages = ErrorMessageList.ToSortedArray error

    let expected =
        messages
        |> Array.choose (function
            | Expected label -> Some label
            | ExpectedString text -> Some $"`{text}`"
            | _ -> None)
        |> Array.distinct

    let expected =
        match expected |> Array.filter ((<>) operatorLabel) with
        | [||] -> expected
        | others -> others

    let said =
        messages
        |> Array.tryPick (function
            | Message text -> Some text
            | _ -> None)

    match said with
    | Some text -> text
    | None when expected.Length = 0 -> "this was not expected here"
    | None -> "expected " + Suggest.list "or" 8 expected

/// The word or character at an offset, for the underline.
let private spanAt (stream: CharStream<State>) (start: int) =
    stream.Seek(int64 start)
    let length = stream.SkipCharsOrNewlinesWhile(fun c -> isNameChar c)

    Span.Between(start, start + max length 1)

/// The text around an error may show from which language it comes.
let private foreign (stream: CharStream<State>) (start: int) (failedAt: int) =
    let near = 200
    let from = max start (failedAt - near)
    stream.Seek(int64 from)
    let before = stream.Read(failedAt - from)
    let rest = stream.Read near
    let word = rest |> Seq.takeWhile isNameChar |> System.String.Concat
    Foreign.hint before (rest.Split('\n')[0]) word

/// Skips to where the next statement can begin: a newline, `;` or `}`, skipping bracketed parts as a whole.
let private skipStatement (stream: CharStream<State>) =
    let mutable depth = 0
    let mutable more = not stream.IsEndOfStream

    while more do
        match stream.Peek() with
        | '\n'
        | ';' when depth = 0 -> more <- false
        | '}' when depth = 0 -> more <- false
        | c ->
            if c = '{' then
                depth <- depth + 1
            elif c = '}' then
                depth <- depth - 1

            if c = '#' then
                skipComment stream
            else
                stream.ReadCharOrNewline() |> ignore

            more <- not stream.IsEndOfStream

/// Runs `parser`; if it fails, however far it got, reports why, skips to the statement's end and returns
/// `broken`, so that one mistake costs one statement.
let recovering (broken: 'T) (parser: Parser<'T>) : Parser<'T> =
    fun stream ->
        let before = stream.State
        let start = offset stream
        let reply = parser stream

        if reply.Status = Ok then
            reply
        else
            let failedAt = offset stream
            let found = stream.UserState.Diagnostics
            let place = spanAt stream failedAt

            let diagnostic =
                foreign stream start failedAt
                |> Diagnostic.syntax place (expectations reply.Error)

            stream.BacktrackTo before
            skipStatement stream

            // A stray `}` or bracket must not stop the parser: at least one character is consumed.
            if offset stream = start && not stream.IsEndOfStream then
                stream.ReadCharOrNewline() |> ignore

            stream.UserState <-
                { before.UserState with
                    Diagnostics = diagnostic :: found
                    Comments = stream.UserState.Comments
                }

            Reply broken
