/// The parameters of a call while its brackets are being filled: `sgd(lr 0.1, |`.
[<RequireQualifiedAccess>]
module Freeze.LanguageServer.Signatures

open System
open System.Text.Json.Nodes
open Freeze.Language
open Freeze.Language.Syntax
open Freeze.LanguageServer.Protocol
open Freeze.LanguageServer.Workspace

type private Signature =
    {
        Usage: string
        Meaning: string
        /// As written in the usage.
        Parameters: string list
    }

/// For a usage such as `sgd(lr 0.01, momentum 0.9)`, the parameters in its brackets.
let private inside (usage: string) : string list =
    match usage.IndexOf('('), usage.LastIndexOf(')') with
    | first, last when first > 0 && last > first ->
        // Nested lists contain commas of their own.
        let mutable depth = 0
        let parts = ResizeArray [ "" ]

        for letter in usage.Substring(first + 1, last - first - 1) do
            match letter with
            | ',' when depth = 0 -> parts.Add ""
            | _ ->
                if letter = '[' || letter = '(' then
                    depth <- depth + 1

                if letter = ']' || letter = ')' then
                    depth <- depth - 1

                parts[parts.Count - 1] <- parts[parts.Count - 1] + string letter

        parts |> Seq.map _.Trim() |> Seq.filter ((<>) "") |> List.ofSeq
    | _ -> []

let private ofUsage usage meaning =
    {
        Usage = usage
        Meaning = meaning
        Parameters = inside usage
    }

let private ofNet (source: Source option) (definition: Definition) (meaning: string) =
    let parameter (parameter: Parameter) =
        match parameter.Default, source with
        | Some value, Some source -> $"{parameter.Name.Value} = {Source.text source value.Span}"
        | Some { Value = Term.Number(value, _) }, None -> $"{parameter.Name.Value} = {value}"
        | _ -> parameter.Name.Value

    let parameters = definition.Parameters |> List.map parameter |> String.concat ", "
    ofUsage $"{definition.Name.Value}({parameters})" meaning

/// The nets and blocks of a document and its imports.
let private ownOf (analysed: Analysed) (callee: string) =
    let definitions =
        Walk.statements (Imports.all analysed.Root |> List.collect _.Parsed.Statements)
        |> Seq.choose (fun statement ->
            match statement.Value with
            | StatementItem.Net definition -> Some definition
            | _ -> None)
        |> List.ofSeq

    let blocks =
        definitions
        |> Seq.collect (fun net -> Walk.parts net.Body)
        |> Seq.choose (fun part ->
            match part.Value with
            | NetItem.Define definition -> Some definition
            | _ -> None)

    Seq.append definitions blocks
    |> Seq.tryFind (fun definition -> definition.Name.Value = callee && not definition.Parameters.IsEmpty)
    |> Option.map (fun definition ->
        ofNet (Some(Source.at analysed.Sources definition.Name.Span.Start)) definition "of this file")

let private signatureOf (analysed: Analysed) (callee: string) : Signature option =
    let library () =
        NetLibrary.tryFind callee
        |> Option.filter (fun entry -> not entry.Definition.Parameters.IsEmpty)
        |> Option.map (fun entry -> ofNet None entry.Definition "a built-in net")

    let value () =
        Settings.table
        |> List.collect _.Values
        |> (@) Vocabulary.draws
        |> List.tryFind (fun entry -> entry.Name = callee && entry.Usage.Contains '(')
        |> Option.map (fun entry -> ofUsage entry.Usage entry.Meaning)

    let arithmetic () =
        Vocabulary.functions
        |> List.tryFind (fst >> (=) callee)
        |> Option.map (fun (name, count) ->
            ofUsage (if count = 1 then $"{name}(A)" else $"{name}(A, B)") "a function of numbers")

    ownOf analysed callee
    |> Option.orElseWith library
    |> Option.orElseWith value
    |> Option.orElseWith arithmetic

/// The tokens of each argument of the innermost call, as far as typed.
let private arguments (before: string list) : string list list =
    let rec back depth (read: string list) (tokens: string list) =
        match tokens with
        | [] -> read
        | (")" | "]") as token :: rest -> back (depth + 1) (token :: read) rest
        | "(" :: _ when depth = 0 -> read
        | ("(" | "[") as token :: rest -> back (max 0 (depth - 1)) (token :: read) rest
        | token :: rest -> back depth (token :: read) rest

    let mutable depth = 0
    let parts = ResizeArray [ [] ]

    for token in back 0 [] (List.rev before) do
        match token with
        | "," when depth = 0 -> parts.Add []
        | _ ->
            if token = "[" || token = "(" then
                depth <- depth + 1

            if token = "]" || token = ")" then
                depth <- depth - 1

            parts[parts.Count - 1] <- parts[parts.Count - 1] @ [ token ]

    List.ofSeq parts

let answer (analysed: Analysed) (position: Position) : JsonNode =
    let offset = Workspace.offsetOf analysed position
    let source = Workspace.sourceOf analysed
    let cursor = Cursor.at source analysed.Tokens.Value offset

    let signature =
        if cursor.IsProse then
            None
        else
            cursor.Call |> Option.filter ((<>) "") |> Option.bind (signatureOf analysed)

    match signature with
    | None -> nothing
    | Some signature ->
        let begun = arguments cursor.Before

        // By the argument's name, which may be typed only in part, or by its position.
        let typed =
            match List.last begun with
            | label :: _ -> label
            | [] -> Source.text source cursor.Word

        let nameOf (parameter: string) = parameter.Split(' ')[0]

        let byName =
            signature.Parameters
            |> List.tryFindIndex (fun parameter -> typed <> "" && nameOf parameter = typed)

        let active =
            byName
            |> Option.defaultValue (min (begun.Length - 1) (signature.Parameters.Length - 1))
            |> max 0

        object
            [
                "signatures",
                array
                    [
                        object
                            [
                                "label", text signature.Usage
                                "documentation", text signature.Meaning
                                "parameters",
                                signature.Parameters
                                |> Seq.map (fun parameter -> object [ "label", text parameter ])
                                |> array
                            ]
                    ]
                "activeSignature", number 0
                "activeParameter", number active
            ]
