/// Hints beside the text: trained scalars after each rule, runs after each case, and commands above the file.
[<RequireQualifiedAccess>]
module Freeze.LanguageServer.Hints

open System.Text.Json.Nodes
open Freeze
open Freeze.Language
open Freeze.Language.Syntax
open Freeze.LanguageServer.Protocol
open Freeze.LanguageServer.Workspace

let private between (values: int64 list) =
    match List.min values, List.max values with
    | least, most when least = most -> Hover.count least
    | least, most -> $"{Hover.count least}–{Hover.count most}"

/// `520 learn`, `25,050 fixed`: the kind that the rule sets, over all runs in which it decides something.
let private ofRule (decisions: Decisions.Decision list) : string =
    let counts = decisions |> List.map _.Counts
    let trained = counts |> List.map _.Trained

    if List.exists (fun n -> n > 0L) trained then
        $"{between trained} learn"
    elif counts |> List.exists (fun c -> c.Zero > 0L) then
        $"{between (counts |> List.map _.Zero)} zero"
    else
        $"{between (counts |> List.map _.Fixed)} fixed"

let private runs (count: int) =
    if count = 1 then "1 run" else $"{count} runs"

let private hint (at: Position) (label: string) : JsonNode =
    object [ "position", position at; "label", text label; "paddingLeft", flag true ]

let private endOf analysed (span: Span) = (Workspace.rangeOf analysed span).End

let answer (analysed: Analysed) (within: Range option) : JsonNode =
    let source = Workspace.sourceOf analysed

    let isSeen (span: Span) =
        match within with
        | None -> true
        | Some range ->
            let place = Workspace.rangeOf analysed span
            place.End.Line >= range.Start.Line && place.Start.Line <= range.End.Line

    let cases =
        analysed.Analysis.Value.Runs
        |> Seq.collect _.Axes
        |> Seq.filter (fun axis -> axis.Name = "case")
        |> Seq.countBy _.Value
        |> Map.ofSeq

    Walk.statements analysed.Statements
    |> Seq.filter (fun statement -> isSeen statement.Span && statement.Span.End <= source.Text.Length)
    |> Seq.choose (fun statement ->
        match statement.Value with
        | StatementItem.Rule _ ->
            match analysed.Decisions.Value.TryGetValue statement.Span with
            | true, decisions -> Some(hint (endOf analysed statement.Span) (ofRule decisions))
            | false, _ -> None
        | StatementItem.Case(name, _) ->
            Map.tryFind (AxisValue.Word name.Value) cases
            |> Option.map (fun count -> hint (endOf analysed name.Span) (runs count))
        | _ -> None)
    |> array

// Lenses -----------------------------------------------------------------------------------------------------

let private lens (range': Range) (title: string) (command: string) (arguments: JsonNode list) : JsonNode =
    object
        [
            "range", range range'
            "command", object [ "title", text title; "command", text command; "arguments", array arguments ]
        ]

/// `plan` and `run` above the file and above each profile; the editor provides the commands.
let lenses (analysed: Analysed) : JsonNode =
    let pair (span: Span) (profile: string option) =
        let range = Workspace.rangeOf analysed span

        let place: Range =
            {
                Start = range.Start
                End = range.Start
            }

        let arguments () =
            text analysed.Document.Uri :: (profile |> Option.map text |> Option.toList)

        let count =
            match profile, analysed.Analysis.Value.Runs.Length with
            | None, count when count > 0 -> $" {runs count}"
            | _ -> ""

        [
            lens place "plan" "freeze.plan" (arguments ())
            lens place $"run{count}" "freeze.run" (arguments ())
        ]

    match analysed.Statements with
    | [] -> array []
    | first :: _ as statements ->
        [
            yield! pair first.Span None
            for statement in statements do
                match statement.Value with
                | StatementItem.Profile(name, _) -> yield! pair statement.Span (Some name.Value)
                | _ -> ()
        ]
        |> array
