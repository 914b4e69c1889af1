/// What a diagnostic offers to do: the name that was meant.
[<RequireQualifiedAccess>]
module Freeze.LanguageServer.QuickFixes

open System.Text.Json.Nodes
open Freeze.Language
open Freeze.LanguageServer.Protocol
open Freeze.LanguageServer.Workspace

let private action
    (workspace: Workspace)
    (analysed: Analysed)
    (diagnostic: Diagnostic)
    (meant: string)
    : JsonNode =
    let place = Workspace.locationOf workspace analysed diagnostic.Span

    object
        [
            "title", text $"Change to `{meant}`"
            "kind", text "quickfix"
            "isPreferred", flag true
            "diagnostics", array [ Problems.toJson workspace analysed diagnostic ]
            "edit", workspaceEdit [ place.Uri, [ { Range = place.Range; NewText = meant } ] ]
        ]

/// The actions for what is wrong in a range of the document.
let answer (workspace: Workspace) (analysed: Analysed) (within: Range) : JsonNode =
    let source = Workspace.sourceOf analysed
    let first = Workspace.offsetOf analysed within.Start
    let last = Workspace.offsetOf analysed within.End

    analysed.Diagnostics.Value
    |> List.filter (fun d ->
        d.Span.Start <= last
        && d.Span.End >= first
        && d.Span.Start <= source.Text.Length)
    |> List.choose (fun d -> d.Meant |> Option.map (action workspace analysed d))
    |> array
