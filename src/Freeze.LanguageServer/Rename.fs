/// Renames a let, a net, a case, a profile, or a name inside a net, in all places. A rename that would change the meaning of a
/// file is refused.
[<RequireQualifiedAccess>]
module Freeze.LanguageServer.Rename

open System.Text.Json.Nodes
open System.Threading.Tasks
open Freeze.Language
open Freeze.LanguageServer.Protocol
open Freeze.LanguageServer.Workspace

let private isWord (name: string) =
    let source = { Path = ""; Text = name; Start = 0 }

    name.Length <= 100
    && match Scanner.tokens source with
       | [| token |] -> token.Kind = Scanner.TokenKind.Word && token.Span.End = name.Length
       | _ -> false

let prepare (analysed: Analysed) (position: Position) : JsonNode =
    match Navigation.nameAt analysed (Workspace.offsetOf analysed position) with
    | Some name ->
        object
            [
                "range", range (Workspace.rangeOf analysed name.Span)
                "placeholder", text name.Name
            ]
    | None -> nothing

/// A source with a new name at the given places, applied from the last to the first.
let private replaced (source: Source) (places: Span list) (name: string) : Source =
    let replace (text: string) (span: Span) =
        text.Remove(span.Start - source.Start, span.End - span.Start).Insert(span.Start - source.Start, name)

    { source with
        Text = places |> List.sortByDescending _.Start |> List.fold replace source.Text
    }

/// The parts of an analysis that a rename must not change.
let private meaning (analysis: Compile.Analysis) =
    analysis.Runs |> Array.map (fun run -> run.Recipe, run.Expected),
    analysis.Report.Length,
    analysis.Diagnostics |> List.map _.Code |> List.countBy id |> List.sort

let private check (found: Navigation.Found list) (name: string) =
    for root in found do
        let edited =
            root.Root.Sources
            |> List.map (fun source ->
                let places =
                    root.Names
                    |> List.map _.Span
                    |> List.filter (fun span ->
                        (Source.at root.Root.Sources span.Start).Start = source.Start)

                Imports.fullPath source.Path, replaced source places name)

        let texts =
            edited
            |> List.map (fun (path, source) -> path, Ok { source with Start = 0 })
            |> Map.ofList

        // After an edit neither is known yet, and the user is waiting for both.
        let before = Task.Run(fun () -> meaning root.Root.Analysis.Value)

        let after =
            Compile.analyse
                {
                    Profile = ""
                    Overrides = []
                    Files = Workspace.files texts
                }
                (snd edited.Head)

        if meaning after <> before.Result then
            raise (
                Refused
                    $"`{name}` would change what {System.IO.Path.GetFileName root.Root.Document.Path} means"
            )

let answer (workspace: Workspace) (analysed: Analysed) (position: Position) (newName: string) : JsonNode =
    if not (isWord newName) then
        raise (
            Refused
                "a name is made of letters, digits, `_`, and `-` between two of these, and begins with a letter"
        )

    match Navigation.all workspace analysed (Workspace.offsetOf analysed position) with
    | None -> raise (Refused "there is no name of this file here")
    | Some(name, _) when name.Name = newName -> workspaceEdit []
    | Some(_, found) ->
        check found newName

        found
        |> List.collect (fun found ->
            found.Names
            |> List.map (fun name -> Workspace.locationOf workspace found.Root name.Span))
        |> List.distinct
        |> List.groupBy _.Uri
        |> List.map (fun (uri, places) ->
            uri,
            places
            |> List.sort
            |> List.map (fun place ->
                {
                    Range = place.Range
                    NewText = newName
                }))
        |> workspaceEdit
