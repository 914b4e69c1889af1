/// From a name to where it is defined and to where it is used, in every open document that has to do with it.
[<RequireQualifiedAccess>]
module Freeze.LanguageServer.Navigation

open System.Text.Json.Nodes
open Freeze.Language
open Freeze.Language.Syntax
open Freeze.LanguageServer.Protocol
open Freeze.LanguageServer.Workspace

/// The name at an offset of the document.
let nameAt (analysed: Analysed) (offset: int) : Names.Occurrence option =
    let source = Workspace.sourceOf analysed

    analysed.Names.Value
    |> List.tryFind (fun name -> name.Span.Start <= source.Text.Length && name.Span.Holds offset)

let private startOf (analysed: Analysed) (path: string) =
    let full = Imports.fullPath path

    analysed.Sources
    |> List.find (fun source -> Imports.fullPath source.Path = full)
    |> _.Start

/// A document that has to do with the name, and where the name stands in it.
type Found =
    {
        Root: Analysed
        Names: Names.Occurrence list
    }

/// All places of the name at an offset of a document, in each open document that the document is part of.
let all (workspace: Workspace) (analysed: Analysed) (offset: int) : (Names.Occurrence * Found list) option =
    nameAt analysed offset
    |> Option.map (fun name ->
        let found =
            Workspace.rootsOf workspace analysed.Document.Path
            |> List.map (fun root ->
                let here = startOf root analysed.Document.Path + name.Span.Start

                let same =
                    root.Names.Value
                    |> List.tryFind (fun other -> other.Span.Start = here && other.Kind = name.Kind)

                {
                    Root = root
                    Names =
                        match same with
                        | Some same -> root.Names.Value |> List.filter (Names.areOfOne same)
                        | None -> []
                })

        name, found)

let private locations (workspace: Workspace) (found: Found list) (wanted: Names.Occurrence -> bool) =
    found
    |> List.collect (fun found ->
        found.Names
        |> List.filter wanted
        |> List.map (fun name -> Workspace.locationOf workspace found.Root name.Span))
    |> List.distinct
    |> List.sort

/// The import at an offset, or the file whose run another starts from, and the path that it leads to.
let private importAt (analysed: Analysed) (offset: int) =
    Walk.statements analysed.Statements
    |> Seq.tryPick (fun statement ->
        match statement.Value with
        | StatementItem.Setting({ Value = "start" }, phrase) ->
            phrase
            |> Seq.collect Walk.expressions
            |> Seq.tryPick (fun part ->
                match part.Value with
                | Term.Text path when part.Span.Holds offset ->
                    Some(Imports.resolve analysed.Root.Source path)
                | _ -> None)
        | StatementItem.Import path when statement.Span.Holds offset ->
            Some(Imports.resolve analysed.Root.Source path.Value)
        | _ -> None)

let private top: Range =
    let zero = { Line = 0; Character = 0 }
    { Start = zero; End = zero }

/// The label that a selector's path speaks of, in the nets of the files.
let private partAt (analysed: Analysed) (offset: int) : Span option =
    let source = Workspace.sourceOf analysed
    let start = (Cursor.at source analysed.Tokens.Value offset).Word.Start
    let mutable finish = offset

    // Of `block1.conv2` what stands up to the segment under the cursor.
    while finish < source.Text.Length
          && Cursor.isPath source.Text[finish]
          && source.Text[finish] <> '.' do
        finish <- finish + 1

    let path = source.Text.Substring(start, finish - start)

    let bare (path: string) =
        path.Split '.' |> Array.map _.TrimEnd([| '0' .. '9' |])

    let isRule =
        Walk.statements analysed.Statements
        |> Seq.exists (fun statement ->
            match statement.Value with
            | StatementItem.Rule(selector, _) -> selector.Span.Holds offset
            | _ -> false)

    let labels =
        if not isRule || path = "" then
            []
        else
            Imports.all analysed.Root
            |> List.collect _.Parsed.Statements
            |> List.collect (fun statement ->
                match statement.Value with
                | StatementItem.Net { Body = body } -> Names.labels "" body
                | _ -> [])

    labels
    |> List.tryFind (fst >> (=) path)
    // In a repeat a label is numbered.
    |> Option.orElse (labels |> List.tryFind (fun (label, _) -> bare label = bare path))
    |> Option.map snd

let definition (workspace: Workspace) (analysed: Analysed) (position: Position) : JsonNode =
    let offset = Workspace.offsetOf analysed position

    match importAt analysed offset, all workspace analysed offset with
    | Some path, _ ->
        location
            {
                Uri = Workspace.fileUri workspace path
                Range = top
            }
    | None, Some(_, found) -> locations workspace found _.IsDefinition |> Seq.map location |> array
    | None, None ->
        match partAt analysed offset with
        | Some span -> location (Workspace.locationOf workspace analysed span)
        | None -> nothing

/// The statements of open documents that import a file.
let private importers (workspace: Workspace) (path: string) : Location list =
    let full = Imports.fullPath path

    [
        for opened in workspace.Values do
            let analysed = opened.Analysed.Value

            for file in Imports.all analysed.Root do
                for statement in file.Parsed.Statements do
                    match statement.Value with
                    | StatementItem.Import written when
                        Imports.fullPath (Imports.resolve file.Source written.Value) = full
                        ->
                        Workspace.locationOf workspace analysed written.Span
                    | _ -> ()
    ]
    |> List.distinct

let references
    (workspace: Workspace)
    (analysed: Analysed)
    (position: Position)
    (withDefinitions: bool)
    : JsonNode =
    let offset = Workspace.offsetOf analysed position

    match importAt analysed offset, all workspace analysed offset with
    | Some path, _ -> importers workspace path |> Seq.map location |> array
    | None, Some(_, found) ->
        locations workspace found (fun name -> withDefinitions || not name.IsDefinition)
        |> Seq.map location
        |> array
    | None, None -> array []

/// The places of a name in the document itself.
let highlights (analysed: Analysed) (position: Position) : JsonNode =
    let source = Workspace.sourceOf analysed

    match nameAt analysed (Workspace.offsetOf analysed position) with
    | None -> array []
    | Some name ->
        analysed.Names.Value
        |> List.filter (fun other -> Names.areOfOne name other && other.Span.Start <= source.Text.Length)
        |> List.sortBy _.Span.Start
        |> Seq.map (fun other -> object [ "range", range (Workspace.rangeOf analysed other.Span) ])
        |> array
