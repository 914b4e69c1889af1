/// Variants to runs: each run of a file is made out and checked whole.
module Freeze.Language.Runs

open System.Collections.Generic
open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.DataSettings
open Freeze.Language.Searches
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
        /// The full path of a file of weights, and what it holds.
        Weights: Located<string> -> Result<string * WeightFile, Diagnostic>
        Data: DataLookup
        /// The profile in force, or "".
        Profile: string
        /// Settings and lets that lie above it.
        Beside: Syntax.Statement list
    }

/// A net as rules see it, and where its weights start, with what is known of it so far.
type Subject =
    {
        Built: NetChecker.Built
        Name: string
        Seen: Selectors.Subject
        /// What selectors without numbers take: the same in every run.
        Selected: Dictionary<Span, Result<Set<int>, Diagnostic>>
        /// Its weights, by what rules read.
        Resolved: Dictionary<string, Resolved>
    }

/// What has been of use to some run.
type Uses =
    {
        /// The rules that decided a weight.
        Winners: HashSet<Span>
        /// For each rule that claimed a weight the rule that took it in the end.
        Overruled: Dictionary<Span, Span>
        /// The published values that held.
        Published: HashSet<Span>
        Nets: HashSet<string>
    }

let noUses () =
    {
        Winners = HashSet()
        Overruled = Dictionary()
        Published = HashSet()
        Nets = HashSet()
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

    member this.Section = this.Variant.Section
    member this.Net = this.Subject.Built.Net

/// Whether a definition reads a let of a section.
let private readsLets (section: Section) (definition: Definition) =
    let lets = section.LetMap

    Walk.netExpressions definition
    |> Seq.collect Walk.words
    |> Seq.exists lets.ContainsKey

/// A net in stages ends with one linear layer behind the last of them.
let private isStaged (net: Net) =
    match Array.tryLast net.Stages with
    | None -> false
    | Some last ->
        net.Nodes[last.Output + 1 ..]
        |> Array.filter (fun node -> not node.Operation.IsFlatten)
        |> Array.forall _.Operation.IsLinear
        && (Array.last net.Nodes).Inputs[0] >= last.Output

/// Where a weight starts when no rule says so.
let private start (settings: Settings) (subject: Subject) (weight: Weight) =
    match settings.Init, Map.tryFind weight.Name subject.Built.Starts with
    | Some scheme, _ when not (LayerKind.isNorm weight.Kind) && not weight.IsBias -> scheme weight
    | _, Some scheme -> scheme weight
    | _, None -> Starts.torch weight

/// Checks runs one by one; a net that depends on no `let` is built once for all of them.
type RunChecker(context: Context, contents: Contents, uses: Uses) =
    let report = context.Report
    let subjects = Dictionary<string * int list * int, Subject option>()
    // By case, and whether it is of members.
    let reads = Dictionary<string * bool, Resolutions.Reads>()

    let build (scope: Scope) (settings: Settings) (resolved: NetLibrary.Resolved) name =
        let place = settings.Net.Callee

        let report, body =
            if resolved.IsBuiltIn then
                Diagnostic.libraryNet place.Span place.Value >> report, Scope.Empty
            else
                report, scope

        NetChecker.check
            report
            scope
            body
            resolved.Definition
            resolved.Call
            settings.Data.Image
            settings.Recipe.Classes
        |> Option.map (fun built ->
            {
                Built = built
                Name = name
                Seen = Selectors.subject name built.Net
                Selected = Dictionary()
                Resolved = Dictionary()
            })

    let subject (section: Section) scope (settings: Settings) =
        NetLibrary.resolve contents.Nets settings.Net
        |> Diagnostic.keep report
        |> Option.bind (fun resolved ->
            uses.Nets.Add resolved.Definition.Name.Value |> ignore
            let name = Naming.ofNet scope settings.Net
            let build () = build scope settings resolved name

            if not resolved.IsBuiltIn && readsLets section resolved.Definition then
                build ()
            else
                Memo.find subjects (name, List.ofArray settings.Data.Image, settings.Recipe.Classes) build)

    let select (subject: Subject) scope (selector: Selector) =
        let resolve () =
            Selectors.resolve scope subject.Seen selector

        if (Walk.selectorExpressions selector).IsEmpty then
            Memo.find subject.Selected selector.Span resolve
        else
            resolve ()

    /// The weights under the rules of members, or under the others; of a net that is trained for so many epochs.
    let resolve (making: Making) ofMembers epochs =
        let context: Rules.Context =
            {
                Report = report
                TextOf = context.TextOf
                Scope = making.Scope
                Subject = making.Subject.Seen
                Start = start making.Settings making.Subject
                File = context.Weights
                Seed = making.Settings.Recipe.Seed
                Epochs = epochs
                GoesOn = ofMembers
                Overruled = uses.Overruled
                Select = select making.Subject making.Scope
            }

        let section = making.Section

        let rules = section.Rules |> List.filter (fun rule -> rule.OfMembers = ofMembers)

        let resolve () =
            Rules.resolve context uses.Winners rules

        // A draw may be behind any name.
        if not section.Draws.IsEmpty then
            resolve ()
        else
            let case = making.Variant.Case |> Option.map _.Value |> Option.defaultValue ""

            let reads =
                Memo.find reads (case, ofMembers) (fun () -> Resolutions.reads section rules)

            let key = Resolutions.key reads making.Chosen context.Seed epochs
            Memo.find making.Subject.Resolved $"{case} {ofMembers} {key}" resolve

    /// What a candidate draws, by name.
    let draw scope seed candidate (section: Section) : (Name * Expression) list =
        section.Draws
        |> List.choose (fun draw ->
            Draws.resolve scope seed candidate draw.Name.Value draw.Content
            |> Diagnostic.keep report
            |> Option.map (fun value -> draw.Name, value))

    /// The section with what was drawn in place of its draws.
    let withDrawn (section: Section) (drawn: (Name * Expression) list) : Section =
        drawn
        |> List.fold (fun section (name, value) -> Sections.define report section name value) section

    /// What each stage learns.
    let stageLearning (making: Making) : StageLearning[] =
        [|
            for stage in 1 .. making.Net.Stages.Length ->
                Map.tryFind (stage, "learn") making.Section.Stages
                |> Option.bind (fun written ->
                    Searches.learnOfStage.Read making.Scope written.Phrase |> Diagnostic.keep report)
                |> Option.defaultValue StageLearning.Classify
        |]

    /// For each stage the optimizers to try: least squares need none, and what a stage says of its own is not drawn.
    let stageCandidates (making: Making) (learning: StageLearning[]) =
        let draws = making.Section.Draws

        let trials =
            match making.Variant.Search with
            | Search.Stages trials -> trials
            | Search.No
            | Search.Runs _ -> Trials.Random 0

        let optimizer stage own number =
            let section =
                draw
                    making.Scope
                    making.Settings.Recipe.Seed
                    (candidateOf draws trials stage number)
                    making.Section
                |> withDrawn making.Section

            Settings.optimizerOfStage (making.ScopeOf section) section.Settings own
            |> Diagnostic.keep report

        learning
        |> Array.mapi (fun i learning ->
            let own = making.Section.OptimizerOf(i + 1)

            if learning.IsSolve then
                for KeyValue(_, written) in own do
                    report (Diagnostic.rateOfSolvedStage written.Name.Span written.Name.Value)

            let count = if learning.IsSolve then 1 else candidateCount draws trials
            let tried = Array.init count id |> Array.choose (optimizer (i + 1) own)
            // Where nothing is left to draw, all candidates are the start.
            if own.IsEmpty then tried else Array.distinct tried)

    let checkStages (making: Making) =
        let count = making.Net.Stages.Length

        for KeyValue((stage, _), written) in making.Section.Stages do
            if not making.Settings.ByStages then
                report (Diagnostic.stageWithoutStages written.Name.Span)
            elif stage > count then
                report (Diagnostic.stageOutOfRange written.Name.Span making.Subject.Name count)

    /// How a run learns, and its weights.
    let learning (making: Making) : Learning * Resolved =
        let settings = making.Settings
        checkStages making

        let together () =
            Learning.Together, resolve making false settings.Recipe.Epochs

        let count most what (value: Expression) =
            wholeBetween making.Scope 1L most what value
            |> Diagnostic.keep report
            |> Option.map int
            |> Option.defaultValue 1

        match making.Section.Ensemble with
        | Some ensemble when settings.ByStages ->
            report (Diagnostic.ensembleByStages ensemble.Place)
            together ()
        | Some ensemble ->
            let members = resolve making true settings.Recipe.Epochs
            let number = count 1000L "the number of members" ensemble.Members
            let after = count 100_000L "the number of epochs" ensemble.After
            // Outside an ensemble's block rules speak of the epochs before it.
            let before = resolve making false after

            Learning.Ensemble(number, after, members.Weights, members.FrozenStatistics),
            { before with
                Reasons = members.Reasons
            }
        | None when settings.ByStages && not (isStaged making.Net) ->
            let place = join making.Section.Settings["learn"].Phrase
            report (Diagnostic.nothingStaged place making.Subject.Name)
            together ()
        | None when settings.ByStages ->
            let stages = stageLearning making
            let candidates = stageCandidates making stages
            let resolved = resolve making false settings.Recipe.Epochs

            Learning.StageByStage(candidates, stages),
            SolvedStages.settle report making.Section.Rules making.Net stages resolved
        | None -> together ()

    let recipe (making: Making) : Recipe * Span option[] =
        let learning, resolved = learning making

        { making.Settings.Recipe with
            Net = making.Net
            Weights = resolved.Weights
            FrozenStatistics = resolved.FrozenStatistics
            Learning = learning
        },
        resolved.Reasons

    /// What a search draws must be of use to it.
    let checkSearch (variant: Variant) (settings: Settings) =
        let section = variant.Section

        let place () = join section.Settings["search"].Phrase

        let ofOptimizer =
            Seq.append
                (Map.toSeq section.Settings)
                (section.Stages
                 |> Map.toSeq
                 |> Seq.map (fun ((_, name), written) -> name, written))
            |> Seq.filter (fst >> TrainingSettings.isOfOptimizer)
            |> Seq.collect (fun (_, setting) -> setting.Phrase)

        let reachesOptimizer (draw: Let) =
            TrainingSettings.isStandAlone draw.Name.Value
            || reached (Map.add draw.Name.Value draw.Content section.LetMap) ofOptimizer
               |> Set.contains draw.Name.Value

        match variant.Search with
        | Search.Stages _ when not settings.ByStages || section.Ensemble.IsSome ->
            report (Diagnostic.searchOfNoStages (place ()))
        | Search.Stages _ ->
            for draw in section.Draws |> List.filter (reachesOptimizer >> not) do
                report (Diagnostic.drawOfStage draw.Name.Span draw.Name.Value)
        | Search.No
        | Search.Runs _ -> ()

        if variant.Search <> Search.No && settings.Recipe.Validation = Validation.Test then
            report (Diagnostic.chosenByTest (place ()) "this search chooses")

    /// What each setting allows and together they do not.
    let checkTogether (section: Section) (settings: Settings) =
        let recipe = settings.Recipe
        let place name = join section.Settings[name].Phrase

        if recipe.Stops.Length > 0 && recipe.Validation = Validation.Test then
            report (Diagnostic.chosenByTest (place "stop") "this stop decides")

        if recipe.Schedule.IsPlateau && recipe.Validation = Validation.Test then
            report (Diagnostic.chosenByTest (place "schedule") "this schedule decides")

        if recipe.Keep = Keep.Best then
            if settings.ByStages || section.Ensemble.IsSome then
                report (Diagnostic.bestOfSeveral (place "keep"))
            elif recipe.Validation = Validation.Test then
                report (Diagnostic.chosenByTest (place "keep") "the best epoch is chosen")

        if recipe.Warmup > recipe.Epochs then
            report (
                Diagnostic.outOfRange
                    (place "warmup")
                    "the warm-up"
                    $"at most the run's %d{recipe.Epochs} epochs"
            )

        for augmentation in recipe.Augmentations do
            match augmentation with
            | Augmentation.Crop padding when padding >= Array.min settings.Data.Image[1..] ->
                report (Diagnostic.cropBeyond (place "augment") padding settings.Data.Image)
            | Augmentation.Cutout size when size > Array.min settings.Data.Image[1..] ->
                let side = Array.min settings.Data.Image[1..]

                report (
                    Diagnostic.outOfRange
                        (place "augment")
                        "the side of the square"
                        $"at most the image's {side}"
                )
            | _ -> ()

    /// A batch norm cannot estimate a variance from one value.
    let checkLastBatch (section: Section) (settings: Settings) (recipe: Recipe) =
        let used =
            match recipe.Images with
            | Images.First count -> count
            | Images.All -> settings.Data.TrainingImages

        let heldOut =
            match recipe.Validation with
            | Validation.HeldOut count -> count
            | Validation.Test -> 0

        let normalisesOne (node: Node) =
            node.Operation.IsBatchNorm
            && Array.forall ((=) 1) node.Shape[1..]
            && not (Array.contains node.Name recipe.FrozenStatistics)

        let trained = used - heldOut

        let place name =
            Map.tryFind name section.Settings
            |> Option.map (fun setting -> join setting.Phrase)
            |> Option.defaultValue Span.Nowhere

        if not recipe.DropLast && trained % recipe.Batch = 1 then
            recipe.Net.Nodes
            |> Array.tryFind normalisesOne
            |> Option.iter (fun node ->
                report (Diagnostic.lastBatchOfOne (place "batch") recipe.Batch trained node.Name))
        elif recipe.DropLast && used > 0 && trained < recipe.Batch then
            report (Diagnostic.noWholeBatch (place "drop") recipe.Batch trained)

    /// Checks the nets of the file that no run used and that need no arguments, on the images of a run.
    member _.CheckUnused(variant: Variant) =
        let scope = Scope(variant.Section.LetMap, (fun _ -> None))

        let check (definition: Definition) (settings: Settings) =
            let call: Arguments.Call =
                {
                    Callee = definition.Name
                    Arguments = []
                }

            NetChecker.check report scope scope definition call settings.Data.Image settings.Recipe.Classes
            |> ignore

        for KeyValue(name, definition) in contents.Nets do
            if not (uses.Nets.Contains name) then
                report (Diagnostic.unused definition.Name.Span "net" name)
                let isComplete = definition.Parameters |> List.forall _.Default.IsSome

                // A let may be a list, of which no run has chosen an item.
                if isComplete && not (readsLets variant.Section definition) then
                    Settings.read ignore context.Data scope (Map.remove "net" variant.Section.Settings)
                    |> Option.iter (check definition)

    /// The run of one variant and one choice from each of its axes.
    member _.Check (variant: Variant) (choice: int64 list) : Planned option =
        let axes = variant.Outer @ variant.Inner

        let items =
            List.map2 (fun (axis: Axis) i -> axis.Place, axis.Item i) axes choice
            |> Map.ofList

        let scopeOf (section: Section) =
            Scope(section.LetMap, (fun place -> Map.tryFind place items))

        let candidate =
            match variant.Search with
            | Search.Runs trials -> candidateOf variant.Section.Draws trials 0 (int (List.last choice))
            | Search.No
            | Search.Stages _ -> Draws.unperturbed

        let outside = scopeOf variant.Section

        // That the seed may be wrong is told when settings are read.
        let seed =
            match Settings.tryRead outside variant.Section.Settings TrainingSettings.seed with
            | Some(Ok seed) -> seed
            | _ -> TrainingSettings.seed.Default

        let drawn = draw outside seed candidate variant.Section
        let section = withDrawn variant.Section drawn
        let scope = scopeOf section

        let where =
            Naming.standing context.Source context.TextOf variant choice candidate.Number drawn

        let planned (settings: Settings) (subject: Subject) =
            let recipe, reasons =
                recipe
                    {
                        Variant = variant
                        Chosen = List.map2 (fun (axis: Axis) i -> axis.Place, i) axes choice |> Map.ofList
                        Settings = settings
                        Subject = subject
                        Scope = scope
                        ScopeOf = scopeOf
                    }

            checkLastBatch section settings recipe

            let values =
                Selection.values (where.Axes @ where.Draws) subject.Name settings.Data.Name

            {
                Run =
                    {
                        Name = where.Name
                        Profile = context.Profile
                        Axes = List.toArray where.Axes
                        Place = where.Place
                        NetName = subject.Name
                        Expected =
                            Expectations.ofRun report context.TextOf uses.Published scope section values
                        Recipe = recipe
                    }
                Reasons = reasons
            }

        Settings.read report context.Data scope section.Settings
        |> Option.bind (fun settings ->
            checkSearch variant settings
            checkTogether section settings
            subject section scope settings |> Option.map (planned settings))
