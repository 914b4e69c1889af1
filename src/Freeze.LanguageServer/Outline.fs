/// The parts of a file: for outlines, breadcrumbs and folding.
[<RequireQualifiedAccess>]
module Freeze.LanguageServer.Outline

open System.Text.Json.Nodes
open Freeze.Language
open Freeze.Language.Syntax
open Freeze.LanguageServer.Protocol
open Freeze.LanguageServer.Workspace

/// SymbolKind.
[<RequireQualifiedAccess>]
module private SymbolKind =
    let file = 1
    let moduleKind = 2
    let namespaceKind = 3
    let classKind = 5
    let property = 7
    let field = 8
    let constructor = 9
    let variable = 13
    let event = 24

let private symbol
    analysed
    (name: string)
    kind
    (whole: Span)
    (head: Span)
    (children: JsonNode list)
    : JsonNode =
    object
        [
            // An empty name is refused by some editors.
            "name", text (if name.Trim() = "" then "…" else name)
            "kind", number kind
            "range", range (Workspace.rangeOf analysed whole)
            "selectionRange", range (Workspace.rangeOf analysed head)
            if not children.IsEmpty then
                "children", array children
        ]

let rec private parts analysed (body: NetPart list) : JsonNode list =
    body
    |> List.collect (fun part ->
        let labelled (label: Name option) inner =
            match label with
            | Some label ->
                [
                    symbol analysed label.Value SymbolKind.field part.Span label.Span (parts analysed inner)
                ]
            | None -> parts analysed inner

        match part.Value with
        | NetItem.Layer(label, _) -> labelled label []
        | NetItem.Block(label, inner) -> labelled (Some label) inner
        | NetItem.Repeat(label, _, _, inner)
        | NetItem.Dense(label, inner)
        | NetItem.Residual(label, inner, None) -> labelled label inner
        | NetItem.Residual(label, inner, Some shortcut) -> labelled label (inner @ shortcut.Body)
        | NetItem.Stage(number, inner) ->
            let source = Workspace.sourceOf analysed
            let name = "stage " + Source.text source number.Span

            [
                symbol analysed name SymbolKind.field part.Span number.Span (parts analysed inner)
            ]
        | NetItem.Define(name, _, inner) ->
            [
                symbol analysed name.Value SymbolKind.constructor part.Span name.Span (parts analysed inner)
            ]
        | NetItem.Let(name, _) -> [ symbol analysed name.Value SymbolKind.variable part.Span name.Span [] ]
        | NetItem.Broken -> [])

let rec private statement analysed (statement: Statement) : JsonNode list =
    let one name kind head children =
        [ symbol analysed name kind statement.Span head children ]

    let inside = List.collect (fun inner -> (symbols analysed inner: JsonNode list))

    match statement.Value with
    | StatementItem.Case(name, body) -> one name.Value SymbolKind.namespaceKind name.Span (inside body)
    | StatementItem.Profile(name, body) -> one name.Value SymbolKind.moduleKind name.Span (inside body)
    | StatementItem.Ensemble(members, _, body) ->
        one "ensemble" SymbolKind.namespaceKind members.Span (inside body)
    | StatementItem.Stage(number, body) ->
        let source = Workspace.sourceOf analysed
        one ("stage " + Source.text source number.Span) SymbolKind.namespaceKind number.Span (inside body)
    | StatementItem.Net(name, _, body) -> one name.Value SymbolKind.classKind name.Span (parts analysed body)
    | StatementItem.Let(name, _)
    | StatementItem.Draw(name, _) -> one name.Value SymbolKind.variable name.Span []
    | StatementItem.Together(names, _) ->
        one (names |> List.map _.Value |> String.concat ", ") SymbolKind.variable (join names) []
    | StatementItem.Setting(name, _)
    | StatementItem.Learn(name, _) -> one name.Value SymbolKind.property name.Span []
    | StatementItem.Rule(selector, _) ->
        let source = Workspace.sourceOf analysed
        one (Source.text source selector.Span) SymbolKind.event selector.Span []
    | StatementItem.Import path -> one path.Value SymbolKind.file path.Span []
    | StatementItem.Report _ -> one "report" SymbolKind.moduleKind statement.Span []
    | StatementItem.Expect _
    | StatementItem.Broken -> []

and private symbols analysed (inner: Statement) : JsonNode list = statement analysed inner

let answer (analysed: Analysed) : JsonNode =
    analysed.Statements |> List.collect (statement analysed) |> array

// Folding ----------------------------------------------------------------------------------------------------

let rec private foldsOfParts (body: NetPart list) : Span list =
    body
    |> List.collect (fun part ->
        match part.Value with
        | NetItem.Block(_, inner)
        | NetItem.Repeat(_, _, _, inner)
        | NetItem.Dense(_, inner)
        | NetItem.Stage(_, inner)
        | NetItem.Residual(_, inner, None)
        | NetItem.Define(_, _, inner) -> part.Span :: foldsOfParts inner
        | NetItem.Residual(_, inner, Some shortcut) -> part.Span :: foldsOfParts (inner @ shortcut.Body)
        | NetItem.Layer _
        | NetItem.Let _
        | NetItem.Broken -> [])

let rec private foldsOf (statements: Statement list) : Span list =
    statements
    |> List.collect (fun statement ->
        match statement.Value with
        | StatementItem.Case(_, body)
        | StatementItem.Profile(_, body)
        | StatementItem.Stage(_, body)
        | StatementItem.Ensemble(_, _, body) -> statement.Span :: foldsOf body
        | StatementItem.Net(_, _, body) -> statement.Span :: foldsOfParts body
        | _ -> [ statement.Span ])

/// Runs of lines that are comments alone, as first and last line.
let private commentRuns (analysed: Analysed) : (int * int) list =
    let source = Workspace.sourceOf analysed

    let alone (span: Span) =
        let line, start = Source.line source span.Start
        line.Substring(0, span.Start - start).Trim() = ""

    analysed.Root.Parsed.Comments
    |> List.filter alone
    |> List.map (fun span -> (Workspace.rangeOf analysed span).Start.Line)
    |> List.fold
        (fun runs line ->
            match runs with
            | (first, last) :: others when line = last + 1 -> (first, line) :: others
            | runs -> (line, line) :: runs)
        []
    |> List.rev

let folding (analysed: Analysed) : JsonNode =
    let fold kind (first: int, last: int) =
        object
            [
                "startLine", number first
                "endLine", number last
                match kind with
                | Some kind -> "kind", text kind
                | None -> ()
            ]

    let lines (span: Span) =
        let range = Workspace.rangeOf analysed span
        range.Start.Line, range.End.Line

    let isLong (first, last) = last > first

    [
        for span in foldsOf analysed.Statements |> List.map lines |> List.filter isLong do
            // The closing brace stays in sight.
            fold None (fst span, snd span - 1)
        for run in commentRuns analysed |> List.filter isLong do
            fold (Some "comment") run
    ]
    |> array
