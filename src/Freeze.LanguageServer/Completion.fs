/// What may stand at the cursor.
[<RequireQualifiedAccess>]
module Freeze.LanguageServer.Completion

open System.Text.Json.Nodes
open Freeze
open Freeze.Language
open Freeze.Language.Syntax
open Freeze.LanguageServer.Protocol
open Freeze.LanguageServer.Workspace

/// The runs of the case around a place; outside cases, all runs.
let runsAt (analysed: Analysed) (blocks: Cursor.Block list) : Run list =
    let case =
        blocks
        |> List.tryPick (function
            | Cursor.Block.Case name -> Some name
            | _ -> None)

    let runs = List.ofArray analysed.Analysis.Value.Runs

    match case with
    | None -> runs
    | Some name ->
        let ofCase (run: Run) =
            run.Axes
            |> Array.exists (fun axis -> axis.Name = "case" && axis.Value = AxisValue.Word name)

        // A case that is still being written has no runs yet.
        match List.filter ofCase runs with
        | [] -> runs
        | own -> own

/// The nets that apply at a place, each once.
let netsAt (analysed: Analysed) (blocks: Cursor.Block list) : (string * Net) list =
    runsAt analysed blocks
    |> List.map (fun run -> run.NetName, run.Recipe.Net)
    |> List.distinctBy fst

/// Layers with weights, and the blocks around them.
let private partsOf (net: Net) : string seq =
    Net.weights net
    |> Seq.map _.Layer
    |> Seq.distinct
    |> Seq.collect (fun layer ->
        let segments = layer.Split '.'
        seq { for count in 1 .. segments.Length -> String.concat "." (Array.take count segments) })
    |> Seq.distinct

let private nets (analysed: Analysed) =
    Imports.all analysed.Root
    |> List.collect _.Parsed.Statements
    |> List.choose (fun statement ->
        match statement.Value with
        | StatementItem.Net net -> Some(net.Name.Value, net.Parameters |> List.map _.Name.Value)
        | _ -> None)

/// The statement that a place is in, if it is a net.
let private netSpan (analysed: Analysed) (offset: int) =
    analysed.Statements
    |> List.tryFind (fun statement -> statement.Span.Start <= offset && offset <= statement.Span.End)
    |> Option.map _.Span

let private known (analysed: Analysed) (cursor: Cursor.Cursor) : Completions.Known =
    let names = analysed.Names.Value |> List.filter _.IsDefinition

    let called kind =
        names
        |> List.filter (fun o -> o.Kind = kind)
        |> List.map _.Name
        |> List.distinct

    let inNet =
        match netSpan analysed cursor.Word.Start with
        | Some span ->
            names
            |> List.filter (fun o ->
                (o.Kind = Names.NameKind.Local || o.Kind = Names.NameKind.Block)
                && o.Span.Start >= span.Start
                && o.Span.End <= span.End)
            |> List.map _.Name
            |> List.distinct
        | None -> []

    {
        Lets = called Names.NameKind.Let
        Cases = called Names.NameKind.Case
        Nets = nets analysed
        Parts =
            netsAt analysed cursor.Blocks
            |> Seq.collect (snd >> partsOf)
            |> Seq.distinct
            |> List.ofSeq
        Locals = inNet
    }

/// CompletionItemKind.
let private kindNumber (kind: Completions.CandidateKind) =
    match kind with
    | Completions.CandidateKind.Keyword -> 14
    | Completions.CandidateKind.Setting -> 10
    | Completions.CandidateKind.Value -> 12
    | Completions.CandidateKind.Net -> 7
    | Completions.CandidateKind.Layer -> 7
    | Completions.CandidateKind.Part -> 5
    | Completions.CandidateKind.Action -> 14
    | Completions.CandidateKind.Modifier -> 14
    | Completions.CandidateKind.Unit -> 11
    | Completions.CandidateKind.Function -> 3
    | Completions.CandidateKind.Parameter -> 5
    | Completions.CandidateKind.Let -> 6

/// The inserted text: the usage, unless it contains capitals, as placeholders do; else the name.
let private inserted (candidate: Completions.Candidate) =
    match candidate.Kind, candidate.Entry.Usage with
    | Completions.CandidateKind.Value, usage when
        Seq.forall (fun c -> not (System.Char.IsAsciiLetterUpper c)) usage
        ->
        usage
    | _ -> candidate.Entry.Name

let private item (replaced: Range) (order: int) (candidate: Completions.Candidate) : JsonNode =
    let entry = candidate.Entry

    object
        [
            "label", text entry.Name
            "kind", number (kindNumber candidate.Kind)
            "detail", text entry.Usage
            "documentation", text entry.Meaning
            "sortText", text $"%04d{order}"
            "filterText", text entry.Name
            "textEdit",
            textEdit
                {
                    Range = replaced
                    NewText = inserted candidate
                }
        ]

let answer (analysed: Analysed) (position: Position) : JsonNode =
    let source = Workspace.sourceOf analysed
    let offset = Workspace.offsetOf analysed position
    let cursor = Cursor.at source analysed.Tokens.Value offset
    let replaced = Workspace.rangeOf analysed cursor.Word

    object
        [
            "isIncomplete", flag false
            "items", array (Completions.at (known analysed cursor) cursor |> Seq.mapi (item replaced))
        ]
