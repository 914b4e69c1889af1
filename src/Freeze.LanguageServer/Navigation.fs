/// Finds a name's definition and uses in every open document that shares it.
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

/// A document that shares the name, and the name's places in it.
type Found =
    {
        Root: Analysed
        Names: Names.Occurrence list
    }

/// All places of the name at an offset, in each open document that includes this one.
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

/// The import at an offset, or the file of a run to start from, with the path that it resolves to.
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

/// The part that a rule's path names at an offset, up to the segment under the cursor.
let private pathAt (analysed: Analysed) (offset: int) : string option =
    let source = Workspace.sourceOf analysed
    let start = (Cursor.at source analysed.Tokens.Value offset).Word.Start
    let mutable finish = offset

    // In `block1.conv2`, the text up to the end of the segment under the cursor.
    while finish < source.Text.Length
          && Cursor.isPath source.Text[finish]
          && source.Text[finish] <> '.' do
        finish <- finish + 1

    let isRule =
        Walk.statements analysed.Statements
        |> Seq.exists (fun statement ->
            match statement.Value with
            | StatementItem.Rule(selector, _) -> selector.Span.Holds offset
            | _ -> false)

    if isRule && finish > start then
        Some(source.Text.Substring(start, finish - start))
    else
        None

/// The part that a rule's path names, in the nets of the files.
let private partAt (analysed: Analysed) (offset: int) : Span option =
    pathAt analysed offset
    |> Option.bind (fun path ->
        Imports.all analysed.Root
        |> List.collect _.Parsed.Statements
        |> List.tryPick (fun statement ->
            match statement.Value with
            | StatementItem.Net net -> Names.partOf net path
            | _ -> None))

/// The built-in net that a word of the document means: `wrn` for `wrn-28-4`.
let private libraryNetAt (analysed: Analysed) (offset: int) : NetLibrary.Entry option =
    let source = Workspace.sourceOf analysed

    analysed.Tokens.Value
    |> Array.tryFind (fun token -> token.Kind = Scanner.TokenKind.Word && token.Span.Holds offset)
    |> Option.bind (fun token ->
        NetLibrary.readings (Source.text source token.Span)
        |> List.tryPick (fst >> NetLibrary.tryFind))

/// The part of a built-in net that a rule's path names, in the nets that apply at the place.
let private libraryPartAt (analysed: Analysed) (offset: int) : Location option =
    let blocks =
        (Cursor.at (Workspace.sourceOf analysed) analysed.Tokens.Value offset).Blocks

    Completion.netsAt analysed blocks
    |> List.tryPick (fun (name, _) ->
        NetLibrary.readings (name.Split('(')[0])
        |> List.tryPick (fst >> NetLibrary.tryFind))
    |> Option.bind (fun entry ->
        pathAt analysed offset
        |> Option.bind (Names.partOf entry.Definition)
        |> Option.bind (LibraryFiles.locationOf entry))

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
        let inLibrary () =
            libraryPartAt analysed offset
            |> Option.orElseWith (fun () ->
                libraryNetAt analysed offset
                |> Option.bind (fun entry -> LibraryFiles.locationOf entry entry.Definition.Name.Span))

        match partAt analysed offset with
        | Some span -> location (Workspace.locationOf workspace analysed span)
        | None -> inLibrary () |> Option.map location |> Option.defaultValue nothing

/// The import statements for a file in open documents.
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
