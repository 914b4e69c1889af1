/// The lines of a report to what they ask for.
module Freeze.Language.ReportLines

open System
open System.Globalization
open Freeze
open Freeze.Language.Syntax

/// The words between two keywords, as names: `accuracy, trained parameters` is two.
type private Part =
    {
        Keyword: string
        Names: Located<string> list
    }

let private keywords = [ "by"; "against"; "over"; "for"; "fit" ]

let private named (words: Located<string> list) : Located<string> =
    at (join words) (words |> List.map _.Value |> String.concat " ")

/// Splits at keywords; within a part, at commas and `and`.
let private split (line: ReportLine) : Part list =
    let close (keyword, names, words) =
        let names =
            if List.isEmpty words then
                names
            else
                named (List.rev words) :: names

        keyword, names, []

    let word (parts, current) (word: Located<string>) =
        let keyword, names, words = current

        if List.contains word.Value keywords then
            close current :: parts, (word.Value, [], [])
        elif word.Value = "and" then
            parts, close current
        else
            parts, (keyword, names, word :: words)

    let phrase (parts, current) (words: Located<string> list) =
        let parts, current = words |> List.fold word (parts, current)
        parts, close current

    let parts, current = line.Parts |> List.fold phrase ([], ("", [], []))

    current :: parts
    |> List.rev
    |> List.map (fun (keyword, names, _) ->
        {
            Keyword = keyword
            Names = List.rev names
        })

/// The names, each of which must be known.
let private demand what isKnown known report (names: Located<string> list) =
    for name in names do
        if not (isKnown name.Value) then
            report (Diagnostic.unknownWord name.Span what name.Value known)

    names |> List.map _.Value |> List.toArray

let private among what (known: string list) =
    demand what (fun name -> List.contains name known) known

let private measures report =
    demand "measure" Vocabulary.isMeasure Vocabulary.measures report

/// `known` are the columns that the file's runs can have.
let private axes report known = among "axis" known report

let private withoutMark (name: Located<string>) =
    { name with
        Value = name.Value.Replace(" (log)", "")
    }

let private part keyword (parts: Part list) =
    parts
    |> List.tryFind (fun part -> part.Keyword = keyword)
    |> Option.map _.Names
    |> Option.defaultValue []

/// Against an axis: its means are joined by lines, of the axes behind `for` or of all others.
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
    let over = part "against" parts @ part "over" parts

    for wrong in
        part "by" parts
        |> List.filter (fun name -> name.Value <> "epoch")
        |> List.truncate 1 do
        report (Diagnostic.wrongValue wrong.Span "`by epoch`; the curves are told apart `for` axes")

    let over' = over |> List.map withoutMark
    let isLogarithmic = over |> List.exists _.Value.EndsWith("(log)")

    let isMeasureOrAxis name =
        Vocabulary.isMeasure name || List.contains name known

    demand "measure or axis" isMeasureOrAxis (known @ Vocabulary.measures) report over'
    |> ignore

    let fits = [ "log"; "linear" ]

    let fit () =
        part "fit" parts
        |> List.truncate 1
        |> among "fit" fits report
        |> Array.tryFind (fun fit -> List.contains fit fits)

    match over' with
    | [ axis ] when List.contains axis.Value known && not (Vocabulary.isMeasure axis.Value) ->
        axisPlot report known parts axis isLogarithmic
    | _ ->
        ReportItem.Plot(
            measures report (part "" parts),
            (over' |> List.tryHead |> Option.map _.Value |> Option.defaultValue "epoch"),
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

let private (|Real|_|) (written: string) =
    match Double.TryParse(written, NumberStyles.Float, CultureInfo.InvariantCulture) with
    | true, number -> Some number
    | _ -> None

let private toWord (written: string) =
    match written with
    | Real number -> AxisValue.text (AxisValue.Number number)
    | _ -> written

/// A measure of whole runs: stages have theirs each.
let private judged report (measure: Located<string>) =
    if measure.Value.StartsWith "stage " then
        report (Diagnostic.wrongValue measure.Span "a measure that a run has one of")
    else
        measures report [ measure ] |> ignore

/// The words up to the first of some, that one, and those behind it.
let private cut (marks: string list) (words: Located<string> list) =
    match words |> List.tryFindIndex (fun word -> List.contains word.Value marks) with
    | Some i -> List.take i words, Some words[i].Value, List.skip (i + 1) words
    | None -> words, None, []

/// Of sides that are compared: more is no claim that anybody could read.
let private longestChain = 100

/// The sides between words of relation, which must all be the same.
let rec private sides (words: Located<string> list) : (string * Located<string> list list) option =
    match cut [ ">"; "<"; "within" ] words with
    | [], _, _
    | _, Some _, [] -> None
    | side, None, _ -> Some("", [ side ])
    | side, Some relation, rest ->
        sides rest
        |> Option.filter (fun (next, _) -> next = "" || next = relation)
        |> Option.map (fun (_, others) -> relation, side :: others)

/// The relation between sides, and their words.
let private compared (words: Located<string> list) : (Relation * Located<string> list list) option =
    let relations =
        words |> List.filter (fun word -> word.Value = ">" || word.Value = "<")

    match
        (if relations.Length > longestChain then
             None
         else
             sides words)
    with
    | Some(">", sides) -> Some(Relation.Greater, sides)
    | Some("<", sides) -> Some(Relation.Less, sides)
    | Some("within", [ first; { Value = Real margin } :: { Value = "of" } :: (_ :: _ as second) ]) when
        margin > 0.0 && Double.IsFinite margin
        ->
        Some(Relation.Within margin, [ first; second ])
    | _ -> None

/// `words` are those of the line up to a comma, `more` those behind, which only axes can be.
let private trend report known measure rises words more =
    let over, mark, axes' = cut [ "for" ] words

    let parts =
        split
            {
                Kind = measure
                Parts = axes' :: more |> List.filter (not << List.isEmpty)
            }

    match over, mark, parts with
    | _ :: _, (Some _ | None), [ { Keyword = ""; Names = names } ] when
        mark.IsSome <> names.IsEmpty && (mark.IsSome || more.IsEmpty)
        ->
        let over = named over
        measures report [ withoutMark over ] |> ignore
        judged report measure

        ReportClaim.Trend(
            measure.Value,
            rises,
            (withoutMark over).Value,
            over.Value.EndsWith "(log)",
            axes report known names
        )
        |> Some
    | _ -> None

let private toWords (side: Located<string> list) =
    [| for word in side -> toWord word.Value |]

/// Measures of the same runs, of those that have the values behind `on`.
let private ofMeasures report words on =
    compared words
    |> Option.map (fun (relation, sides) ->
        let names = sides |> List.map named
        names |> List.iter (judged report)

        for first, second in List.pairwise names do
            if
                Vocabulary.isMeasure first.Value
                && Vocabulary.isMeasure second.Value
                && not (Vocabulary.areComparable first.Value second.Value)
            then
                report (Diagnostic.wrongValue second.Span $"a measure that compares with `{first.Value}`")

        ReportClaim.Measures(names |> List.map _.Value |> List.toArray, toWords on, relation))

let private isRelation (word: Located<string>) =
    List.contains word.Value [ ">"; "<"; "within" ]

let private claim report known (line: ReportLine) =
    let words, more = List.head line.Parts, List.tail line.Parts

    match cut [ "on"; "rises"; "falls" ] words with
    | before, mark, on when
        more.IsEmpty
        && List.exists isRelation before
        && (mark.IsNone || mark = Some "on" && not on.IsEmpty)
        ->
        ofMeasures report before on
    | _ :: _ as measure, Some "on", rest when more.IsEmpty ->
        compared rest
        |> Option.map (fun (relation, sides) ->
            judged report (named measure)
            let sides = sides |> List.map toWords |> List.toArray
            ReportClaim.Comparison((named measure).Value, sides, relation))
    | _ :: _ as measure, Some verb, { Value = "with" } :: rest when verb <> "on" ->
        trend report known (named measure) (verb = "rises") rest more
    | _ -> None
    |> Option.map ReportItem.Claim

/// Warns of sides of claims that no run has the values of.
let warnOfClaims report (runs: Run list) (lines: ReportLine list) =
    for line in lines do
        match line.Kind.Value, line.Parts with
        | "claim", [ words ] ->
            let before, _, behind = cut [ "on" ] words

            let sides =
                if List.exists isRelation before then
                    [ behind ]
                else
                    compared behind |> Option.map snd |> Option.defaultValue []

            for side in sides |> List.filter (not << List.isEmpty) do
                if not (runs |> List.exists (Selection.holds (toWords side))) then
                    report (Diagnostic.expectsNothing (join side))
        | _ -> ()

/// Warns of values that the logarithmic axis of a plot cannot show.
let warnOfPlots report (runs: Run list) (lines: ReportLine list) =
    for line in lines do
        if line.Kind.Value = "plot" then
            let parts = split line

            for over in part "against" parts @ part "over" parts do
                let name = (withoutMark over).Value

                let unseen (axis: Axis) =
                    match axis.Value with
                    | AxisValue.Number number -> number <= 0.0
                    | AxisValue.Word _ -> true

                if over.Value.EndsWith "(log)" && not (Vocabulary.isMeasure name) then
                    runs
                    |> Seq.collect _.Columns
                    |> Seq.filter (fun axis -> axis.Name = name)
                    |> Seq.tryFind unseen
                    |> Option.iter (fun axis ->
                        report (Diagnostic.notLogarithmic over.Span name (AxisValue.text axis.Value)))

/// What a line asks for; `known` are the columns that the file's runs can have.
let read report (known: string list) (line: ReportLine) : ReportItem option =
    let parts = split line
    let kind = line.Kind.Value
    let of' keyword = part keyword parts

    let wrong span =
        let usage = Vocabulary.usage Vocabulary.reports kind
        report (Diagnostic.wrongValue span $"`{usage}`")
        None

    /// Whether each keyword may stand here, once, with as many names behind it as it takes.
    let isEven allowed =
        parts |> List.forall (fun part -> List.contains part.Keyword allowed)
        && parts |> List.countBy _.Keyword |> List.forall (fun (_, count) -> count = 1)
        && parts
           |> List.forall (fun part ->
               part.Names.Length = 1
               || not (List.contains part.Keyword [ "against"; "over"; "fit" ]))
        && (of' "against" @ of' "over").Length <= 1

    let ofMeasures allowed item =
        if not (isEven allowed) || (of' "").IsEmpty then
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
    | "tsne" when not (isEven [ "" ]) -> wrong line.Kind.Span
    | "tsne" ->
        tsne line
        |> Option.orElseWith (fun () -> wrong (line.Parts |> List.concat |> join))
    | "claim" ->
        (if line.Parts.IsEmpty then None else claim report known line)
        |> Option.orElseWith (fun () -> wrong line.Kind.Span)
    | other ->
        Vocabulary.names Vocabulary.reports
        |> Diagnostic.unknownWord line.Kind.Span "kind of report" other
        |> report

        None
