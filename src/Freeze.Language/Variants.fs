/// Turns a file's contents into variants: each case with everything that it inherits, under a profile, and its axes.
module Freeze.Language.Variants

open Freeze.Language.Syntax
open Freeze.Language.Searches
open Freeze.Language.Rules
open Freeze.Language.Axes
open Freeze.Language.Sections

/// One case with everything that it inherits.
type Variant =
    {
        Case: Name option
        Section: Section
        /// The axes outside the cases, and those of the case, in the order of the text.
        Outer: ListAxis list
        Inner: ListAxis list
        Search: Search
    }

let private ensembleExpressions (section: Section) =
    match section.Ensemble with
    | Some ensemble -> [ ensemble.Members; ensemble.After ]
    | None -> []

/// The rules of an ensemble's members, or the others.
let rulesOf (section: Section) (ofMembers: bool) : Rule list =
    section.Rules |> List.filter (fun rule -> rule.OfMembers = ofMembers)

let ruleExpressions (rule: Rule) =
    Walk.ruleExpressions rule.Selector rule.Action

/// The lets that some expressions use, directly or indirectly.
let reached (lets: Map<string, Expression>) (expressions: Expression seq) : Set<string> =
    let rec reach found (pending: string list) =
        match pending with
        | [] -> found
        | word :: rest when Set.contains word found || not (lets.ContainsKey word) -> reach found rest
        | word :: rest -> reach (Set.add word found) (List.ofSeq (Walk.words lets[word]) @ rest)

    reach Set.empty (expressions |> Seq.collect Walk.words |> List.ofSeq)

/// The lets and draws that are used anywhere.
let usedLets (nets: Map<string, Definition>) (section: Section) : Set<string> =
    let lets =
        section.Draws
        |> List.fold (fun lets draw -> Map.add draw.Name.Value draw.Content lets) section.LetMap

    seq {
        yield! section.Settings |> Map.values |> Seq.collect _.Phrase
        yield! section.Stages |> Map.values |> Seq.collect _.Phrase
        yield! section.Draws |> Seq.map _.Content
        yield! section.StageDraws |> Map.values |> Seq.map _.Content
        yield! section.Rules |> Seq.collect ruleExpressions
        yield! ensembleExpressions section

        yield! nets |> Map.values |> Seq.collect Walk.netExpressions
        yield! section.Expected |> Seq.map _.Published.Value
    }
    |> reached lets

let private dimensionOf (amount: Amount) =
    Vocabulary.tryDimension amount.Dimension.Value
    |> Option.map _.Word
    |> Option.toList
    |> Set.ofList

/// What rules count with a let: the dimensions of the amounts in which it is used, directly or through other lets.
let private countedBy (whole: Section) : string -> Set<string> =
    let lets = whole.LetMap

    let rec named seen (expression: Expression) =
        match expression.Value with
        | Term.Word word when not (List.contains word seen) ->
            match lets.TryFind word with
            | Some content -> named (word :: seen) content
            | None -> word :: seen
        | _ -> seen

    let counted =
        [
            for rule in whole.Rules do
                for amount in Option.toList rule.Action.Amount do
                    for name in named [] amount.Count -> name, dimensionOf amount
        ]
        |> List.groupBy fst
        |> List.map (fun (name, several) -> name, several |> List.map snd |> Set.unionMany)
        |> Map.ofList

    fun name -> counted.TryFind name |> Option.defaultValue Set.empty

/// The axes of a section; `whole` is the merged section, `used` its used lets.
let private axes report (whole: Section) (section: Section) (used: Set<string>) : ListAxis list =
    let found = ofExpression report (Values.Scope(whole.LetMap, (fun _ -> None)))
    let countedBy = countedBy whole
    let plain name = name, Set.empty
    let named name = name, countedBy name

    let rule (rule: Rule) =
        [
            for expression in Walk.selectorExpressions rule.Selector do
                yield! found [ plain "layers" ] expression
            for amount in Option.toList rule.Action.Amount do
                yield! found [ amount.Dimension.Value, dimensionOf amount ] amount.Count
            for modifier in rule.Action.Modifiers do
                for value in Option.toList modifier.Value.Value do
                    yield! found [ plain modifier.Value.Words ] value
        ]

    /// A name reads its part of the tuple unless something above redefines it. A redefined name has no column, and a tuple that
    /// nothing reads is not an axis.
    let together (together: Together) =
        let reads index (value: Expression) =
            value.Value = Term.Part(index, together.Items)

        let column index (name: Name) =
            let bySetting =
                Map.tryFind name.Value whole.Settings
                |> Option.exists (fun setting -> setting.Phrase |> List.exists (reads index))

            let byLet =
                used.Contains name.Value
                && whole.Lets
                   |> List.exists (fun l -> l.Name.Value = name.Value && reads index l.Content)

            if bySetting || byLet then name.Value else ""

        match together.Names |> List.mapi column with
        | columns when List.forall ((=) "") columns -> []
        | columns -> found (List.map named columns) together.Items

    [
        for KeyValue(name, setting) in section.Settings do
            yield! setting.Phrase |> List.collect (found [ plain name ])
        for KeyValue((stage, name), written) in section.Stages do
            yield! written.Phrase |> List.collect (found [ plain $"{name} of stage {stage}" ])
        yield! section.Togethers |> List.collect together
        for l in section.Lets do
            if used.Contains l.Name.Value then
                yield! found [ named l.Name.Value ] l.Content
        yield! section.Rules |> List.collect rule
        yield! ensembleExpressions section |> List.collect (found [ plain "ensemble" ])
    ]
    |> List.sortBy _.Place.Start

/// The most candidates of a grid, the same as for other searches.
let private mostOfGrid = 10_000

/// The number of values of each draw in a grid; errors have been reported.
let private optionsOf (draws: Let list) =
    draws
    |> List.map (fun draw -> draw.Name.Value, Draws.options draw.Content |> Result.defaultValue 1)

let private gridSize draws =
    optionsOf draws
    |> List.fold (fun product (_, count) -> product * bigint count) 1I

/// How many candidates a search tries.
let candidateCount (draws: Let list) (trials: Trials) : int =
    match trials with
    | Trials.Random draws -> draws + 1
    | Trials.Grid -> int (gridSize draws)
    | Trials.Halving candidates -> candidates

/// A candidate of a search: stage 0 for the whole run, otherwise a stage counted from 1.
let candidateOf (draws: Let list) (trials: Trials) stage number : Draws.Candidate =
    {
        Stage = stage
        Number = number
        Chosen =
            match trials with
            | Trials.Grid -> Draws.chosen (optionsOf draws) number
            | Trials.Random _
            | Trials.Halving _ -> Map.empty
    }

let private search report (section: Section) : Search =
    let scope = Values.Scope.Empty

    let ofStages = section.StageDraws |> Map.values |> List.ofSeq

    match Map.tryFind "search" section.Settings, section.Draws @ ofStages with
    | None, [] -> Search.No
    | None, draw :: _ ->
        report (Diagnostic.drawWithoutSearch draw.Name.Span)
        Search.No
    | Some setting, draws ->
        match Searches.search.Kind.Read scope setting.Phrase |> Diagnostic.keep report with
        | Some _ when draws.IsEmpty ->
            report (Diagnostic.searchWithoutDraw (join setting.Phrase))
            Search.No
        | Some(Search.Runs _) when not ofStages.IsEmpty ->
            report (Diagnostic.drawOfOneStage ofStages.Head.Name.Span)
            Search.No
        | Some(Search.Runs Trials.Grid | Search.Stages Trials.Grid as found) ->
            for draw in draws do
                Draws.options draw.Content |> Diagnostic.keep report |> ignore

            let largest =
                section.StageDraws
                |> Map.keys
                |> Seq.map (fst >> section.DrawsOf >> gridSize)
                |> Seq.fold max (gridSize section.Draws)

            if bigint mostOfGrid < largest then
                report (
                    Diagnostic.outOfRange
                        (join setting.Phrase)
                        "the grid"
                        $"at most {mostOfGrid} combinations"
                )

                Search.No
            else
                found
        | found -> found |> Option.defaultValue Search.No

/// The candidates of a search over whole runs form an axis: the start, then the draws.
let private candidates (section: Section) search : ListAxis list =
    match search with
    | Search.No
    | Search.Stages _ -> []
    | Search.Runs trials ->
        let place = join section.Settings["search"].Phrase

        [
            {
                Columns = [ "candidate" ]
                Units = [ Set.empty ]
                Place = place
                Count = int64 (candidateCount section.Draws trials)
                Item = fun i -> at place (Term.Number(decimal i, NumberForm.Whole))
            }
        ]

/// A section without a `rest` that an upper section replaces.
let private withoutRest (below: Section) (above: Section) : Section =
    let isReplaced (rule: Rule) =
        isRest rule
        && above.Rules
           |> List.exists (fun other -> isRest other && other.OfMembers = rule.OfMembers)

    { below with
        Rules = below.Rules |> List.filter (isReplaced >> not)
    }

let private overlay (below: Section) (above: Section) : Section = over (withoutRest below above) above

/// The variants of a file, in order; `profile` overrides everything outside and inside cases.
let ofContents report (contents: Contents) (profile: Section) : Variant list =
    let variant (case: (Name * Section) option) =
        let inside = case |> Option.map snd |> Option.defaultValue emptySection
        let whole = overlay (overlay contents.Outside inside) profile
        let used = usedLets contents.Nets whole
        let search = search report whole
        let inForce below above = inForce (withoutRest below above) above
        let outer = inForce contents.Outside (overlay inside profile)
        let inner = inForce inside profile

        {
            Case = case |> Option.map fst
            Section = whole
            Outer = axes report whole outer used @ axes report whole profile used
            Inner = axes report whole inner used @ candidates whole search
            Search = search
        }

    match contents.Cases with
    | [] -> [ variant None ]
    | cases -> cases |> List.map (Some >> variant)

/// All choices of one item from every axis; the last axis changes fastest.
let private choices (axes: ListAxis list) : int64 list seq =
    Seq.foldBack
        (fun axis rest ->
            seq {
                for i in 0L .. axis.Count - 1L do
                    for others in rest -> i :: others
            })
        axes
        (Seq.singleton [])

/// The total number of runs of the variants.
let count (variants: Variant list) : bigint =
    variants
    |> List.sumBy (fun variant ->
        variant.Outer @ variant.Inner
        |> List.fold (fun product axis -> product * bigint axis.Count) 1I)

/// The runs of all variants in the order of the text: outer axes change slowest, then cases, then the axes of a case.
let inFileOrder (variants: Variant list) : (Variant * int64 list) list =
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
