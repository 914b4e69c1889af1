/// Expands a selection step by step: a word, the content of its brackets, a part of a statement, the statement, the block around
/// it, the file.
[<RequireQualifiedAccess>]
module Freeze.LanguageServer.Selections

open System.Text.Json.Nodes
open Freeze.Language
open Freeze.Language.Syntax
open Freeze.LanguageServer.Protocol
open Freeze.LanguageServer.Workspace

/// For each pair of brackets, the span inside and the span including the brackets.
let private brackets (source: Source) (tokens: Scanner.Token[]) : Span seq =
    let mutable opened: int list = []
    let found = ResizeArray<Span>()

    for token in tokens do
        if token.Kind = Scanner.TokenKind.Symbol then
            match Source.text source token.Span with
            | "("
            | "["
            | "{" -> opened <- token.Span.Start :: opened
            | ")"
            | "]"
            | "}" ->
                match opened with
                | start :: outer ->
                    opened <- outer
                    found.Add(Span.Between(start + 1, token.Span.Start))
                    found.Add(Span.Between(start, token.Span.End))
                | [] -> ()
            | _ -> ()

    found

let private ofStatement (statement: Statement) : Span seq =
    seq {
        statement.Span

        match statement.Value with
        | StatementItem.Rule(selector, action) ->
            yield! Walk.selectors selector |> Seq.map _.Span
            Span.Join(action.Verb.Span, statement.Span)

            for expression in Walk.ruleExpressions selector action do
                yield! Walk.expressions expression |> Seq.map _.Span
        | StatementItem.Setting(_, phrase)
        | StatementItem.Learn(_, phrase) ->
            join phrase

            for expression in phrase do
                yield! Walk.expressions expression |> Seq.map _.Span
        | StatementItem.Let(_, value)
        | StatementItem.Draw(_, value)
        | StatementItem.Together(_, value) -> yield! Walk.expressions value |> Seq.map _.Span
        | StatementItem.Net definition -> yield! Walk.parts definition.Body |> Seq.map _.Span
        | _ -> ()
    }

/// Spans around an offset, nested from the innermost to the outermost.
let private around (analysed: Analysed) (offset: int) : Span list =
    let source = Workspace.sourceOf analysed

    let all =
        seq {
            yield!
                analysed.Tokens.Value
                |> Seq.filter (fun token -> token.Kind <> Scanner.TokenKind.Newline)
                |> Seq.map _.Span

            yield! brackets source analysed.Tokens.Value
            yield! Walk.statements analysed.Statements |> Seq.collect ofStatement
            Span.Between(0, source.Text.Length)
        }

    all
    |> Seq.filter (fun span -> span.Start <= offset && offset <= span.End && span.End > span.Start)
    |> Seq.distinct
    |> Seq.sortBy (fun span -> span.End - span.Start)
    |> Seq.fold
        (fun chain span ->
            match chain with
            | (last: Span) :: _ when span.Start > last.Start || span.End < last.End -> chain
            | _ -> span :: chain)
        []

let private selection (analysed: Analysed) (position: Position) : JsonNode =
    let offset = Workspace.offsetOf analysed position

    match around analysed offset with
    // An empty file.
    | [] -> object [ "range", range { Start = position; End = position } ]
    | chain ->
        chain
        |> List.fold
            (fun (parent: JsonNode) span ->
                object
                    [
                        "range", range (Workspace.rangeOf analysed span)
                        if not (isNull parent) then
                            "parent", parent
                    ])
            null

let answer (analysed: Analysed) (positions: Position list) : JsonNode =
    positions |> Seq.map (selection analysed) |> array
