/// Variants to runs: each run of a file is made out and checked whole.
module Freeze.Language.Runs

open System.Collections.Generic
open System.IO
open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.Settings
open Freeze.Language.Rules
open Freeze.Language.Axes
open Freeze.Language.Sections
open Freeze.Language.Variants

/// A run, and for each of its weights the rule that decides it.
type Planned = { Run: Run; Reasons: Span option[] }

/// What is known of a file beside its statements.
type Context =
    {
        Report: Diagnostic -> unit
        Source: Source
        TextOf: Span -> string
        /// The start that a file of weights gives.
        Weights: Located<string> -> Result<Start, Diagnostic>
        Data: DataLookup
        /// The profile in force, or "".
        Profile: string
        /// Settings and lets that lie above it.
        Beside: Syntax.Statement list
    }

/// A net as rules see it, and where its weights start.
type Subject =
    {
        Built: NetChecker.Built
        Name: string
        Seen: Selectors.Subject
    }

/// One run while it is made out.
type Making =
    {
        Variant: Variant
        /// The number of the item that the run has of each list.
        Chosen: Map<Span, int64>
        Settings: Settings
        Subject: Subject
        Scope: Scope
        /// The scope in which a section's names are looked up.
        ScopeOf: Section -> Scope
    }

/// Checks runs one by one; a net that depends on no `let` is built once for all of them.
type RunChecker
    (context: Context, contents: Contents, winners: HashSet<Span>, overruled: Dictionary<Span, Span>) =
    let report = context.Report
    let subjects = Dictionary<string * int list * int, Subject option>()
    // The published values that held for some run.
    let seen = HashSet<Span>()
    let usedNets = HashSet<string>()

    let build (scope: Scope) (settings: Settings) (resolved: NetLibrary.Resolved) name =
        let place = settings.Net.Callee

        let report =
            if resolved.IsBuiltIn then
                Diagnostic.libraryNet place.Span place.Value >> report
            else
                report

        let body = if resolved.IsBuiltIn then Scope.Empty else scope

        NetChecker.check
            report
            scope
            body
            resolved.Definition
            resolved.Call
            settings.Data.Image
            settings.Classes
        |> Option.map (fun built ->
            {
                Built = built
                Name = name
                Seen = Selectors.subject name built.Net
            })

    let dependsOnLets (section: Section) (resolved: NetLibrary.Resolved) =
        let lets = section.Lets |> List.map _.Name.Value |> Set.ofList

        not resolved.IsBuiltIn
        && definitionExpressions resolved.Definition.Parameters resolved.Definition.Body
           |> Seq.collect words
           |> Seq.exists lets.Contains

    let subject (section: Section) scope (settings: Settings) =
        match NetLibrary.resolve contents.Nets settings.Net |> Diagnostic.keep report with
        | None -> None
        | Some resolved ->
            usedNets.Add resolved.Definition.Name.Value |> ignore
            let name = Naming.ofNet scope settings.Net
            let key = name, List.ofArray settings.Data.Image, settings.Classes

            if dependsOnLets section resolved then
                build scope settings resolved name
            else
                match subjects.TryGetValue key with
                | true, known -> known
                | false, _ ->
                    let built = build scope settings resolved name
                    subjects[key] <- built
                    built

    /// Where a weight starts when no rule says so.
    let start (settings: Settings) (subject: Subject) (weight: Weight) =
        match settings.Init, Map.tryFind weight.Name subject.Built.Starts with
        | Some scheme, _ when weight.Kind <> LayerKind.BatchNorm && not weight.IsBias -> scheme weight
        | _, Some scheme -> scheme weight
        | _, None -> Starts.torch weight

    // What a selector without numbers takes of a net is the same in every run.
    let selections =
        Dictionary<Selectors.Subject, Dictionary<Span, Result<Set<int>, Diagnostic>>>(HashIdentity.Reference)

    let select (subject: Subject) scope (selector: Selector) =
        if not (selectorExpressions selector).IsEmpty then
            Selectors.resolve scope subject.Seen selector
        else
            let known =
                match selections.TryGetValue subject.Seen with
                | true, known -> known
                | false, _ ->
                    let known = Dictionary()
                    selections[subject.Seen] <- known
                    known

            match known.TryGetValue selector.Span with
            | true, found -> found
            | false, _ ->
                let found = Selectors.resolve scope subject.Seen selector
                known[selector.Span] <- found
                found

    let resolutions = Resolutions.Resolutions winners

    /// Rules of a net that is trained for so many epochs.
    let rulesContext scope (settings: Settings) (subject: Subject) ofMembers epochs : Rules.Context =
        {
            Report = report
            TextOf = context.TextOf
            Scope = scope
            Subject = subject.Seen
            Start = start settings subject
            File = context.Weights
            Seed = settings.Seed
            Epochs = epochs
            GoesOn = ofMembers
            Overruled = overruled
            Select = select subject scope
        }

    /// The section with what a candidate draws in place of its draws.
    let drawn scope seed candidate (section: Section) : Section =
        section.Draws
        |> List.fold
            (fun section draw ->
                match
                    Draws.resolve scope seed candidate draw.Name.Value draw.Content
                    |> Diagnostic.keep report
                with
                | Some value -> Sections.define report section draw.Name value
                | None -> section)
            section

    /// The seed, for draws; that it may be wrong is told when settings are read.
    let seed scope (section: Section) =
        match Map.tryFind "seed" section.Settings with
        | Some setting -> Settings.seed scope setting.Phrase |> Result.defaultValue 1L
        | None -> 1L

    /// What each stage learns.
    let stageLearning (making: Making) : StageLearning[] =
        [|
            for stage in 1 .. making.Subject.Built.Net.Stages.Length ->
                Map.tryFind stage making.Variant.Section.Stages
                |> Option.bind (fun written ->
                    Settings.learnOfStage making.Scope written.Phrase |> Diagnostic.keep report)
                |> Option.defaultValue StageLearning.Classify
        |]

    /// For each stage the optimizers to try: least squares need none.
    let stageCandidates (making: Making) (learning: StageLearning[]) =
        let variant = making.Variant
        let draws = variant.Section.Draws

        let trials =
            match variant.Search with
            | Search.Stages trials -> trials
            | Search.No
            | Search.Runs _ -> Trials.Random 0

        let optimizer stage number =
            let candidate = candidateOf draws trials stage number

            let section = drawn making.Scope making.Settings.Seed candidate variant.Section

            Settings.optimizer (making.ScopeOf section) section.Settings
            |> Diagnostic.keep report

        [|
            for stage in 1 .. making.Subject.Built.Net.Stages.Length ->
                if learning[stage - 1].IsSolve then
                    [| 0 |]
                else
                    [| 0 .. candidateCount draws trials - 1 |]
                |> Array.choose (optimizer stage)
        |]

    /// A net in stages ends with one linear layer behind the last of them.
    let isStaged (net: Net) =
        net.Stages.Length > 0
        && net.Nodes[net.Stages[net.Stages.Length - 1].Output + 1 ..]
           |> Array.filter (fun node -> not node.Operation.IsFlatten)
           |> Array.forall _.Operation.IsLinear
        && net.Nodes[net.Nodes.Length - 1].Inputs[0]
           >= net.Stages[net.Stages.Length - 1].Output

    let resolve (making: Making) ofMembers epochs =
        let rules =
            rulesContext making.Scope making.Settings making.Subject ofMembers epochs

        resolutions.Resolve(making.Variant, ofMembers, making.Chosen, rules)

    let learning (making: Making) =
        let variant, settings = making.Variant, making.Settings
        let net = making.Subject.Built.Net

        let count most what (value: Expression) =
            wholeBetween making.Scope 1L most what value
            |> Diagnostic.keep report
            |> Option.map int
            |> Option.defaultValue 1

        for KeyValue(stage, written) in variant.Section.Stages do
            if not settings.ByStages then
                report (Diagnostic.stageWithoutStages written.Name.Span)
            elif stage > net.Stages.Length then
                report (Diagnostic.stageOutOfRange written.Name.Span making.Subject.Name net.Stages.Length)

        match variant.Section.Ensemble with
        | Some ensemble when settings.ByStages ->
            report (Diagnostic.ensembleByStages ensemble.Place)
            Learning.Together, None
        | Some ensemble ->
            let members = resolve making true settings.Epochs

            Learning.Ensemble(
                count 1000L "the number of members" ensemble.Members,
                count 100_000L "the number of epochs" ensemble.After,
                members.Weights,
                members.FrozenStatistics
            ),
            Some members.Reasons
        | None when settings.ByStages && not (isStaged net) ->
            let place =
                Map.tryFind "learn" variant.Section.Settings
                |> Option.map (fun setting -> join setting.Phrase)

            report (Diagnostic.nothingStaged (Option.get place) making.Subject.Name)
            Learning.Together, None
        | None when settings.ByStages ->
            let learning = stageLearning making
            Learning.StageByStage(stageCandidates making learning, learning), None
        | None -> Learning.Together, None

    let recipe (making: Making) =
        let settings = making.Settings
        let learning, reasons = learning making

        // Outside an ensemble's block rules speak of the epochs before it.
        let epochs =
            match learning with
            | Learning.Ensemble(_, after, _, _) -> after
            | Learning.Together
            | Learning.StageByStage _ -> settings.Epochs

        let resolved = resolve making false epochs

        let resolved =
            match learning with
            | Learning.StageByStage(_, stages) ->
                SolvedStages.settle
                    report
                    making.Variant.Section.Rules
                    making.Subject.Built.Net
                    stages
                    resolved
            | Learning.Together
            | Learning.Ensemble _ -> resolved

        {
            Data = settings.Source
            Images = settings.Images
            Validation = settings.Validation
            Normalisation = settings.Normalisation
            Augmentations = List.toArray settings.Augmentations
            Classes = settings.Classes
            Net = making.Subject.Built.Net
            Weights = resolved.Weights
            FrozenStatistics = resolved.FrozenStatistics
            Learning = learning
            Loss = settings.Loss
            Optimizer = settings.Optimizer
            Schedule = settings.Schedule
            Warmup = settings.Warmup
            Batch = settings.Batch
            Epochs = settings.Epochs
            Stops = List.toArray settings.Stops
            Shuffle = settings.Shuffle
            Precision = settings.Precision
            Device = settings.Device
            Seed = settings.Seed
        },
        reasons |> Option.defaultValue resolved.Reasons

    /// What a search draws must be of use to it.
    let checkSearch (variant: Variant) (settings: Settings) =
        let place () =
            join variant.Section.Settings["search"].Phrase

        match variant.Search with
        | Search.No -> ()
        | Search.Stages _ when not settings.ByStages || variant.Section.Ensemble.IsSome ->
            report (Diagnostic.searchOfNoStages (place ()))
        | Search.Stages _ ->
            for draw in variant.Section.Draws do
                let reaches =
                    usedLets
                        Map.empty
                        { emptySection with
                            Settings =
                                variant.Section.Settings
                                |> Map.filter (fun name _ ->
                                    name = "optimizer" || List.contains name Optimizers.standAlone)
                            Lets =
                                {
                                    Name = draw.Name
                                    Content = draw.Content
                                }
                                :: variant.Section.Lets
                        }

                if
                    not (
                        List.contains draw.Name.Value Optimizers.standAlone
                        || reaches.Contains draw.Name.Value
                    )
                then
                    report (Diagnostic.drawOfStage draw.Name.Span draw.Name.Value)
        | Search.Runs _ -> ()

        if variant.Search <> Search.No && settings.Validation = Validation.Test then
            report (Diagnostic.searchByTest (place ()))

    /// The published values that held for some run.
    member _.Seen = seen

    /// Checks the nets of the file that no run used and that need no arguments, on the images of a run.
    member _.CheckUnused(variant: Variant) =
        let scope =
            Scope(
                variant.Section.Lets
                |> List.map (fun l -> l.Name.Value, l.Content)
                |> Map.ofList,
                fun _ -> None
            )

        for KeyValue(name, definition) in contents.Nets do
            let isComplete = definition.Parameters |> List.forall _.Default.IsSome

            let usesLists =
                definitionExpressions definition.Parameters definition.Body
                |> Seq.collect words
                |> Seq.exists (fun word -> variant.Section.Lets |> List.exists (fun l -> l.Name.Value = word))

            if not (usedNets.Contains name) then
                report (Diagnostic.unused definition.Name.Span "net" name)

                // A let may be a list, of which no run has chosen an item.
                if isComplete && not usesLists then
                    let call: Arguments.Call =
                        {
                            Callee = definition.Name
                            Arguments = []
                        }

                    match
                        Settings.read ignore context.Data scope (Map.remove "net" variant.Section.Settings)
                    with
                    | Some settings ->
                        NetChecker.check
                            report
                            scope
                            scope
                            definition
                            call
                            settings.Data.Image
                            settings.Classes
                        |> ignore
                    | None -> ()

    /// The run of one variant and one choice from each of its axes.
    member _.Check (variant: Variant) (choice: int64 list) : Planned option =
        let allAxes = variant.Outer @ variant.Inner

        let items =
            List.map2 (fun (axis: Axis) i -> axis.Place, axis.Item i) allAxes choice
            |> Map.ofList

        let chosen place = Map.tryFind place items

        let scopeOf (section: Section) =
            let lets = section.Lets |> List.map (fun l -> l.Name.Value, l.Content)
            Scope(Map.ofList lets, chosen)

        let outside = scopeOf variant.Section
        let seed = seed outside variant.Section

        let candidate =
            match variant.Search with
            | Search.Runs trials -> candidateOf variant.Section.Draws trials 0 (int (List.last choice))
            | Search.No
            | Search.Stages _ ->
                {
                    Stage = 0
                    Number = 0
                    Chosen = Map.empty
                }

        let section = drawn outside seed candidate variant.Section
        let scope = scopeOf section

        let axesOf names (axis: Axis) i : Freeze.Axis list =
            let values = display context.TextOf axis (axis.Item i)

            List.map2 (fun name value -> { Name = name; Value = value }) names values
            |> List.filter (fun (axis: Freeze.Axis) -> axis.Name <> "")

        let labelled = List.map3 axesOf (Naming.columns allAxes) allAxes choice

        let outer, inner =
            List.splitAt variant.Outer.Length labelled
            |> fun (outer, inner) ->
                match variant.Search with
                // The candidates are the last axis; their number is a part of the run's place.
                | Search.Runs _ -> List.concat outer, List.concat (List.truncate (inner.Length - 1) inner)
                | Search.No
                | Search.Stages _ -> List.concat outer, List.concat inner

        let draws: Freeze.Axis list =
            match variant.Search with
            | Search.Runs _ ->
                section.Draws
                |> List.choose (fun draw ->
                    let value =
                        match Map.tryFind draw.Name.Value section.Settings with
                        | Some setting -> Some setting.Phrase[0]
                        | None ->
                            section.Lets
                            |> List.tryFind (fun l -> l.Name.Value = draw.Name.Value)
                            |> Option.map _.Content

                    match value |> Option.map _.Value with
                    | Some(Term.Number(value, _)) ->
                        Some
                            {
                                Name = draw.Name.Value
                                Value = AxisValue.Number(float value)
                            }
                    | Some(Term.Word word) ->
                        Some
                            {
                                Name = draw.Name.Value
                                Value = AxisValue.Word word
                            }
                    | _ -> None)
            | _ -> []

        let file = Path.GetFileNameWithoutExtension context.Source.Path

        let place =
            match variant.Search with
            | Search.Runs trials ->
                Place.InSearch
                    {
                        Search = file
                        Candidate = candidate.Number
                        Rung = if trials.IsHalving then 1 else 0
                        Draws = List.toArray draws
                    }
            | Search.No
            | Search.Stages _ -> Place.Alone

        let case: Freeze.Axis list =
            variant.Case
            |> Option.map (fun name ->
                {
                    Freeze.Axis.Name = "case"
                    Value = AxisValue.Word name.Value
                })
            |> Option.toList

        let name =
            [
                yield! variant.Case |> Option.map _.Value |> Option.toList
                yield! List.map2 Naming.ofAxis allAxes labelled |> List.concat
            ]
            |> function
                | [] -> file
                | parts -> String.concat " " parts

        match Settings.read report context.Data scope section.Settings with
        | None -> None
        | Some settings ->
            checkSearch variant settings

            subject section scope settings
            |> Option.map (fun subject ->
                let making =
                    {
                        Variant = variant
                        Chosen = List.map2 (fun (axis: Axis) i -> axis.Place, i) allAxes choice |> Map.ofList
                        Settings = settings
                        Subject = subject
                        Scope = scope
                        ScopeOf = scopeOf
                    }

                let recipe, reasons = recipe making
                let axes = outer @ case @ inner

                let values = Selection.values (axes @ draws) subject.Name settings.Data.Name

                {
                    Run =
                        {
                            Name = name
                            Profile = context.Profile
                            Axes = List.toArray axes
                            Place = place
                            NetName = subject.Name
                            Expected = Expectations.ofRun report context.TextOf seen scope section values
                            Recipe = recipe
                        }
                    Reasons = reasons
                })
