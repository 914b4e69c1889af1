/// Turns characters into tokens: white space, names, numbers, spans.
module Freeze.Language.Lexical

open System
open System.Globalization
open FParsec
open FParsec.Error
open Freeze.Language.Syntax

/// Deeper nesting is a mistake or an attack, and would exhaust the stack.
let nestingLimit = 100

/// The parser's state besides its offset. Immutable, so that backtracking restores it.
type State =
    {
        Diagnostics: Diagnostic list
        /// The nesting depth of brackets and braces.
        Depth: int
        /// Inside ( ) and [ ] a newline is only space.
        NewlineIsSpace: bool
        /// Start and end of the last white space: a span stops before it.
        SpaceStart: int
        SpaceEnd: int
        /// Comments from `#` to the end of the line, the last one first.
        Comments: Span list
    }

    static member Start =
        {
            Diagnostics = []
            Depth = 0
            NewlineIsSpace = false
            SpaceStart = -1
            SpaceEnd = -1
            Comments = []
        }

type Parser<'T> = Parser<'T, State>

let private isSpace c = c = ' ' || c = '\t'

let offset (stream: CharStream<State>) = int stream.Index

/// Skips a comment and records it.
let skipComment (stream: CharStream<State>) =
    if stream.Peek() = '#' then
        let start = offset stream
        stream.SkipCharsOrNewlinesWhile(fun c -> c <> '\n') |> ignore

        stream.UserState <-
            { stream.UserState with
                Comments = { Start = start; End = offset stream } :: stream.UserState.Comments
            }

/// White space and a comment; inside brackets also newlines. Never fails and adds no expectation.
let spaces: Parser<unit> =
    fun stream ->
        let start = offset stream
        let mutable more = true

        while more do
            stream.SkipCharsOrNewlinesWhile(fun c ->
                isSpace c || (c = '\n' && stream.UserState.NewlineIsSpace))
            |> ignore

            skipComment stream
            more <- stream.UserState.NewlineIsSpace && stream.Peek() = '\n'

        stream.UserState <-
            { stream.UserState with
                SpaceStart = start
                SpaceEnd = offset stream
            }

        Reply(())

/// What may separate statements: newlines, `;`, comments.
let separators: Parser<unit> =
    fun stream ->
        let mutable more = true

        while more do
            stream.SkipCharsOrNewlinesWhile(fun c -> isSpace c || c = '\n' || c = ';')
            |> ignore

            more <- stream.Peek() = '#'
            skipComment stream

        Reply(())

/// What a parser read and its span, without trailing white space.
let located (parser: Parser<'T>) : Parser<Located<'T>> =
    fun stream ->
        let start = offset stream
        let reply = parser stream

        if reply.Status = Ok then
            let state, finish = stream.UserState, offset stream
            let trailing = finish = state.SpaceEnd && state.SpaceStart > start

            let span = Span.Between(start, if trailing then state.SpaceStart else finish)

            Reply(reply.Status, { Value = reply.Result; Span = span }, reply.Error)
        else
            Reply(reply.Status, reply.Error)

/// A token: its value and span, followed by white space.
let token (parser: Parser<'T>) : Parser<Located<'T>> = located parser .>> spaces

let symbol (text: string) : Parser<unit> = skipString text >>. spaces

/// A letter of any alphabet.
let isLetter c = Char.IsLetter c || c = '_'

let isNameChar c = isLetter c || Char.IsAsciiDigit c

/// Letters, digits, `_`, and `-` between two of these: `wrn-28-4` is one name, `depth - 4` is not. `extra` may also continue a
/// name: `.` and `*` in a path.
let private nameWith (extra: char -> bool) : Parser<string> =
    fun stream ->
        let starts c = isLetter c || extra c
        let goesOn c = isNameChar c || extra c

        if starts (stream.Peek()) then
            let text = Text.StringBuilder()
            let mutable more = true

            while more do
                text.Append(stream.Read()) |> ignore
                let next = stream.Peek()
                // Two dots are a range, not part of a path.
                let range = next = '.' && stream.Peek 1 = '.'
                more <- (goesOn next && not range) || (next = '-' && goesOn (stream.Peek 1))

            Reply(text.ToString())
        else
            Reply(ReplyStatus.Error, NoErrorMessages)

let word: Parser<string> = nameWith (fun _ -> false) <?> "a name"
let name: Parser<Name> = token word

let path: Parser<string> =
    nameWith (fun c -> c = '.' || c = '*') <?> "a part of the net"

/// One given whole word.
let keyword (text: string) : Parser<Span> =
    fun stream ->
        let state = stream.State
        let reply = token word stream

        if reply.Status = Ok && reply.Result.Value = text then
            Reply(reply.Result.Span)
        else
            stream.BacktrackTo state
            Reply(ReplyStatus.Error, expectedString text)

/// A word of a report: a name, a number, `10%`, `|w|`, `>`.
let reportWord: Parser<string> =
    many1Satisfy (fun c -> isNameChar c || c = '|' || c = '-' || c = '.' || c = '%')
    <|> (anyOf "<>" |>> string)
    <?> "what to show"

let quoted: Parser<string> =
    let inner = manySatisfy (fun c -> c <> '"' && c <> '\n')

    between (skipChar '"') (skipChar '"' <?> "the closing quote") inner
    <?> "a text in quotes"

let private digits = many1Satisfy Char.IsAsciiDigit

/// A number's characters: `12`, `0.4`, `.4`, `5e-4`.
let private numeral: Parser<string * bool> =
    let exponent =
        pipe3 (anyOf "eE") (opt (anyOf "+-")) digits (fun e sign digits ->
            string e + (sign |> Option.map string |> Option.defaultValue "") + digits)
        |> attempt
        <|>% ""

    // The first dot of a range is not part of the number.
    let fraction =
        attempt (pchar '.' >>. notFollowedBy (pchar '.') >>. manySatisfy Char.IsAsciiDigit)
        |>> fun d -> "." + d

    choice
        [
            pipe3 digits (fraction <|>% "") exponent (fun whole fraction exponent ->
                whole + fraction + exponent, fraction = "" && exponent = "")
            pipe2 (attempt (pchar '.' >>. digits)) exponent (fun fraction exponent ->
                "0." + fraction + exponent, false)
        ]

let private ofText (text: string) =
    let isZero = text.Split('e', 'E').[0] |> Seq.forall (fun c -> c = '0' || c = '.')

    // FParsec keeps a message after a label only if the state has changed.
    let refuse message = updateUserState id >>. fail message

    match Decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture) with
    | true, 0m when not isZero -> refuse "this number is too small: 1e-28 is the least"
    | true, value -> preturn value
    | false, _ -> refuse "this number is too large"

/// `12`, `0.4`, `40%`, `0.1x`, `3x5`.
let number: Parser<Term> =
    let size rows =
        attempt (skipChar 'x' >>. digits)
        >>= fun columns ->
            match Int32.TryParse(rows: string), Int32.TryParse columns with
            | (true, rows), (true, columns) -> preturn (Term.Size(rows, columns))
            | _ -> fail "this size is too large"

    let grouped text =
        attempt (many1 (skipChar '_' >>. digits))
        >>= fun groups -> fail $"a number has no `_`: write {text + String.concat String.Empty groups}"

    let endOfNumber text =
        grouped text <|> (notFollowedBy (satisfy isLetter) <?> "the end of the number")

    numeral
    >>= fun (text, whole) ->
        let number form (value: decimal) = Term.Number(value, form)

        choice
            [
                if whole then
                    size text
                skipChar '%' >>. ofText text
                |>> fun value -> number NumberForm.Percent (value / 100m)
                attempt (skipChar 'x' .>> notFollowedBy (satisfy isNameChar)) >>. ofText text
                |>> number NumberForm.Factor
                ofText text |>> number (if whole then NumberForm.Whole else NumberForm.Decimal)
            ]
        .>> endOfNumber text
        <?> "a number"

/// Runs a parser one level deeper, with or without newlines as space; fails fatally beyond the limit.
let nested (newlineIsSpace: bool) (parser: Parser<'T>) : Parser<'T> =
    fun stream ->
        let outside = stream.UserState

        if outside.Depth >= nestingLimit then
            Reply(FatalError, messageError $"at most {nestingLimit} levels of brackets")
        else
            let nest depth newlineIsSpace =
                stream.UserState <-
                    { stream.UserState with
                        Depth = depth
                        NewlineIsSpace = newlineIsSpace
                    }

            nest (outside.Depth + 1) newlineIsSpace
            let reply = parser stream
            nest outside.Depth outside.NewlineIsSpace
            reply
