/// A file's contents to its runs and its report, all of it checked.
module Freeze.Language.Checker

open Freeze
open Freeze.Language.Values
open Freeze.Language.Sections
open Freeze.Language.Variants
open Freeze.Language.Runs

/// The columns that the runs of a file can have.
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

/// A profile may put one value in the place of a list: its axis can be named all the same.
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

/// Weights of all runs together: of ten thousand runs a thousand each.
let private mostWeights = 10_000_000L

let private limit report (contents: Contents) =
    Settings.tryRead Scope.Empty contents.Outside.Settings Searches.limit
    |> Option.bind (Diagnostic.keep report)
    |> Option.defaultValue Searches.limit.Default

/// What a file's statements mean.
type Checked =
    {
        Planned: Planned list
        Report: ReportItem list
        Profiles: string list
    }

let nothing =
    {
        Planned = []
        Report = []
        Profiles = []
    }

/// The runs that a file means, in its order, and its report; all that is wrong goes to `context.Report`.
/// With an error anywhere the runs are those that could be made out. `whole` says that every statement could be
/// read: where one could not, what seems unused may be used there. `isSound` says that nothing is wrong so far.
let check (context: Context) (whole: bool) (isSound: unit -> bool) (contents: Contents) : Checked =
    let profile =
        over (profile context.Report contents context.Profile) (beside context.Report contents context.Beside)

    let variants = Variants.ofContents context.Report contents profile
    let most = limit context.Report contents
    let count = Variants.count variants
    let reports = reports context.Report contents variants

    let checkedWith planned =
        {
            Planned = planned
            Report = reports
            Profiles = contents.Profiles |> List.map (fun (name, _) -> name.Value)
        }

    let longest =
        lazy (variants |> List.collect (fun v -> v.Outer @ v.Inner) |> List.maxBy _.Count)

    if count > bigint most then
        context.Report(Diagnostic.tooManyRuns longest.Value.Place (count.ToString()) most)
        checkedWith []
    else
        let uses = noUses ()
        let checker = RunChecker(context, contents, uses)

        let mutable weights = 0L

        // Ten thousand runs of a net of ten thousand layers would not fit into memory.
        let planned =
            Variants.inFileOrder variants
            |> List.choose (fun (variant, choice) ->
                if weights > mostWeights then
                    None
                else
                    let planned = checker.Check variant choice

                    weights <-
                        weights + (planned |> Option.map _.Reasons.LongLength |> Option.defaultValue 0L)

                    planned)

        if weights > mostWeights then
            context.Report(Diagnostic.tooManyWeights longest.Value.Place mostWeights)

        if whole then
            variants |> List.tryHead |> Option.iter checker.CheckUnused

        // Where something is wrong, a rule may seem dead only because of that.
        if whole && isSound () then
            let isNarrowed = context.Profile <> "" || not (List.isEmpty context.Beside)

            // What an imported file has beyond this one's needs is not this one's mistake; it is checked by itself.
            let report (diagnostic: Diagnostic) =
                let source = context.Source

                if diagnostic.Span.Start < source.Start + source.Text.Length then
                    context.Report diagnostic

            Unused.warn report contents variants uses isNarrowed

            if not isNarrowed then
                let runs = planned |> List.map _.Run
                let lines = contents.Report |> List.choose _.Value
                ReportLines.warnOfClaims report runs lines
                ReportLines.warnOfPlots report runs lines

        checkedWith planned
