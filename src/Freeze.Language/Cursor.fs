/// Where a cursor stands in a text: in which blocks, and after which tokens of its statement.
[<RequireQualifiedAccess>]
module Freeze.Language.Cursor

open System
open Freeze.Language.Scanner

[<RequireQualifiedAccess>]
type Block =
    | Case of name: string
    | Profile
    | Ensemble
    | Stage
    | Net of name: string
    /// A net's table of names.
    | Names
    | Report
    /// A table of published values.
    | Expect
    /// A block without a statement before it.
    | Unknown

type Cursor =
    {
        /// From outermost to innermost.
        Blocks: Block list
        /// The tokens of the statement before the word that is being typed.
        Before: string list
        /// The callee of the innermost open brackets: "" if they have no name before them, None outside brackets.
        Call: string option
        /// The word that is being typed, including the dots and stars of a path; it may be empty.
        Word: Span
        /// Whether the cursor is in a comment or a quoted text, where nothing is offered.
        IsProse: bool
    }

/// An open bracket, and the tokens before it in its statement.
type private Open = { Symbol: string; Before: string list }

/// The kind of the block that a statement's head opens.
let private block (outer: Block list) (head: string list) =
    match List.rev head, List.tryLast outer with
    | "names" :: _ :: _, Some(Block.Net _) -> Block.Names
    // Everything else in a net is a part of the net.
    | _, Some(Block.Net name) -> Block.Net name
    | "case" :: name :: _, _ -> Block.Case name
    | "profile" :: _, _ -> Block.Profile
    | "ensemble" :: _, _ -> Block.Ensemble
    | "stage" :: _, _ -> Block.Stage
    | "net" :: name :: _, _ -> Block.Net name
    | "report" :: _, _ -> Block.Report
    | "expect" :: _, _ -> Block.Expect
    | _ -> Block.Unknown

/// Whether a character may be part of a path.
let isPath c =
    Lexical.isNameChar c || c = '-' || c = '.' || c = '*'

/// Where an offset stands in a source with known tokens.
let at (source: Source) (tokens: Token[]) (offset: int) : Cursor =
    let text (span: Span) = Source.text source span
    let mutable blocks: Block list = []
    let mutable opened: Open list = []
    let mutable before: string list = []
    let mutable prose = false

    let rec wordStart place =
        if place > source.Start && isPath source.Text[place - source.Start - 1] then
            wordStart (place - 1)
        else
            place

    let start = wordStart offset
    // `1..` before the cursor is a range, not a path.
    let isRange =
        source.Text.AsSpan(start - source.Start, offset - start).Contains("..", StringComparison.Ordinal)

    let start = if isRange then offset else start

    for token in tokens |> Seq.takeWhile (fun token -> token.Span.Start < offset) do
        let inside = token.Span.End > offset

        let unclosed () =
            token.Kind = TokenKind.Text
            && token.Span.End = offset
            && (token.Span.End - token.Span.Start = 1 || not ((text token.Span).EndsWith '"'))

        match token.Kind with
        | TokenKind.Comment -> prose <- token.Span.End >= offset
        | TokenKind.Text when inside || unclosed () -> prose <- true
        | TokenKind.Newline when opened.IsEmpty || opened.Head.Symbol = "{" -> before <- []
        | TokenKind.Newline -> ()
        | _ when token.Span.Start >= start -> ()
        | TokenKind.Symbol ->
            match text token.Span with
            | "{" ->
                blocks <- blocks @ [ block blocks before ]
                opened <- { Symbol = "{"; Before = before } :: opened
                before <- []
            | "}" ->
                // Brackets that are still open inside the block end with it.
                match opened |> List.skipWhile (fun o -> o.Symbol <> "{") with
                | _ :: outer ->
                    opened <- outer
                    blocks <- List.take (blocks.Length - 1) blocks
                | [] -> opened <- []

                before <- []
            | ";" when opened.IsEmpty || opened.Head.Symbol = "{" -> before <- []
            | "("
            | "[" as symbol ->
                opened <- { Symbol = symbol; Before = before } :: opened
                before <- symbol :: before
            | ")"
            | "]" as symbol ->
                match opened with
                | { Symbol = "(" | "[" } :: outer -> opened <- outer
                | _ -> ()

                before <- symbol :: before
            | symbol -> before <- symbol :: before
        | TokenKind.Word
        | TokenKind.Number
        | TokenKind.Text -> before <- text token.Span :: before

    {
        Blocks = blocks
        Before = List.rev before
        Call =
            opened
            |> List.takeWhile (fun o -> o.Symbol <> "{")
            |> List.tryFind (fun o -> o.Symbol = "(")
            |> Option.map (fun o ->
                match o.Before with
                | callee :: _ when Lexical.isLetter callee[0] -> callee
                | _ -> "")
        Word = { Start = start; End = offset }
        IsProse = prose
    }
