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
            // Some editors refuse an empty name.
            "name", text (if name.Trim() = "" then "…" else name)
            "kind", number kind
            "range", range (Workspace.rangeOf analysed whole)
            "selectionRange", range (Workspace.rangeOf analysed head)
            if not children.IsEmpty then
                "children", array children
        ]

let private textOf analysed (span: Span) =
    Source.text (Workspace.sourceOf analysed) span

let rec private parts analysed (body: NetPart list) : JsonNode list =
    body
    |> List.collect (fun part ->
        let inner () = parts analysed (Walk.inner part)

        let one name kind (head: Span) children =
            [ symbol analysed name kind part.Span head children ]

        match part.Value, Walk.label part with
        | NetItem.Stage(number, _), _ ->
            one ("stage " + textOf analysed number.Span) SymbolKind.field number.Span (inner ())
        | NetItem.Define { Name = name }, _ -> one name.Value SymbolKind.constructor name.Span (inner ())
        | NetItem.Let(name, _), _ -> one name.Value SymbolKind.variable name.Span []
        | _, Some label -> one label.Value SymbolKind.field label.Span (inner ())
        | _, None -> inner ())

let rec private statement analysed (written: Statement) : JsonNode list =
    let one name kind head children =
        [ symbol analysed name kind written.Span head children ]

    let inside = List.collect (fun inner -> statement analysed inner)

    match written.Value with
    | StatementItem.Case(name, body) -> one name.Value SymbolKind.namespaceKind name.Span (inside body)
    | StatementItem.Profile(name, body) -> one name.Value SymbolKind.moduleKind name.Span (inside body)
    | StatementItem.Ensemble(members, _, body) ->
        one "ensemble" SymbolKind.namespaceKind members.Span (inside body)
    | StatementItem.Stage(number, body) ->
        one ("stage " + textOf analysed number.Span) SymbolKind.namespaceKind number.Span (inside body)
    | StatementItem.Net { Name = name; Body = body } ->
        one name.Value SymbolKind.classKind name.Span (parts analysed body)
    | StatementItem.Let(name, _)
    | StatementItem.Draw(name, _) -> one name.Value SymbolKind.variable name.Span []
    | StatementItem.Together(names, _) ->
        one (names |> List.map _.Value |> String.concat ", ") SymbolKind.variable (join names) []
    | StatementItem.Setting(name, _)
    | StatementItem.Learn(name, _) -> one name.Value SymbolKind.property name.Span []
    | StatementItem.Rule(selector, _) -> one (textOf analysed selector.Span) SymbolKind.event selector.Span []
    | StatementItem.Import path -> one path.Value SymbolKind.file path.Span []
    | StatementItem.Report _ -> one "report" SymbolKind.moduleKind written.Span []
    | StatementItem.Expect _
    | StatementItem.ExpectTable _
    | StatementItem.Broken -> []

let answer (analysed: Analysed) : JsonNode =
    analysed.Statements |> List.collect (statement analysed) |> array

// Folding ----------------------------------------------------------------------------------------------------

/// Blocks in braces and statements that span several lines.
let private folds (statements: Statement list) : Span seq =
    let hasBody (part: NetPart) =
        not (part.Value.IsLayer || part.Value.IsLet || part.Value.IsBroken)

    Walk.statements statements
    |> Seq.collect (fun statement ->
        seq {
            statement.Span

            match statement.Value with
            | StatementItem.Net { Body = body } ->
                yield! Walk.parts body |> Seq.filter hasBody |> Seq.map _.Span
            | _ -> ()
        })

/// Runs of lines that contain only comments, as first and last line.
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
        for span in folds analysed.Statements |> Seq.map lines |> Seq.filter isLong do
            // The closing brace stays visible.
            fold None (fst span, snd span - 1)
        for run in commentRuns analysed |> List.filter isLong do
            fold (Some "comment") run
    ]
    |> array
