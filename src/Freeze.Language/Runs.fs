/// Turns variants into runs: each run of a file is worked out and checked completely.
module Freeze.Language.Runs

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.Searches
open Freeze.Language.Settings
open Freeze.Language.Axes
open Freeze.Language.Sections
open Freeze.Language.Variants
open Freeze.Language.RunNets
open Freeze.Language.RunWeights

/// A run, and what it uses of its file.
type Planned =
    {
        Run: Run
        /// Its weights as decided by rules, and the rule that decides each.
        Weights: Rules.Resolved
        /// The spans of the published values that apply to it.
        Published: Span list
        /// The run that it starts from, as written.
        Start: StartSettings.StartFrom option
    }

/// The result for one choice from each axis.
type Made =
    {
        /// The name of the net, even if there are errors.
        Net: string option
        Planned: Planned option
    }

/// Plans a run with known settings and net.
let private plan isCase (making: Making) (section: Section) (standing: Naming.Standing) : Planned =
    let context, settings = making.Context, making.Settings
    let learning, weights = RunWeights.learning making

    let recipe =
        { settings.Recipe with
            Net = making.Net.OfRun settings.ByStages
            Weights = weights.Weights
            FrozenStatistics = weights.FrozenStatistics
            Learning = learning
            Halving =
                match making.Variant.Search with
                | Search.Stages(Trials.Halving _) -> learning.IsStageByStage
                | _ -> false
        }

    RunChecks.ofLastBatch context.Report section recipe
    RunChecks.ofCopies context.Report section recipe

    let expected =
        Selection.values (standing.Axes @ standing.Draws) making.Net.Name settings.Data.Name
        |> Expectations.ofRun context.Report context.TextOf isCase making.Scope section

    {
        Run =
            {
                Name = standing.Name
                Profile = context.Profile
                Axes = List.toArray standing.Axes
                Place = standing.Place
                NetName = making.Net.Name
                Expected = expected |> List.map snd |> List.toArray
                Recipe = recipe
            }
        Weights = weights
        Published = expected |> List.map fst
        Start = settings.Start
    }

/// Works out the runs of a file one by one, each from a variant and a choice from each of its axes. `redefined` are the lets that
/// a profile redefines.
let maker
    (context: FileContext)
    (contents: Contents)
    (redefined: Set<string>)
    : Variant -> int64 list -> Made =
    let report = context.Report
    let build = RunNets.builder report
    let cases = contents.Cases |> List.map (fun (name, _) -> name.Value) |> Set.ofList
    let isCase = cases.Contains

    let reads =
        Memo.by
            HashIdentity.Structural
            (fun (variant: Variant, ofMembers: bool) -> variant.Case, ofMembers)
            (fun (variant, ofMembers) -> RuleReads.ofVariant variant ofMembers)

    fun variant choice ->
        let axes = variant.Outer @ variant.Inner

        let chosen =
            List.map2 (fun (axis: ListAxis) i -> axis.Place, i) axes choice |> Map.ofList

        let items =
            List.map2 (fun (axis: ListAxis) i -> axis.Place, axis.Item i) axes choice
            |> Map.ofList

        let scopeOf (section: Section) =
            Scope(section.LetMap, (fun place -> Map.tryFind place items))

        let candidate =
            match variant.Search with
            | Search.Runs trials -> candidateOf variant.Section.Draws trials 0 (int (List.last choice))
            | Search.No
            | Search.Stages _ -> Draws.unperturbed

        let outside = scopeOf variant.Section

        // A wrong seed is reported when settings are read.
        let seed =
            match Forms.tryRead outside variant.Section.Settings TrainingSettings.seed with
            | Some(Ok seed) -> seed
            | _ -> TrainingSettings.seed.Default

        let drawn = RunWeights.draw report outside seed candidate variant.Section
        let section = RunWeights.withDrawn report variant.Section drawn
        let scope = scopeOf section

        let making settings net =
            {
                Context = context
                Variant = variant
                Reads = fun ofMembers -> reads (variant, ofMembers)
                Chosen = chosen
                Settings = settings
                Net = net
                Scope = scope
                ScopeOf = scopeOf
            }

        match Settings.read report context.Data scope section.Settings with
        | None -> { Net = None; Planned = None }
        | Some settings ->
            RunChecks.ofSearch report variant settings
            RunChecks.ofSettings report section settings

            let resolved =
                NetLibrary.resolve contents.Nets settings.Net |> Diagnostic.keep report

            /// The net that a profile puts in place of the file's word.
            let netOf (word: string) =
                if redefined.IsEmpty then
                    None
                else
                    at Span.Nowhere (Term.Word word)
                    |> List.singleton
                    |> reached section.LetMap
                    |> Set.intersect redefined
                    |> fun found ->
                        if found.IsEmpty then
                            None
                        else
                            Some(Naming.ofNet scope settings.Net)

            let standing =
                Naming.standing context.Source context.TextOf netOf variant choice candidate.Number drawn

            {
                Net = resolved |> Option.map _.Definition.Name.Value
                Planned =
                    resolved
                    |> Option.bind (build section scope settings)
                    |> Option.map (fun net -> plan isCase (making settings net) section standing)
            }
