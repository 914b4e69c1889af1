/// Syntax to runs: cases laid over what stands outside them, axes multiplied out, every run checked whole.
module Freeze.Language.Checker

open System.Collections.Generic
open System.IO
open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.Settings
open Freeze.Language.Rules
open Freeze.Language.Axes

/// A file that means more runs is more likely a mistake.
let mostRuns = 10_000

/// More messages help nobody.
let private mostDiagnostics = 100

type private Let = { Name: Name; Content: Expression }

/// What stands outside the cases, or inside one.
type private Section =
    {
        Settings: Map<string, Written>
        Rules: Rule list
        Lets: Let list
    }

let private emptySection =
    {
        Settings = Map.empty
        Rules = []
        Lets = []
    }

/// The names that the file itself defines.
type private File =
    {
        Source: Source
        Outside: Section
        Cases: (Name * Section) list
        Nets: Map<string, Name * NetPart list>
    }

// Gathering --------------------------------------------------------------------------------------------------

let private addSetting report (section: Section) (name: Name) phrase =
    let known = Vocabulary.names Vocabulary.settings

    match Map.tryFind name.Value section.Settings with
    | _ when not (List.contains name.Value known) ->
        report (Diagnostic.unknownSetting name.Span name.Value known)
        section
    | Some earlier ->
        report (Diagnostic.setTwice name.Span name.Value earlier.Name.Span)
        section
    | None ->
        { section with
            Settings = Map.add name.Value { Name = name; Phrase = phrase } section.Settings
        }

let private addLet report (section: Section) (name: Name) value =
    match section.Lets |> List.tryFind (fun l -> l.Name.Value = name.Value) with
    | Some earlier ->
        report (Diagnostic.definedTwice name.Span "a let" name.Value earlier.Name.Span)
        section
    | None ->
        { section with
            Lets = { Name = name; Content = value } :: section.Lets
        }

/// Adds a statement that may stand both outside and inside a case.
let private addCommon report (section: Section) (statement: Statement) =
    match statement.Value with
    | StatementItem.Setting(name, phrase) -> addSetting report section name phrase
    | StatementItem.Let(name, value) -> addLet report section name value
    | StatementItem.Rule(selector, action) ->
        let rule =
            {
                Span = statement.Span
                Selector = selector
                Action = action
            }

        { section with
            Rules = rule :: section.Rules
        }
    | StatementItem.Case(name, _) ->
        report (Diagnostic.nestedCase name.Span)
        section
    | StatementItem.Net(name, _) ->
        report (Diagnostic.nestedNet name.Span)
        section
    | StatementItem.Broken -> section

let private inOrder (section: Section) =
    { section with
        Rules = List.rev section.Rules
        Lets = List.rev section.Lets
    }

let private section report statements =
    statements |> List.fold (addCommon report) emptySection |> inOrder

let private gather report source (statements: Statement list) : File =
    let define what (name: Name) known =
        match known |> List.tryFind (fun (earlier: Name) -> earlier.Value = name.Value) with
        | Some earlier -> report (Diagnostic.definedTwice name.Span what name.Value earlier.Span)
        | None -> ()

    let folder (outside, cases, nets) (statement: Statement) =
        match statement.Value with
        | StatementItem.Case(name, body) ->
            define "a case" name (cases |> List.map fst)
            outside, (name, section report body) :: cases, nets
        | StatementItem.Net(name, body) ->
            define "a net" name (nets |> Map.values |> Seq.map fst |> List.ofSeq)
            outside, cases, Map.add name.Value (name, body) nets
        | _ -> addCommon report outside statement, cases, nets

    let outside, cases, nets =
        statements |> List.fold folder (emptySection, [], Map.empty)

    {
        Source = source
        Outside = inOrder outside
        Cases = List.rev cases
        Nets = nets
    }

// Axes -------------------------------------------------------------------------------------------------------

/// One case with all that it inherits.
type private Variant =
    {
        Case: Name option
        Section: Section
        /// The axes that stand outside the cases, and those of the case, in the order of the text.
        Outer: Axis list
        Inner: Axis list
    }

let private ruleExpressions (rule: Rule) =
    selectorExpressions rule.Selector
    @ (rule.Action.Amount |> Option.map _.Count |> Option.toList)

/// The lets that anything uses, directly or through another let.
let private usedLets (file: File) (section: Section) : Set<string> =
    let expressions =
        [
            yield! section.Settings |> Map.values |> Seq.collect _.Phrase
            yield! section.Rules |> Seq.collect ruleExpressions
            yield! file.Nets |> Map.values |> Seq.collect (snd >> netExpressions)
        ]

    let lets = section.Lets |> List.map (fun l -> l.Name.Value, l.Content) |> Map.ofList

    let rec reach found (pending: string list) =
        match pending with
        | [] -> found
        | word :: rest when Set.contains word found || not (lets.ContainsKey word) -> reach found rest
        | word :: rest -> reach (Set.add word found) ((words lets[word] |> List.ofSeq) @ rest)

    reach Set.empty (expressions |> Seq.collect words |> List.ofSeq)

let private axes report (section: Section) (used: Set<string>) : Axis list =
    let rule (rule: Rule) =
        let amount =
            rule.Action.Amount
            |> Option.map (fun amount -> ofExpression report amount.Dimension.Value amount.Count)
            |> Option.defaultValue []

        (selectorExpressions rule.Selector |> List.collect (ofExpression report "layers"))
        @ amount

    [
        for KeyValue(name, setting) in section.Settings do
            yield! setting.Phrase |> List.collect (ofExpression report name)
        for l in section.Lets do
            if used.Contains l.Name.Value then
                yield! ofExpression report l.Name.Value l.Content
        yield! section.Rules |> List.collect rule
    ]
    |> List.sortBy _.Place.Start

let private variant report (file: File) (case: (Name * Section) option) : Variant =
    let inside = case |> Option.map snd |> Option.defaultValue emptySection
    let shadowed = inside.Lets |> List.map _.Name.Value |> Set.ofList
    let ownRest = inside.Rules |> List.exists isRest

    let inherited =
        {
            Settings =
                file.Outside.Settings
                |> Map.filter (fun name _ -> not (inside.Settings.ContainsKey name))
            Rules = file.Outside.Rules |> List.filter (fun rule -> not (ownRest && isRest rule))
            Lets = file.Outside.Lets |> List.filter (fun l -> not (shadowed.Contains l.Name.Value))
        }

    let whole =
        {
            Settings =
                Map.fold (fun all name setting -> Map.add name setting all) inherited.Settings inside.Settings
            Rules = inherited.Rules @ inside.Rules
            Lets = inherited.Lets @ inside.Lets
        }

    let used = usedLets file whole

    {
        Case = case |> Option.map fst
        Section = whole
        Outer = axes report inherited used
        Inner = axes report inside used
    }

// Runs -------------------------------------------------------------------------------------------------------

/// All choices of one item from every axis, the last axis fastest.
let private choices (axes: Axis list) : int64 list seq =
    Seq.foldBack
        (fun axis rest ->
            seq {
                for i in 0L .. axis.Count - 1L do
                    for others in rest -> i :: others
            })
        axes
        (Seq.singleton [])

/// Two axes of one name get columns of their own: `filters`, `filters 2`.
let private columns (axes: Axis list) =
    axes
    |> List.mapi (fun i axis ->
        match
            axes
            |> List.take i
            |> List.filter (fun earlier -> earlier.Name = axis.Name)
            |> List.length
        with
        | 0 -> axis.Name
        | earlier -> $"{axis.Name} {earlier + 1}")

/// Checks runs one by one; a net that depends on no let is built once for all of them.
type private RunChecker(file: File, report: Diagnostic -> unit, winners: HashSet<Span>) =
    let subjects = Dictionary<string * string, (Net * Selectors.Subject) option>()

    let build scope (settings: Settings) =
        let name = settings.Net
        let set = settings.Data

        let check report body =
            NetChecker.check report scope name.Span set.Image set.Classes body

        match Map.tryFind name.Value file.Nets, NetLibrary.tryFind name.Value with
        | Some(_, body), _ -> check report body
        | None, Some body ->
            check (fun inner -> report (Diagnostic.libraryNet name.Span name.Value inner)) body
        | None, None ->
            let known = (file.Nets |> Map.keys |> List.ofSeq) @ NetLibrary.names ()
            report (Diagnostic.unknownWord name.Span "net" name.Value known)
            None
        |> Option.map (fun net -> net, Selectors.subject name.Value net)

    let dependsOnLets (section: Section) name =
        match Map.tryFind name file.Nets with
        | None -> false
        | Some(_, body) ->
            let lets = section.Lets |> List.map _.Name.Value |> Set.ofList
            netExpressions body |> Seq.collect words |> Seq.exists lets.Contains

    let subject (section: Section) scope (settings: Settings) =
        let key = settings.Net.Value, settings.Data.Name

        if dependsOnLets section settings.Net.Value then
            build scope settings
        else
            match subjects.TryGetValue key with
            | true, known -> known
            | false, _ ->
                let built = build scope settings
                subjects[key] <- built
                built

    let axisOf column (axis: Axis) choice : Freeze.Axis =
        {
            Name = column
            Value = display file.Source (axis.Item choice)
        }

    /// The run of one variant and one choice from each of its axes.
    member _.Check (variant: Variant) (choice: int64 list) : Run option =
        let allAxes = variant.Outer @ variant.Inner

        let items =
            List.map2 (fun axis i -> axis.Place, axis.Item i) allAxes choice |> Map.ofList

        let lets =
            variant.Section.Lets
            |> List.map (fun l -> l.Name.Value, l.Content)
            |> Map.ofList

        let scope = Scope(lets, fun place -> Map.tryFind place items)

        let labelled = List.map3 axisOf (columns allAxes) allAxes choice
        let outer, inner = List.splitAt variant.Outer.Length labelled

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
                yield! outer @ inner |> List.map (fun axis -> $"{axis.Name}={text axis.Value}")
            ]
            |> function
                | [] -> Path.GetFileNameWithoutExtension file.Source.Path
                | parts -> String.concat " " parts

        match Settings.read report scope variant.Section.Settings with
        | None -> None
        | Some settings ->
            subject variant.Section scope settings
            |> Option.map (fun (net, subject) ->
                {
                    Name = name
                    Axes = List.toArray (outer @ case @ inner)
                    NetName = settings.Net.Value
                    Recipe =
                        {
                            Data = settings.Data.Name
                            Images = settings.Images
                            Validation = settings.Validation
                            Net = net
                            Weights =
                                Rules.resolve report file.Source scope subject winners variant.Section.Rules
                            Optimizer = settings.Optimizer
                            Batch = settings.Batch
                            Epochs = settings.Epochs
                            Shuffle = settings.Shuffle
                            Seed = settings.Seed
                        }
                })

/// Runs of all variants in the order of the text: outer axes slowest, then cases, then the axes of a case.
let private inFileOrder (variants: Variant list) : (Variant * int64 list) list =
    let outer =
        variants
        |> List.collect _.Outer
        |> List.map _.Place
        |> List.distinct
        |> List.sortBy _.Start

    let key index (variant: Variant) choice =
        let own =
            List.zip (variant.Outer |> List.map _.Place) (List.take variant.Outer.Length choice)
            |> Map.ofList

        (outer |> List.map (fun place -> Map.tryFind place own |> Option.defaultValue 0L)), index

    variants
    |> List.indexed
    |> List.collect (fun (index, variant) ->
        choices (variant.Outer @ variant.Inner)
        |> Seq.map (fun choice -> key index variant choice, (variant, choice))
        |> List.ofSeq)
    |> List.sortBy fst
    |> List.map snd

let private warnUnused report (file: File) (variants: Variant list) (winners: HashSet<Span>) =
    let used =
        variants
        |> List.map (fun variant -> usedLets file variant.Section)
        |> Set.unionMany

    let sections = file.Outside :: (file.Cases |> List.map snd)

    for section in sections do
        for l in section.Lets do
            if not (used.Contains l.Name.Value) then
                report (Diagnostic.unused l.Name.Span "let" l.Name.Value)

        for rule in section.Rules do
            if not (isRest rule || winners.Contains rule.Span) then
                report (Diagnostic.neverWins rule.Span)

let private distinct (diagnostics: Diagnostic seq) =
    // A place with a mistake of its own says no more that its value does not fit.
    let unfit = (Diagnostic.wrongValue { Start = 0; End = 0 } "").Code

    let faulty =
        diagnostics
        |> Seq.filter (fun d -> d.Code <> unfit)
        |> Seq.map _.Span
        |> Set.ofSeq

    diagnostics
    |> Seq.filter (fun d -> d.Code <> unfit || not (faulty.Contains d.Span))
    |> Seq.distinctBy (fun d -> d.Code, d.Span)
    |> Seq.truncate mostDiagnostics
    |> List.ofSeq

/// The runs that a file's statements mean, in its order, and all that is wrong with them.
/// With an error anywhere the runs are those that could be made out. `whole` says that every statement could be
/// read: where one could not, what seems unused may be used there.
let check (source: Source) (whole: bool) (statements: Statement list) : Run list * Diagnostic list =
    let found = ResizeArray<Diagnostic>()
    let file = gather found.Add source statements

    let variants =
        match file.Cases with
        | [] -> [ variant found.Add file None ]
        | cases -> cases |> List.map (Some >> variant found.Add file)

    let count =
        variants
        |> List.sumBy (fun v ->
            v.Outer @ v.Inner
            |> List.fold (fun product axis -> product * bigint axis.Count) 1I)

    if count > bigint mostRuns then
        let longest =
            variants |> List.collect (fun v -> v.Outer @ v.Inner) |> List.maxBy _.Count

        found.Add(Diagnostic.tooManyRuns longest.Place (count.ToString()) mostRuns)
        [], distinct found
    else
        let winners = HashSet<Span>()
        let checker = RunChecker(file, found.Add, winners)

        let runs =
            inFileOrder variants
            |> List.choose (fun (variant, choice) -> checker.Check variant choice)

        // Where something is wrong, a rule may seem dead only because of that.
        if whole && not (Seq.exists Diagnostic.isError found) then
            warnUnused found.Add file variants winners

        runs, distinct found
