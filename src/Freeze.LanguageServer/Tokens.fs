/// Semantic tokens: the type of each word of a text, for highlighting beyond a grammar of patterns.
[<RequireQualifiedAccess>]
module Freeze.LanguageServer.Tokens

open System
open System.Collections.Generic
open System.Text.Json
open System.Text.Json.Nodes
open Freeze.Language
open Freeze.Language.Syntax
open Freeze.LanguageServer.Protocol
open Freeze.LanguageServer.Workspace

/// The token types, in the order of their numbers in the protocol.
type private Type =
    | Keyword = 0
    /// A setting.
    | Property = 1
    | Variable = 2
    | Parameter = 3
    /// A net.
    | Class = 4
    /// A case.
    | Namespace = 5
    | Function = 6
    | Number = 7
    | String = 8
    | Comment = 9
    /// A layer, an optimizer, a unit.
    | Type = 10
    /// A part of a net.
    | EnumMember = 11

/// The protocol's names of the token types.
let types = Enum.GetNames<Type>() |> Seq.map JsonNamingPolicy.CamelCase.ConvertName

let modifiers = [ "declaration" ]

let private ofName (kind: Names.NameKind) =
    match kind with
    | Names.NameKind.Let -> Type.Variable
    | Names.NameKind.Net -> Type.Class
    | Names.NameKind.Case
    | Names.NameKind.Profile -> Type.Namespace
    | Names.NameKind.Block -> Type.Function
    | Names.NameKind.Local -> Type.Parameter

/// Places whose words have one type: names of settings and parts, paths, layers, units.
let private ofSyntax (statements: Statement list) : (Span * Type) list =
    let call (expression: Expression) =
        match expression.Value with
        | Term.Call(callee, _) -> [ callee.Span, Type.Type ]
        | Term.Word _ -> [ expression.Span, Type.Type ]
        | _ -> []

    let part (part: NetPart) =
        [
            for label in Option.toList (Walk.label part) do
                label.Span, Type.EnumMember
            match part.Value with
            | NetItem.Layer(_, phrase) -> yield! call phrase.Head
            | NetItem.Residual(_, _, Some { From = Some from }) -> from.Span, Type.EnumMember
            | NetItem.Names(_, lines) ->
                for line in lines |> List.choose _.Value do
                    line.Parts.Span, Type.EnumMember
            | _ -> ()
        ]

    let statement (statement: Statement) =
        match statement.Value with
        | StatementItem.Setting(name, phrase)
        | StatementItem.Learn(name, phrase) ->
            (name.Span, Type.Property)
            :: (match phrase with
                | [ only ] -> call only
                | _ -> [])
        | StatementItem.Together(names, _) -> names |> List.map (fun name -> name.Span, Type.Property)
        | StatementItem.Draw(name, value) -> (name.Span, Type.Property) :: call value
        | StatementItem.Rule(selector, action) ->
            [
                for inner in Walk.selectors selector do
                    if inner.Value.IsPath then
                        inner.Span, Type.EnumMember
                for amount in Option.toList action.Amount do
                    amount.Dimension.Span, Type.Type
            ]
        | StatementItem.Net { Body = body } -> Walk.parts body |> Seq.collect part |> List.ofSeq
        | _ -> []

    /// The unit of a value: `1 filter`.
    let units (statement: Statement) =
        Walk.statementExpressions statement
        |> Seq.collect Walk.expressions
        |> Seq.choose (fun inner ->
            match inner.Value with
            | Term.Amount(_, unit) -> Some(unit.Span, Type.Type)
            | _ -> None)
        |> List.ofSeq

    Walk.statements statements
    |> Seq.collect (fun each -> statement each @ units each)
    |> List.ofSeq

let private keywords =
    [
        Phrases.statements
        Phrases.actions
        Phrases.modifiers
        Phrases.selectors
        Phrases.structures
        Vocabulary.reports
    ]
    |> List.collect Vocabulary.names
    |> Seq.collect _.Split(' ')
    |> Seq.append [ "in"; "except"; "on"; "by"; "for"; "and"; "after"; "epoch"; "epochs"; "from" ]
    |> Set.ofSeq

let private functions =
    Set.ofList ((Vocabulary.functions |> List.map fst) @ Vocabulary.names Vocabulary.draws)

/// For the start of each token, its type and whether it defines a name.
let private known (analysed: Analysed) : Dictionary<int, Type * bool> =
    let source = Workspace.sourceOf analysed
    let found = Dictionary<int, Type * bool>()

    let tokens = analysed.Tokens.Value
    let starts = tokens |> Array.map _.Span.Start

    for span, kind in ofSyntax analysed.Statements do
        let mutable i =
            match Array.BinarySearch(starts, span.Start) with
            | found when found >= 0 -> found
            | next -> ~~~next

        while i < tokens.Length && tokens[i].Span.Start < span.End do
            found[tokens[i].Span.Start] <- kind, false
            i <- i + 1

    for name in analysed.Names.Value do
        if name.Span.Start < source.Text.Length then
            found[name.Span.Start] <- ofName name.Kind, name.IsDefinition

    found

let private classify (source: Source) (known: Dictionary<int, Type * bool>) (token: Scanner.Token) =
    match known.TryGetValue token.Span.Start, token.Kind with
    | _, Scanner.TokenKind.Comment -> Some(Type.Comment, false)
    | _, Scanner.TokenKind.Text -> Some(Type.String, false)
    | _, Scanner.TokenKind.Number -> Some(Type.Number, false)
    | _, (Scanner.TokenKind.Symbol | Scanner.TokenKind.Newline) -> None
    | (true, found), Scanner.TokenKind.Word -> Some found
    | (false, _), Scanner.TokenKind.Word ->
        match Source.text source token.Span with
        | word when functions.Contains word -> Some(Type.Function, false)
        | word when keywords.Contains word -> Some(Type.Keyword, false)
        | _ -> None

/// All tokens of the document, or those that touch a range: five numbers each, relative to the token before.
let answer (analysed: Analysed) (within: Range option) : JsonNode =
    let source = Workspace.sourceOf analysed
    let known = known analysed
    let data = ResizeArray<int>()
    let mutable line = 0
    let mutable character = 0

    let first, last =
        match within with
        | Some range -> Workspace.offsetOf analysed range.Start, Workspace.offsetOf analysed range.End
        | None -> 0, source.Text.Length

    for token in analysed.Tokens.Value do
        if token.Span.End >= first && token.Span.Start <= last then
            match classify source known token with
            | None -> ()
            | Some(kind, isDefinition) ->
                let place = (Workspace.rangeOf analysed token.Span).Start

                data.AddRange
                    [
                        place.Line - line
                        (if place.Line = line then
                             place.Character - character
                         else
                             place.Character)
                        token.Span.End - token.Span.Start
                        int kind
                        (if isDefinition then 1 else 0)
                    ]

                line <- place.Line
                character <- place.Character

    object [ "data", array (Seq.map number data) ]
