/// Reads the lines of a report.
module Freeze.Language.ReportLines

open System
open Freeze
open Freeze.Language.Syntax
open Freeze.Language.ReportWords

/// A plot over an axis: lines join the means, one per combination of the axes after `for`, or of all others.
let private axisPlot report known parts (axis: Located<string>) isLogarithmic =
    for fit in part "fit" parts |> List.truncate 1 do
        report (Diagnostic.wrongValue fit.Span "no `fit`: against an axis lines join the means of its values")

    for own in part "for" parts |> List.filter (fun name -> name.Value = axis.Value) do
        report (Diagnostic.wrongValue own.Span $"other axes than `{axis.Value}`, which the plot is against")

    ReportItem.AxisPlot(
        measures report (part "" parts),
        axis.Value,
        isLogarithmic,
        axes report known (part "for" parts)
    )

let private plot report known parts =
    let over, marks =
        part "against" parts @ part "over" parts |> List.map marked |> List.unzip

    let isLogarithmic = List.contains true marks

    for wrong in
        part "by" parts
        |> List.filter (fun name -> name.Value <> "epoch")
        |> List.truncate 1 do
        report (Diagnostic.wrongValue wrong.Span "`by epoch`; the curves are told apart `for` axes")


    let isMeasureOrAxis name =
        Vocabulary.isMeasure name || isAxis known name

    demand "measure or axis" isMeasureOrAxis (known @ Vocabulary.measures) report over
    |> ignore

    let fits = [ "log"; "linear" ]

    let fit () =
        part "fit" parts
        |> List.truncate 1
        |> among "fit" fits report
        |> Array.tryFind (fun fit -> List.contains fit fits)

    match over with
    | [ axis ] when isAxis known axis.Value && not (Vocabulary.isMeasure axis.Value) ->
        axisPlot report known parts axis isLogarithmic
    | _ ->
        ReportItem.Plot(
            measures report (part "" parts),
            (over |> List.tryHead |> Option.map _.Value |> Option.defaultValue "epoch"),
            isLogarithmic,
            axes report known (part "for" parts),
            Option.defaultValue "" (fit ())
        )

let private (|Whole|_|) (text: string) =
    match Int32.TryParse text with
    | true, value when value > 0 && value <= 100_000 -> Some value
    | _ -> None

let private tsne (line: ReportLine) : ReportItem option =
    let words = line.Parts |> List.map (List.map _.Value)

    let where, samples =
        match List.rev words with
        | [ Whole samples; "samples" ] :: where -> List.rev where, samples
        | _ -> words, 2000

    match where with
    | []
    | [ [ "last"; "stage" ] ] -> Some(ReportItem.Tsne(0, samples))
    | [ [ "stage"; Whole number ] ] -> Some(ReportItem.Tsne(number, samples))
    | _ -> None

/// Warns of values that a plot's logarithmic axis cannot show.
let warn report (runs: Run list) (lines: ReportLine list) =
    for line in lines do
        if line.Kind.Value = "plot" then
            let parts = split line

            for over in part "against" parts @ part "over" parts do
                let name, isLogarithmic = marked over

                if isLogarithmic && not (Vocabulary.isMeasure name.Value) then
                    let values =
                        [
                            for run in runs do
                                for axis in run.Column(name.Value) -> axis.Value
                        ]

                    let areOfOneScale = AxisValue.areOfOneScale values

                    /// Among fractions, a count is treated as a word.
                    let isUnseen value =
                        match value with
                        | AxisValue.Amount(_, unit) when not areOfOneScale && unit <> "%" && unit <> "" ->
                            true
                        | other -> not (AxisValue.number other > 0.0)

                    values
                    |> List.tryFind isUnseen
                    |> Option.iter (fun value ->
                        report (Diagnostic.notLogarithmic over.Span name.Value (AxisValue.text value)))

/// What a line shows; `known` are the columns that the file's runs can have.
let read report (known: string list) (line: ReportLine) : ReportItem option =
    let parts = split line
    let kind = line.Kind.Value
    let of' keyword = part keyword parts

    let wrong span =
        let usage = Vocabulary.usage Vocabulary.reports kind
        report (Diagnostic.wrongValue span $"`{usage}`")
        None

    /// Whether each keyword is allowed here, occurs once, and has as many names after it as it takes.
    let isSound allowed =
        parts |> List.forall (fun part -> List.contains part.Keyword allowed)
        && parts |> List.countBy _.Keyword |> List.forall (fun (_, count) -> count = 1)
        && parts
           |> List.forall (fun part ->
               part.Names.Length = 1
               || not (List.contains part.Keyword [ "against"; "over"; "fit" ]))
        && (of' "against" @ of' "over").Length <= 1

    let ofMeasures allowed item =
        if not (isSound allowed) || (of' "").IsEmpty then
            wrong line.Kind.Span
        else
            Some(item ())

    match kind with
    | "table" ->
        ofMeasures [ ""; "by" ] (fun () ->
            ReportItem.Table(measures report (of' ""), axes report known (of' "by")))
    | "plot" -> ofMeasures ("" :: keywords) (fun () -> plot report known parts)
    | "weights" when of' "by" |> List.exists (fun name -> name.Value <> "layer") -> wrong line.Kind.Span
    | "weights" -> ofMeasures [ ""; "by" ] (fun () -> ReportItem.Weights(measures report (of' "")))
    | "tsne" when not (isSound [ "" ]) -> wrong line.Kind.Span
    | "tsne" ->
        tsne line
        |> Option.orElseWith (fun () -> wrong (line.Parts |> List.concat |> join))
    | "claim" ->
        ReportClaims.read report known line
        |> Option.map ReportItem.Claim
        |> Option.orElseWith (fun () -> wrong line.Kind.Span)
    | other ->
        Vocabulary.names Vocabulary.reports
        |> Diagnostic.unknownWord line.Kind.Span "kind of report" other
        |> report

        None
