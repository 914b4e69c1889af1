/// The way a run trains, and its weights as decided by rules.
module Freeze.Language.RunWeights

open System.Collections.Generic
open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.Searches
open Freeze.Language.Settings
open Freeze.Language.Rules
open Freeze.Language.Sections
open Freeze.Language.Variants
open Freeze.Language.RunNets

/// A run with known settings and net.
type Making =
    {
        Context: FileContext
        Variant: Variant
        /// What the rules of members (true) or the other rules (false) read.
        Reads: bool -> RuleReads.Reads
        /// The index of the run's item in each list.
        Chosen: Map<Span, int64>
        Settings: Settings
        Net: RunNet
        Scope: Scope
        /// The scope in which the names of a section are looked up.
        ScopeOf: Section -> Scope
    }

    member this.Section = this.Variant.Section
    member this.Report = this.Context.Report

/// Where a weight starts if neither a rule nor another run determines it.
let private fresh (settings: Settings) (net: RunNet) (weight: Weight) =
    match settings.Init, Map.tryFind weight.Name net.Built.Starts with
    | Some scheme, _ when not (LayerKind.isNorm weight.Kind) && not weight.IsBias -> scheme weight
    | _, Some scheme -> scheme weight
    | _, None -> Starts.torch weight

/// The weights under the rules of members or under the others, for a net trained for the given number of epochs.
let private resolve (making: Making) ofMembers epochs : Resolved =
    let seed = making.Settings.Recipe.Seed

    // For stages, the warning comes after solved classifiers have been assigned.
    let warned resolved =
        if not making.Settings.ByStages then
            Learnability.warn making.Report making.Net.Net false resolved

        resolved

    let resolve () =
        Rules.resolve
            {
                Report = making.Report
                TextOf = making.Context.TextOf
                Scope = making.Scope
                Net = making.Net.View
                Start =
                    if making.Settings.Start.IsSome then
                        fun _ -> Start.Base
                    else
                        fresh making.Settings making.Net
                Fresh = fresh making.Settings making.Net
                Names = making.Net.Built.Names
                File = making.Context.Weights
                Seed = seed
                Epochs = epochs
                GoesOn = ofMembers
                Select = making.Net.Select making.Scope
            }
            (rulesOf making.Section ofMembers)
        |> warned

    // Any name may stand for a draw, so results are cached only without draws.
    if making.Section.Draws.IsEmpty then
        let key = RuleReads.key (making.Reads ofMembers) making.Chosen seed epochs
        Memo.find making.Net.Resolved key resolve
    else
        resolve ()

/// The values that a candidate draws, by name.
let draw report scope seed candidate (section: Section) : (Name * Expression) list =
    section.Draws
    |> List.choose (fun draw ->
        Draws.resolve scope seed candidate draw.Name.Value draw.Content
        |> Diagnostic.keep report
        |> Option.map (fun value -> draw.Name, value))

/// The section with its draws replaced by drawn values.
let withDrawn report (section: Section) (drawn: (Name * Expression) list) : Section =
    drawn
    |> List.fold (fun section (name, value) -> Definitions.define report section name value) section

/// How each stage is trained.
let private stageLearning (making: Making) : StageLearning[] =
    [|
        for stage in 1 .. making.Net.Net.Stages.Length ->
            Map.tryFind (stage, "learn") making.Section.Stages
            |> Option.bind (fun written ->
                Searches.learnOfStage.Read making.Scope written.Phrase
                |> Diagnostic.keep making.Report)
            |> Option.defaultValue StageLearning.Classify
    |]

/// The optimizers that each stage tries: least squares need only one, and a stage's fixed settings are not drawn.
let private stageCandidates (making: Making) (learning: StageLearning[]) =
    let all = making.Section.Draws
    let seed = making.Settings.Recipe.Seed

    let trials =
        match making.Variant.Search with
        | Search.Stages trials -> trials
        | Search.No
        | Search.Runs _ -> Trials.Random 0

    let optimizer stage (draws: Let list) (own: Map<string, Forms.Written>) number =
        let candidate = candidateOf draws trials stage number

        // A stage's own draw replaces the one for all stages.
        let common =
            { making.Section with
                Draws = draws |> List.filter (fun draw -> List.contains draw all)
            }

        let section =
            draw making.Report making.Scope seed candidate common
            |> withDrawn making.Report common

        let scope = making.ScopeOf section

        let drawn =
            making.Section.StageDraws
            |> Map.toList
            |> List.filter (fun ((number, _), _) -> number = stage)
            |> List.choose (fun ((_, name), draw) ->
                Draws.resolve scope seed candidate name draw.Content
                |> Diagnostic.keep making.Report
                |> Option.map (fun value ->
                    let written: Forms.Written = { Name = draw.Name; Phrase = [ value ] }
                    name, written))
            |> Map.ofList

        Optimizers.read scope section.Settings (Map.over own drawn)
        |> Diagnostic.keep making.Report

    learning
    |> Array.mapi (fun i learning ->
        let own = making.Section.OptimizerOf(i + 1)
        let draws = making.Section.DrawsOf(i + 1)

        if learning.IsSolve then
            for KeyValue(_, written) in own do
                making.Report(Diagnostic.rateOfSolvedStage written.Name.Span written.Name.Value)

        let count = if learning.IsSolve then 1 else candidateCount draws trials
        let tried = Array.init count id |> Array.choose (optimizer (i + 1) draws own)
        // If nothing is left to draw, all candidates equal the start.
        if own.IsEmpty && not all.IsEmpty then
            tried
        else
            Array.distinct tried)

let private checkStages (making: Making) =
    let count = making.Net.Net.Stages.Length

    let said =
        [
            for KeyValue((stage, _), written) in making.Section.Stages -> stage, written.Name
            for KeyValue((stage, _), draw) in making.Section.StageDraws -> stage, draw.Name
        ]

    for stage, name in said do
        if not making.Settings.ByStages then
            making.Report(Diagnostic.stageWithoutStages name.Span)
        elif stage > count then
            making.Report(Diagnostic.stageOutOfRange name.Span making.Net.Name count)

/// Whether the net ends with one linear layer after its last stage.
let private isStaged (net: Net) =
    match Array.tryLast net.Stages with
    | None -> false
    | Some last ->
        net.Nodes[last.Output + 1 ..]
        |> Array.filter (fun node -> not node.Operation.IsFlatten)
        |> Array.forall _.Operation.IsLinear
        && (Array.last net.Nodes).Inputs[0] >= last.Output

/// The way a run trains, and its weights.
let learning (making: Making) : Learning * Resolved =
    let settings = making.Settings
    let epochs = settings.Recipe.Epochs
    checkStages making

    let together () =
        Learning.Together, resolve making false epochs

    let count most what (value: Expression) =
        wholeBetween making.Scope 1L most what value
        |> Diagnostic.keep making.Report
        |> Option.map int
        |> Option.defaultValue 1

    match making.Section.Ensemble with
    | Some ensemble when settings.ByStages ->
        making.Report(Diagnostic.ensembleByStages ensemble.Place)
        together ()
    | Some ensemble ->
        let members = resolve making true epochs
        let number = count 1000L "the number of members" ensemble.Members
        let after = count 100_000L "the number of epochs" ensemble.After
        // Rules outside the ensemble's block apply to the epochs before it.
        let before = resolve making false after

        Learning.Ensemble(number, after, members.Weights, members.FrozenStatistics),
        { before with
            Reasons = members.Reasons
            Winners = before.Winners + members.Winners
            Overruled = Map.over members.Overruled before.Overruled
        }
    | None when settings.ByStages && not (isStaged making.Net.Net) ->
        let place = join making.Section.Settings["learn"].Phrase
        making.Report(Diagnostic.nothingStaged place making.Net.Name)
        together ()
    | None when settings.ByStages ->
        let stages = stageLearning making
        let candidates = stageCandidates making stages

        let resolved =
            resolve making false epochs
            |> SolvedStages.settle making.Report making.Section.Rules making.Net.Net stages

        Learnability.warn making.Report making.Net.Net true resolved
        Learning.StageByStage(candidates, stages), resolved
    | None -> together ()
