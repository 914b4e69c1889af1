/// Variants to runs: every run of a file is made out and checked whole.
module Freeze.Language.Checker

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
        /// The profile in force, or "".
        Profile: string
    }

/// A net as rules see it, and where its weights start.
type private Subject =
    {
        Built: NetChecker.Built
        Name: string
        Seen: Selectors.Subject
    }

/// Two axes of one name get columns of their own: `filters`, `filters 2`.
let private columns (axes: Axis list) : string list list =
    let folder (used: Map<string, int>, found) (axis: Axis) =
        let number (used: Map<string, int>) name =
            Map.tryFind name used |> Option.defaultValue 0 |> (+) 1

        let named, used =
            axis.Columns
            |> List.mapFold
                (fun used name ->
                    let n = number used name
                    (if n = 1 || name = "" then name else $"{name} {n}"), Map.add name n used)
                used

        used, named :: found

    axes |> List.fold folder (Map.empty, []) |> snd |> List.rev

/// What an axis adds to a run's name: of values that move together the first, where that tells them apart.
let private naming (axis: Axis) (values: Freeze.Axis list) : string list =
    // The first part that has a column.
    let shown = axis.Columns |> List.tryFindIndex ((<>) "") |> Option.defaultValue 0

    let first (item: Expression) =
        match item.Value with
        | Term.Tuple parts when shown < parts.Length -> parts[shown].Value
        | other -> other

    let isTold =
        axis.Count < 1000L
        && (let firsts = [ for i in 0L .. axis.Count - 1L -> first (axis.Item i) ]
            List.distinct firsts = firsts)

    (if isTold then List.truncate 1 values else values)
    |> List.map (fun value -> $"{value.Name}={text value.Value}")

/// `wrn(28, 10, drop 0.3)`, in the numbers of one run.
let private netName scope (call: Arguments.Call) =
    let argument (argument: Argument) =
        let value =
            match number scope argument.Content with
            | Ok(value, _) -> text (AxisValue.Number(float value))
            | Error _ -> "…"

        match argument.Label with
        | Some label -> $"{label.Value} {value}"
        | None -> value

    match call.Arguments with
    | [] -> call.Callee.Value
    | several ->
        several
        |> List.map argument
        |> String.concat ", "
        |> (fun inside -> $"{call.Callee.Value}({inside})")

/// Checks runs one by one; a net that depends on no `let` is built once for all of them.
type private RunChecker(context: Context, contents: Contents, winners: HashSet<Span>, touched: HashSet<Span>)
    =
    let report = context.Report
    let subjects = Dictionary<string * string * int, Subject option>()
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
            let name = netName scope settings.Net
            let key = name, settings.Data.Name, settings.Classes

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

    /// Rules of a net that is trained for so many epochs.
    let rulesContext scope (settings: Settings) (subject: Subject) epochs : Rules.Context =
        {
            Report = report
            TextOf = context.TextOf
            Scope = scope
            Subject = subject.Seen
            Start = start settings subject
            File = context.Weights
            Seed = settings.Seed
            Epochs = epochs
            Touched = touched
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

    /// For each stage the optimizers to try.
    let stageCandidates scopeOf scope (settings: Settings) (variant: Variant) (net: Net) =
        let candidate stage number : Draws.Candidate = { Stage = stage; Number = number }

        let optimizer stage number =
            let section = drawn scope settings.Seed (candidate stage number) variant.Section
            Settings.optimizer (scopeOf section) section.Settings |> Diagnostic.keep report

        let draws =
            match variant.Search with
            | Search.Stages draws -> draws
            | _ -> 0

        [|
            for stage in 1 .. net.Stages.Length -> [| 0..draws |] |> Array.choose (optimizer stage)
        |]

    /// A net in stages ends with one linear layer behind the last of them.
    let isStaged (net: Net) =
        net.Stages.Length > 0
        && net.Nodes[net.Stages[net.Stages.Length - 1].Output + 1 ..]
           |> Array.filter (fun node -> not node.Operation.IsFlatten)
           |> Array.forall _.Operation.IsLinear
        && net.Nodes[net.Nodes.Length - 1].Inputs[0]
           >= net.Stages[net.Stages.Length - 1].Output

    let learning scopeOf scope (settings: Settings) (variant: Variant) (subject: Subject) =
        let net = subject.Built.Net

        let count most what (value: Expression) =
            wholeBetween scope 1L most what value
            |> Diagnostic.keep report
            |> Option.map int
            |> Option.defaultValue 1

        match variant.Section.Ensemble with
        | Some ensemble when settings.ByStages ->
            report (Diagnostic.ensembleByStages ensemble.Place)
            Learning.Together, None
        | Some ensemble ->
            let members =
                Rules.resolve
                    (rulesContext scope settings subject settings.Epochs)
                    winners
                    (variant.Section.Rules |> List.filter _.OfMembers)

            Learning.Ensemble(
                count 1000L "the number of members" ensemble.Members,
                count 100_000L "the number of epochs" ensemble.After,
                members.Weights
            ),
            Some members.Reasons
        | None when settings.ByStages && not (isStaged net) ->
            let place =
                Map.tryFind "learn" variant.Section.Settings
                |> Option.map (fun setting -> join setting.Phrase)

            report (Diagnostic.nothingStaged (Option.get place) subject.Name)
            Learning.Together, None
        | None when settings.ByStages ->
            Learning.StageByStage(stageCandidates scopeOf scope settings variant net), None
        | None -> Learning.Together, None

    let recipe scopeOf scope (settings: Settings) (variant: Variant) (subject: Subject) =
        let rules = variant.Section.Rules |> List.filter (fun rule -> not rule.OfMembers)

        let learning, reasons = learning scopeOf scope settings variant subject

        // Outside an ensemble's block rules speak of the epochs before it.
        let epochs =
            match learning with
            | Learning.Ensemble(_, after, _) -> after
            | Learning.Together
            | Learning.StageByStage _ -> settings.Epochs

        let resolved =
            Rules.resolve (rulesContext scope settings subject epochs) winners rules

        {
            Data = settings.Data.Name
            Images = settings.Images
            Validation = settings.Validation
            Augmentations = List.toArray settings.Augmentations
            Classes = settings.Classes
            Net = subject.Built.Net
            Weights = resolved.Weights
            FrozenStatistics = resolved.FrozenStatistics
            Learning = learning
            Loss = settings.Loss
            Optimizer = settings.Optimizer
            Schedule = settings.Schedule
            Warmup = settings.Warmup
            Batch = settings.Batch
            Epochs = settings.Epochs
            Shuffle = settings.Shuffle
            Precision = settings.Precision
            Device = settings.Device
            Seed = settings.Seed
        },
        reasons |> Option.defaultValue resolved.Reasons

    /// The published values that hold for a run: those whose every value stands on one of its axes.
    let expectations scope (section: Section) (values: Set<string>) : Expectation[] =
        let holds (expected: Expected) =
            expected.Published.On
            |> List.forall (fun on ->
                match on.Value with
                | Term.Number(value, (NumberForm.Whole | NumberForm.Decimal)) ->
                    values.Contains(text (AxisValue.Number(float value)))
                | _ -> values.Contains(context.TextOf on.Span))

        [|
            for expected in section.Expected do
                let measure = expected.Measure |> List.map _.Value |> String.concat " "

                if not (List.contains measure Vocabulary.measures) then
                    report (
                        Diagnostic.unknownWord (join expected.Measure) "measure" measure Vocabulary.measures
                    )
                elif holds expected then
                    seen.Add expected.Published.Value.Span |> ignore

                    match number scope expected.Published.Value |> Diagnostic.keep report with
                    | Some(value, _) ->
                        {
                            Measure = measure
                            Value = float value
                            Source = expected.From
                        }
                    | None -> ()
        |]

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

                    match Settings.read ignore scope (Map.remove "net" variant.Section.Settings) with
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

        let number =
            match variant.Search with
            | Search.Runs _ -> int (List.last choice)
            | _ -> 0

        let section = drawn outside seed { Stage = 0; Number = number } variant.Section
        let scope = scopeOf section

        let axesOf names (axis: Axis) i : Freeze.Axis list =
            let values = display context.TextOf axis (axis.Item i)

            List.map2 (fun name value -> { Name = name; Value = value }) names values
            |> List.filter (fun (axis: Freeze.Axis) -> axis.Name <> "")

        let labelled = List.map3 axesOf (columns allAxes) allAxes choice

        let outer, inner =
            List.splitAt variant.Outer.Length labelled
            |> fun (outer, inner) -> List.concat outer, List.concat inner

        /// What was drawn has columns too.
        let drawn: Freeze.Axis list =
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
                yield! List.map2 naming allAxes labelled |> List.concat
            ]
            |> function
                | [] -> Path.GetFileNameWithoutExtension context.Source.Path
                | parts -> String.concat " " parts

        match Settings.read report scope section.Settings with
        | None -> None
        | Some settings ->
            checkSearch variant settings

            subject section scope settings
            |> Option.map (fun subject ->
                let recipe, reasons = recipe scopeOf scope settings variant subject
                let axes = outer @ case @ inner @ drawn

                let values =
                    axes
                    |> List.map (fun axis -> text axis.Value)
                    |> List.append [ subject.Name; settings.Data.Name ]
                    |> Set.ofList

                {
                    Run =
                        {
                            Name = name
                            Profile = context.Profile
                            Axes = List.toArray axes
                            NetName = subject.Name
                            Expected = expectations scope section values
                            Recipe = recipe
                        }
                    Reasons = reasons
                })

/// What of the file no run has any use for.
let private warnUnused
    report
    (contents: Contents)
    (variants: Variant list)
    (winners: HashSet<Span>)
    touched
    (seen: HashSet<Span>)
    =
    let used =
        variants
        |> List.map (fun variant -> usedLets contents.Nets variant.Section)
        |> Set.unionMany

    let isUsed name =
        used.Contains name || List.contains name (Vocabulary.names Vocabulary.settings)

    let profiles = contents.Profiles |> List.map snd
    let sections = contents.Outside :: (contents.Cases |> List.map snd)

    for section in sections @ profiles do
        for l in section.Lets do
            if not (isUsed l.Name.Value) then
                report (Diagnostic.unused l.Name.Span "let" l.Name.Value)

        for draw in section.Draws do
            if not (isUsed draw.Name.Value) then
                report (Diagnostic.unused draw.Name.Span "draw" draw.Name.Value)

    for section in sections do
        for rule in section.Rules do
            if not (isRest rule || winners.Contains rule.Span) then
                if (touched: HashSet<Span>).Contains rule.Span then
                    report (Diagnostic.neverWins rule.Span)
                elif not (Selectors.mayBeEmpty rule.Selector) then
                    report (Diagnostic.takesNothing rule.Selector.Span)

        for expected in section.Expected do
            if not (seen.Contains expected.Published.Value.Span) then
                report (Diagnostic.expectsNothing expected.Published.Value.Span)

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

let private reports report contents variants : ReportItem list =
    let known = axisNames contents variants

    contents.Report
    |> List.choose _.Value
    |> List.choose (ReportLines.read report known)

let private profile report (contents: Contents) name : Section =
    match contents.Profiles |> List.tryFind (fun (known, _) -> known.Value = name) with
    | Some(_, section) -> section
    | None when name = "" -> emptySection
    | None ->
        let known = contents.Profiles |> List.map (fun (known, _) -> known.Value)
        report (Diagnostic.unknownProfile { Start = 0; End = 0 } name known)
        emptySection

/// A file that means more runs is more likely a mistake.
let private mostRuns = 10_000L

/// Weights of all runs together: of ten thousand runs a thousand each.
let private mostWeights = 10_000_000L

let private limit report (contents: Contents) =
    match Map.tryFind "limit" contents.Outside.Settings with
    | Some setting ->
        Settings.limit (Scope.Empty) setting.Phrase
        |> Diagnostic.keep report
        |> Option.defaultValue mostRuns
    | None -> mostRuns

/// What a file's statements mean.
type Checked =
    {
        Planned: Planned list
        Report: ReportItem list
        Profiles: string list
    }

/// The runs that a file means, in its order, and its report; all that is wrong goes to `context.Report`.
/// With an error anywhere the runs are those that could be made out. `whole` says that every statement could be
/// read: where one could not, what seems unused may be used there. `isSound` says that nothing is wrong so far.
let check (context: Context) (whole: bool) (isSound: unit -> bool) (contents: Contents) : Checked =
    let profile = profile context.Report contents context.Profile
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

    if count > bigint most then
        let longest =
            variants |> List.collect (fun v -> v.Outer @ v.Inner) |> List.maxBy _.Count

        context.Report(Diagnostic.tooManyRuns longest.Place (count.ToString()) most)
        checkedWith []
    else
        let winners, touched = HashSet<Span>(), HashSet<Span>()
        let checker = RunChecker(context, contents, winners, touched)

        let mutable weights = 0L

        // Ten thousand runs of a net of ten thousand layers would not fit into memory.
        let planned =
            Variants.inFileOrder variants
            |> List.choose (fun (variant, choice) ->
                if weights > mostWeights then
                    None
                else
                    let planned = checker.Check variant choice

                    planned
                    |> Option.iter (fun planned -> weights <- weights + int64 planned.Reasons.Length)

                    planned)

        if weights > mostWeights then
            let place =
                variants |> List.collect (fun v -> v.Outer @ v.Inner) |> List.maxBy _.Count

            context.Report(Diagnostic.tooManyWeights place.Place mostWeights)

        if whole then
            variants |> List.tryHead |> Option.iter checker.CheckUnused

        // Where something is wrong, a rule may seem dead only because of that.
        if whole && isSound () then
            warnUnused context.Report contents variants winners touched checker.Seen

        checkedWith planned
