/// The lines of a report to what they ask for.
module Freeze.Language.ReportLines

open System
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
    {
        Value = words |> List.map _.Value |> String.concat " "
        Span = join words
    }

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

let private measures report (names: Located<string> list) =
    for name in names do
        if not (List.contains name.Value Vocabulary.measures) then
            report (Diagnostic.unknownWord name.Span "measure" name.Value Vocabulary.measures)

    names |> List.map _.Value |> List.toArray

/// `axes` are the columns that the file's runs can have.
let private axes report (known: string list) (names: Located<string> list) =
    for name in names do
        if not (List.contains name.Value known) then
            report (Diagnostic.unknownWord name.Span "axis" name.Value known)

    names |> List.map _.Value |> List.toArray

let private withoutMark (name: Located<string>) =
    { name with
        Value = name.Value.Replace(" (log)", "")
    }

let private part keyword (parts: Part list) =
    parts
    |> List.tryFind (fun part -> part.Keyword = keyword)
    |> Option.map _.Names
    |> Option.defaultValue []

let private plot report known parts =
    let over = part "against" parts @ part "over" parts

    let byEpoch = part "by" parts |> List.forall (fun name -> name.Value = "epoch")

    if not byEpoch then
        let wrong = part "by" parts |> List.find (fun name -> name.Value <> "epoch")
        report (Diagnostic.wrongValue wrong.Span "`by epoch`; the curves are told apart `for` axes")

    let over' = over |> List.map withoutMark
    measures report over' |> ignore

    let fit =
        match part "fit" parts with
        | [] -> ""
        | name :: _ when List.contains name.Value [ "log"; "linear" ] -> name.Value
        | name :: _ ->
            report (Diagnostic.unknownWord name.Span "fit" name.Value [ "log"; "linear" ])
            ""

    ReportItem.Plot(
        measures report (part "" parts),
        (over' |> List.tryHead |> Option.map _.Value |> Option.defaultValue "epoch"),
        (over |> List.exists _.Value.EndsWith("(log)")),
        axes report known (part "for" parts),
        fit
    )

let private tsne report (line: ReportLine) =
    let words = line.Parts |> List.map (List.map _.Value)

    let (|Whole|_|) (text: string) =
        match Int32.TryParse text with
        | true, value when value > 0 && value <= 100_000 -> Some value
        | _ -> None

    let stage words =
        match words with
        | [ "last"; "stage" ] -> Some 0
        | [ "stage"; Whole number ] -> Some number
        | _ -> None

    match words with
    | [] -> Some(ReportItem.Tsne(0, 2000))
    | [ [ Whole samples; "samples" ] ] -> Some(ReportItem.Tsne(0, samples))
    | [ where ] when (stage where).IsSome -> Some(ReportItem.Tsne((stage where).Value, 2000))
    | [ where; [ Whole samples; "samples" ] ] when (stage where).IsSome ->
        Some(ReportItem.Tsne((stage where).Value, samples))
    | _ ->
        let usage = Vocabulary.usage Vocabulary.reports "tsne"
        report (Diagnostic.wrongValue (line.Parts |> List.concat |> join) $"`{usage}`")
        None

/// What a line asks for; `known` are the columns that the file's runs can have.
let read report (known: string list) (line: ReportLine) : ReportItem option =
    let parts = split line
    let kinds = Vocabulary.names Vocabulary.reports

    let allowed =
        match line.Kind.Value with
        | "table" -> [ ""; "by" ]
        | "plot" -> [ ""; "by"; "against"; "over"; "for"; "fit" ]
        | "weights" -> [ ""; "by" ]
        | _ -> [ "" ]

    let usage () =
        let usage = Vocabulary.usage Vocabulary.reports line.Kind.Value
        Diagnostic.wrongValue line.Kind.Span $"`{usage}`"

    let isOdd =
        List.contains line.Kind.Value kinds
        && (parts |> List.exists (fun part -> not (List.contains part.Keyword allowed))
            || (parts |> List.countBy _.Keyword |> List.exists (fun (_, count) -> count > 1))
            || (parts
                |> List.exists (fun part ->
                    List.contains part.Keyword [ "against"; "over"; "fit" ]
                    && part.Names.Length <> 1))
            || ((part "against" parts @ part "over" parts).Length > 1))

    let needsMeasures item =
        if (part "" parts).IsEmpty then
            report (usage ())
            None
        else
            Some item

    match line.Kind.Value with
    | _ when isOdd ->
        report (usage ())
        None
    | "table" ->
        ReportItem.Table(measures report (part "" parts), axes report known (part "by" parts))
        |> needsMeasures
    | "plot" -> plot report known parts |> needsMeasures
    | "weights" when part "by" parts |> List.exists (fun name -> name.Value <> "layer") ->
        report (usage ())
        None
    | "weights" -> ReportItem.Weights(measures report (part "" parts)) |> needsMeasures
    | "tsne" -> tsne report line
    | other ->
        report (Diagnostic.unknownWord line.Kind.Span "kind of report" other kinds)
        None
