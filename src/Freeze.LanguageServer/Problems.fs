/// Diagnostics in the editor's form, file by file.
[<RequireQualifiedAccess>]
module Freeze.LanguageServer.Problems

open System.Text.Json.Nodes
open Freeze.Language
open Freeze.LanguageServer.Protocol
open Freeze.LanguageServer.Workspace

/// A diagnostic as a sentence: what is wrong, and what to write instead.
let sentence (diagnostic: Diagnostic) =
    if diagnostic.Label = "" then
        diagnostic.Message
    else
        $"{diagnostic.Message}: {diagnostic.Label}"

let private related workspace analysed (span, note: string) =
    object
        [
            "location", location (Workspace.locationOf workspace analysed span)
            "message", text note
        ]

/// An unused let and a rule without effect are shown faded.
let private unnecessary = [ "FRZ101"; "FRZ103" ]

/// DiagnosticSeverity.
let private severity (diagnostic: Diagnostic) =
    match diagnostic.Severity with
    | Severity.Error -> 1
    | Severity.Warning -> 2
    | Severity.Note -> 3

let toJson (workspace: Workspace) (analysed: Analysed) (diagnostic: Diagnostic) : JsonNode =
    object
        [
            "range", range (Workspace.rangeOf analysed diagnostic.Span)
            "severity", number (severity diagnostic)
            "code", text diagnostic.Code
            "source", text "freeze"
            "message", text (sentence diagnostic)
            if List.contains diagnostic.Code unnecessary then
                "tags", array [ number 1 ]
            if not diagnostic.Notes.IsEmpty then
                "relatedInformation", array (diagnostic.Notes |> Seq.map (related workspace analysed))
        ]

/// A file that others import may be used there, so warnings from checking it alone are dropped.
let private counts (workspace: Workspace) (analysed: Analysed) (diagnostic: Diagnostic) =
    Diagnostic.isError diagnostic
    || (Workspace.rootsOf workspace analysed.Document.Path).Length <= 1

/// The diagnostics of every open document and its imports, by URI.
let all (workspace: Workspace) : Map<string, JsonNode list> =
    let ofOpened (opened: Opened) =
        let analysed = opened.Analysed.Value

        let diagnostics =
            if LibraryFiles.holds analysed.Document.Path then
                []
            else
                analysed.Diagnostics.Value

        diagnostics
        |> List.filter (counts workspace analysed)
        |> List.map (fun diagnostic ->
            let place = Workspace.locationOf workspace analysed diagnostic.Span
            place.Uri, (place.Range, diagnostic.Code), toJson workspace analysed diagnostic)

    let found =
        workspace
        |> Map.values
        |> Seq.collect ofOpened
        // A file that two documents import is reported once.
        |> Seq.distinctBy (fun (uri, key, _) -> uri, key)
        |> Seq.groupBy (fun (uri, _, _) -> uri)
        |> Seq.map (fun (uri, several) -> uri, several |> Seq.map (fun (_, _, json) -> json) |> List.ofSeq)
        |> Map.ofSeq

    // An open document without problems gets an empty list.
    workspace
    |> Map.fold
        (fun found uri _ ->
            if Map.containsKey uri found then
                found
            else
                Map.add uri [] found)
        found

/// The message that publishes a file's diagnostics.
let published (workspace: Workspace) (uri: string) (diagnostics: JsonNode list) : JsonNode =
    JsonRpc.notification
        "textDocument/publishDiagnostics"
        (object
            [
                "uri", text uri
                match Map.tryFind uri workspace with
                | Some opened -> "version", number opened.Document.Version
                | None -> ()
                "diagnostics", array diagnostics
            ])
