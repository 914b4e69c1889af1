/// Turns a file's contents into checked runs and a checked report.
module Freeze.Language.Checker

open Freeze
open Freeze.Language.Values
open Freeze.Language.Sections
open Freeze.Language.Variants
open Freeze.Language.Runs

/// The columns that a file's runs can have.
let private axisNames (contents: Contents) (variants: Variant list) =
    [
        yield! variants |> Seq.collect (fun v -> v.Outer @ v.Inner) |> Seq.collect _.Columns
        yield! contents.Outside.Lets |> Seq.map _.Name.Value
        yield! variants |> Seq.collect _.Section.Draws |> Seq.map _.Name.Value
        if not contents.Cases.IsEmpty then
            "case"
    ]
    |> List.filter ((<>) "")
    |> List.distinct

/// A profile may replace a list by one value; the axis can be named all the same.
let private reports report contents variants : ReportItem list =
    let known =
        axisNames contents variants
        @ axisNames contents (Variants.ofContents ignore contents emptySection)
        |> List.distinct

    contents.Report
    |> List.choose _.Value
    |> List.choose (ReportLines.read report known)

let private profile report (contents: Contents) name : Section =
    match contents.Profiles |> List.tryFind (fun (known, _) -> known.Value = name) with
    | Some(_, section) -> section
    | None when name = "" -> emptySection
    | None ->
        let known = contents.Profiles |> List.map (fun (known, _) -> known.Value)
        report (Diagnostic.unknownProfile Span.Nowhere name known)
        emptySection

/// Limit for the weights of all runs together: ten thousand runs with a thousand weights each.
let private mostWeights = 10_000_000L

let private limit report (contents: Contents) =
    Forms.tryRead Scope.Empty contents.Outside.Settings Searches.limit
    |> Option.bind (Diagnostic.keep report)
    |> Option.defaultValue Searches.limit.Default

/// The runs of a file, in order, and its report; errors go to `context.Report`. If there are errors, the runs are those that
/// could be read. `whole` says that every statement could be parsed: otherwise a statement that could not may use what seems
/// unused. `isSound` says that there has been no error so far.
let check
    (context: FileContext)
    (whole: bool)
    (isSound: unit -> bool)
    (contents: Contents)
    : Planned list * ReportItem list =
    let profile =
        over
            (profile context.Report contents context.Profile)
            (Gather.overrides context.Report contents context.Overrides)

    let variants = Variants.ofContents context.Report contents profile
    let most = limit context.Report contents
    let count = Variants.count variants
    let reports = reports context.Report contents variants

    let longest =
        lazy (variants |> List.collect (fun v -> v.Outer @ v.Inner) |> List.maxBy _.Count)

    if count > bigint most then
        context.Report(Diagnostic.tooManyRuns longest.Value.Place (count.ToString()) most)
        [], reports
    else
        let redefined = profile.Lets |> List.map _.Name.Value |> Set.ofList
        let make = Runs.maker context contents redefined
        let mutable weights = 0L

        let isWithin (made: Made) =
            let isWithin = weights <= mostWeights

            weights <-
                weights
                + (made.Planned
                   |> Option.map _.Weights.Reasons.LongLength
                   |> Option.defaultValue 0L)

            isWithin

        // Ten thousand runs of a net with ten thousand layers would not fit into memory.
        let made =
            Variants.inFileOrder variants
            |> Seq.map (fun (variant, choice) -> make variant choice)
            |> Seq.takeWhile isWithin
            |> List.ofSeq

        let cases = contents.Cases |> List.map (fun (name, _) -> name.Value)
        let planned = made |> List.choose _.Planned |> Bases.link context cases

        if weights > mostWeights then
            context.Report(Diagnostic.tooManyWeights longest.Value.Place mostWeights)

        if whole then
            Unused.checkNets context contents variants.Head (made |> Seq.choose _.Net |> Set.ofSeq)

        // After an error, a rule may seem dead only because of that error.
        if whole && isSound () then
            let isNarrowed = context.Profile <> "" || not (List.isEmpty context.Overrides)

            // An imported file is checked by itself, so what this file does not use of it is not an error.
            let report (diagnostic: Diagnostic) =
                let source = context.Source

                if diagnostic.Span.Start < source.Start + source.Text.Length then
                    context.Report diagnostic

            Unused.warn report contents variants planned isNarrowed

            if not isNarrowed then
                let runs = planned |> List.map _.Run
                let lines = contents.Report |> List.choose _.Value
                ReportClaims.warn report runs lines
                ReportLines.warn report runs lines

        planned, reports
