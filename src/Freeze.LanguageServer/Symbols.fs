/// Finds definitions by name: in the open documents, in their imports, and in the editor's folders.
[<RequireQualifiedAccess>]
module Freeze.LanguageServer.Symbols

open System
open System.IO
open System.Text.Json.Nodes
open Freeze.Language
open Freeze.Language.Syntax
open Freeze.LanguageServer.Protocol
open Freeze.LanguageServer.Workspace

/// Further files are not read, and further symbols not shown.
let private mostFiles = 2000

let private most = 500

/// Folders of programs and results contain many files, none of them to edit.
let private isSkipped (folder: string) =
    let name = Path.GetFileName folder

    name.StartsWith '.'
    || List.contains name [ "node_modules"; "bin"; "obj"; "artifacts"; "runs" ]

/// The Freeze files below a folder.
let rec private filesBelow (folder: string) : string seq =
    seq {
        yield! Directory.EnumerateFiles(folder, "*.frz")

        for inner in Directory.EnumerateDirectories folder do
            if not (isSkipped inner) && isNull (DirectoryInfo(inner).LinkTarget) then
                yield! filesBelow inner
    }

let private readable (folders: string list) : string list =
    folders
    |> List.collect (fun folder ->
        try
            if Directory.Exists folder then
                filesBelow folder |> Seq.truncate mostFiles |> List.ofSeq
            else
                []
        with
        | :? IOException
        | :? UnauthorizedAccessException -> [])

/// SymbolKind.
let private kindOf (kind: Names.NameKind) =
    match kind with
    | Names.NameKind.Let -> 13
    | Names.NameKind.Net -> 5
    | Names.NameKind.Case -> 3
    | Names.NameKind.Profile -> 2
    | Names.NameKind.Block -> 9
    | Names.NameKind.Local -> 13

/// The global names that a text defines.
let private definitions (statements: Statement list) : (Names.NameKind * Name) seq =
    Walk.statements statements
    |> Seq.collect (fun statement ->
        match statement.Value with
        | StatementItem.Let(name, _)
        | StatementItem.Draw(name, _) -> [ Names.NameKind.Let, name ]
        | StatementItem.Together(names, _) -> names |> List.map (fun name -> Names.NameKind.Let, name)
        | StatementItem.Case(name, _) -> [ Names.NameKind.Case, name ]
        | StatementItem.Profile(name, _) -> [ Names.NameKind.Profile, name ]
        | StatementItem.Net net ->
            [
                Names.NameKind.Net, net.Name

                for part in Walk.parts net.Body do
                    match part.Value with
                    | NetItem.Define block -> Names.NameKind.Block, block.Name
                    | _ -> ()
            ]
        | _ -> [])

/// Whether the letters of a query occur in a name in the same order, as usual in editors.
let private fits (query: string) (name: string) =
    let mutable at = 0

    for letter in name do
        if
            at < query.Length
            && Char.ToLowerInvariant letter = Char.ToLowerInvariant query[at]
        then
            at <- at + 1

    at = query.Length

let answer (workspace: Workspace) (folders: string list) (query: string) : JsonNode =
    let opened = workspace.Values |> Seq.map _.Analysed.Value |> List.ofSeq

    let known =
        opened
        |> List.collect (fun analysed -> Imports.all analysed.Root)
        |> List.map (fun file -> Imports.fullPath file.Source.Path, (file.Source, file.Parsed))
        |> List.distinctBy fst
        |> Map.ofList

    let others =
        readable folders
        |> Seq.map Imports.fullPath
        |> Seq.distinct
        |> Seq.filter (known.ContainsKey >> not)
        |> Seq.choose (fun path ->
            match Workspace.readFile path with
            | Ok source -> Some(path, (source, Parser.parse source))
            | Error _ -> None)

    let symbols (path: string, (source: Source, parsed: Parser.Parsed)) =
        let lines = lazy LineIndex.ofText source.Text

        definitions parsed.Statements
        |> Seq.filter (fun (_, name) -> fits query name.Value)
        |> Seq.map (fun (kind, name) ->
            object
                [
                    "name", text name.Value
                    "kind", number (kindOf kind)
                    "location",
                    location
                        {
                            Uri = Workspace.fileUri workspace path
                            Range = Positions.range lines.Value source.Start name.Span
                        }
                    "containerName", text (Path.GetFileName path)
                ])

    Seq.append (Map.toSeq known) others
    |> Seq.collect symbols
    |> Seq.truncate most
    |> array
