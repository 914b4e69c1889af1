/// `claim …`: what a claim compares, or in which direction it says that a measure goes.
module Freeze.Language.ReportClaims

open System
open System.Globalization
open Freeze
open Freeze.Language.Syntax
open Freeze.Language.ReportWords

let private (|Real|_|) (written: string) =
    match Double.TryParse(written, NumberStyles.Float, CultureInfo.InvariantCulture) with
    | true, number -> Some number
    | _ -> None

let private toWord (written: string) =
    match written with
    | Real number when written.Contains '.' && Double.IsInteger number ->
        AxisValue.text (AxisValue.Number number) + ".0"
    | Real number -> AxisValue.text (AxisValue.Number number)
    | _ -> written

/// A measure of whole runs; stage measures have one value per stage.
let private ofRun report (measure: Located<string>) =
    if measure.Value.StartsWith "stage " then
        report (Diagnostic.wrongValue measure.Span "a measure with one value per run")
    else
        measures report [ measure ] |> ignore

/// Splits at the first of the marks: the words before it, the mark, and the words after it.
let private cut (marks: string list) (words: Located<string> list) =
    match words |> List.tryFindIndex (fun word -> List.contains word.Value marks) with
    | Some i -> List.take i words, Some words[i].Value, List.skip (i + 1) words
    | None -> words, None, []

/// Limit for the number of compared sides: nobody could read a longer claim.
let private longestChain = 100

let private relations = [ ">"; "<"; "within" ]

let private isRelation (word: Located<string>) = List.contains word.Value relations

/// The sides between relation words, which must all be the same.
let rec private sides (words: Located<string> list) : (string * Located<string> list list) option =
    match cut relations words with
    | [], _, _
    | _, Some _, [] -> None
    | side, None, _ -> Some("", [ side ])
    | side, Some relation, rest ->
        sides rest
        |> Option.filter (fun (next, _) -> next = "" || next = relation)
        |> Option.map (fun (_, others) -> relation, side :: others)

/// The relation between sides, and the words of the sides.
let private compared (words: Located<string> list) : (Relation * Located<string> list list) option =
    let isReadable = (words |> List.filter isRelation).Length <= longestChain

    match (if isReadable then sides words else None) with
    | Some(">", sides) -> Some(Relation.Greater, sides)
    | Some("<", sides) -> Some(Relation.Less, sides)
    | Some("within", [ first; { Value = Real margin } :: { Value = "of" } :: (_ :: _ as second) ]) when
        margin > 0.0 && Double.IsFinite margin
        ->
        Some(Relation.Within margin, [ first; second ])
    | _ -> None

/// `words` is the line up to a comma, `more` the words after it, which must be axes.
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
        let over, isLogarithmic = marked (named over)
        measures report [ over ] |> ignore
        ofRun report measure
        Some(ReportClaim.Trend(measure.Value, rises, over.Value, isLogarithmic, axes report known names))
    | _ -> None

/// The values that a side names: a number and its unit are one value.
let private toWords (side: Located<string> list) : string[] =
    let rec words (side: string list) =
        match side with
        | (Real _ as number) :: unit :: rest when (Vocabulary.tryDimension unit).IsSome ->
            $"{toWord number} {unit}" :: words rest
        | word :: rest -> toWord word :: words rest
        | [] -> []

    side |> List.map _.Value |> words |> List.toArray

/// Measures of the same runs: those with the values after `on`.
let private ofMeasures report words on =
    compared words
    |> Option.map (fun (relation, sides) ->
        let names = sides |> List.map named
        names |> List.iter (ofRun report)

        for first, second in List.pairwise names do
            if
                Vocabulary.isMeasure first.Value
                && Vocabulary.isMeasure second.Value
                && not (Vocabulary.areComparable first.Value second.Value)
            then
                report (Diagnostic.wrongValue second.Span $"a measure that compares with `{first.Value}`")

        ReportClaim.Measures(names |> List.map _.Value |> List.toArray, toWords on, relation))

/// What a claim states; None if it cannot be read. `known` are the columns that the file's runs can have.
let read report known (line: ReportLine) : ReportClaim option =
    let words, more =
        match line.Parts with
        | [] -> [], []
        | words :: more -> words, more

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
            ofRun report (named measure)
            let sides = sides |> List.map toWords |> List.toArray
            ReportClaim.Comparison((named measure).Value, sides, relation))
    | _ :: _ as measure, Some verb, { Value = "with" } :: rest when verb <> "on" ->
        trend report known (named measure) (verb = "rises") rest more
    | _ -> None

/// Warns of claim sides whose values no run has.
let warn report (runs: Run list) (lines: ReportLine list) =
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
