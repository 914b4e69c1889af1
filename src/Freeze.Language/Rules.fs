/// Turns rules into one plan per weight: the last rule that matches a weight wins.
module Freeze.Language.Rules

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.Actions

/// A rule as written; messages point at its span.
type Rule =
    {
        Span: Span
        Selector: Selector
        Action: Action
        /// Whether it is in an ensemble block and applies to the members.
        OfMembers: bool
    }

/// What a rule does to one weight.
type private Effect =
    {
        Rule: Rule
        Wish: Wish
        Treatment: Treatment
    }

/// The context in which rules are resolved, for one run.
type RuleContext =
    {
        Report: Diagnostic -> unit
        TextOf: Span -> string
        Scope: Scope
        Net: Selectors.NetView
        /// Where a weight starts if no rule says so.
        Start: Weight -> Start
        /// As Start, for a weight that a rule excludes from starting from another run.
        Fresh: Weight -> Start
        /// The names of the net's layers in weights files, one table per publisher.
        Names: NetNames.Table list
        /// The full path of a weights file, and its content.
        File: Located<string> -> Result<string * WeightFile, Diagnostic>
        Seed: int64
        Epochs: int
        /// Whether training continues from trained weights, as for an ensemble's members.
        GoesOn: bool
        /// The indices of the weights that a selector matches.
        Select: Selector -> Result<Set<int>, Diagnostic>
    }

/// A run's weights as decided by rules.
type Resolved =
    {
        Weights: WeightPlan[]
        /// For each weight, the rule that decides it, including `rest`.
        Reasons: Span option[]
        FrozenStatistics: string[]
        /// The rules that decide at least one weight.
        Winners: Set<Span>
        /// For each rule that matches a weight, the rule that decides it in the end.
        Overruled: Map<Span, Span>
    }

let isRest (rule: Rule) =
    rule.Selector.Value = Select.Path "rest"

/// Reads a rule's action.
let private wish context (rule: Rule) : Wish option =
    if context.GoesOn then
        rule.Action.Modifiers
        |> List.tryFind (fun modifier -> Actions.kind modifier.Value = "init")
        |> Option.iter (fun modifier -> context.Report(Diagnostic.initOfMember modifier.Span))

    Actions.read context.Report context.TextOf context.Scope context.Epochs rule.Action

let private whole (wish: Wish) =
    match wish.Verb with
    | Verb.Train -> Treatment.Trained
    | Verb.Fixed -> Treatment.Still Stillness.Fixed
    | Verb.Zero -> Treatment.Still Stillness.Zero
    | Verb.Solve -> Treatment.Solved wish.Ridge

let private isLastLinear (net: Selectors.NetView) (selected: Set<int>) =
    let last = Array.last net.Weights

    last.Kind = LayerKind.Linear
    && selected =
        (seq { 0 .. net.Weights.Length - 1 }
         |> Seq.filter (fun i -> net.Weights[i].Layer = last.Layer)
         |> Set.ofSeq)

/// The effects of a rule's action on the selected weights.
let private grant context (rest: Verb option) (rule: Rule) (selected: Set<int>) (wish: Wish) =
    match wish.Portion with
    | Some portion ->
        Portions.treatments context.Report context.Seed context.Net.Weights rest portion selected
    | None -> selected |> Seq.map (fun i -> i, whole wish) |> List.ofSeq
    |> List.map (fun (i, treatment) ->
        i,
        {
            Rule = rule
            Wish = wish
            Treatment = treatment
        })

/// The context of an `each layer` rule at one layer: its position and, unless a let has that name, the number of layers.
let private atLayer (context: RuleContext) (place: Name) (number: int) : RuleContext =
    let whole (value: int) =
        Some(Datum.Number(decimal value, NumberForm.Whole))

    let local name =
        if name = place.Value then
            whole number
        elif name = Phrases.layerCount.Name && not (Seq.contains name context.Scope.Names) then
            whole context.Net.LayerCount
        else
            None

    { context with
        Scope = context.Scope.Inside local
    }

/// What a rule does to each weight that it matches.
let private effects context (rest: Verb option) (rule: Rule) : (int * Effect) list =
    let net = context.Net
    let selected = context.Select rule.Selector |> Diagnostic.keep context.Report

    match Walk.places rule.Selector with
    | _ :: second :: _ -> context.Report(Diagnostic.wrongValue second.Span "one `each layer` in a rule")
    | _ -> ()

    let parts =
        match Walk.placeOf rule.Selector, selected with
        | Some place, Some selected ->
            if Seq.contains place.Value context.Scope.Names then
                context.Report(Diagnostic.letOfMeaning place.Span place.Value)
            elif
                Walk.ruleExpressions rule.Selector rule.Action
                |> Seq.collect Walk.words
                |> Seq.contains place.Value
                |> not
            then
                context.Report(Diagnostic.unused place.Span "a place" place.Value)

            selected
            |> List.ofSeq
            |> List.groupBy (fun i -> net.Numbers[i])
            |> List.map (fun (number, weights) -> atLayer context place number, Set.ofList weights)
        // A rule that matches nothing is still read, to report its errors.
        | Some place, None -> [ atLayer context place 1, Set.empty ]
        | None, _ -> [ context, selected |> Option.defaultValue Set.empty ]

    let wishes =
        parts
        |> List.choose (fun (context, selected) ->
            wish context rule |> Option.map (fun wish -> context, selected, wish))

    match selected, wishes with
    | Some selected, (_, _, wish) :: _ ->
        if wish.Verb = Verb.Solve && not (isLastLinear net selected) then
            context.Report(Diagnostic.solveNotLast rule.Selector.Span)

        let taken =
            wishes
            |> List.collect (fun (context, selected, wish) -> grant context rest rule selected wish)

        let counts dimension =
            selected |> Set.exists (fun i -> Portions.hasDimension dimension net.Weights[i])

        match wish.Portion with
        | Some portion when not selected.IsEmpty && not (counts portion.Dimension) ->
            context.TextOf rule.Selector.Span
            |> Diagnostic.noSuchDimension portion.DimensionPlace portion.Dimension.Word
            |> context.Report
        | _ -> ()

        let hasBn =
            taken |> List.exists (fun (i, _) -> net.Weights[i].Kind = LayerKind.BatchNorm)

        wish.FrozenStatistics
        |> Option.filter (fun _ -> not hasBn && not selected.IsEmpty)
        |> Option.iter (Diagnostic.statsWithoutBn >> context.Report)

        taken
    | _ -> []

let private restOf context (rules: Rule list) : Effect option =
    match rules |> List.tryFindBack isRest with
    | None -> None
    | Some { Action = { Amount = Some amount } } ->
        context.Report(Diagnostic.amountOfRest amount.Count.Span)
        None
    | Some {
               Action = { Verb = { Value = Verb.Solve } }
           } as rule ->
        context.Report(Diagnostic.solveNotLast rule.Value.Selector.Span)
        None
    | Some rule ->
        wish context rule
        |> Option.map (fun wish ->
            {
                Rule = rule
                Wish = wish
                Treatment = whole wish
            })

let private start context (files: Map<Span, FileStarts.Start>) (weight: Weight) (inits: Init option list) =
    match List.tryPick id inits with
    | None -> context.Start weight
    // Schemes apply to kernels only; norms and biases start as usual.
    | Some(Init.Scheme _) when LayerKind.isNorm weight.Kind || weight.IsBias -> context.Fresh weight
    | Some(Init.Scheme scheme) -> scheme weight
    | Some(Init.File written) ->
        files.TryFind written.Span
        |> Option.bind _.Of(weight)
        |> Option.defaultWith (fun () -> context.Fresh weight)

/// Checks that the file has the statistics of a norm with frozen statistics that starts from it.
let private demandStatistics
    context
    (files: Map<Span, FileStarts.Start>)
    (weight: Weight)
    (written: Located<string>)
    (place: Span)
    =
    match files.TryFind written.Span with
    // Reported where the norm's scale starts from the file.
    | None -> ()
    | Some { Reading = reading } ->
        [ "running_mean"; "running_var" ]
        |> List.tryPick (fun name ->
            WeightFiles.fault reading.File $"{reading.LayerOf weight.Layer}.{name}" [| weight.Shape[0] |])
        |> Option.iter (fun fault ->
            context.Report(Diagnostic.weightsUnfit place $"of {written.Value}: {fault}"))

let private checkSolved context (weights: WeightPlan[]) (decided: Map<int, Effect>) =
    let solved =
        decided |> Map.values |> Seq.tryFind (fun effect -> effect.Treatment.IsSolved)

    let learns (plan: WeightPlan) =
        not plan.Treatment.IsStill && not plan.Treatment.IsSolved

    match solved, Array.tryFind learns weights with
    | Some effect, Some learning ->
        context.Report(Diagnostic.solveNotAlone effect.Rule.Action.Verb.Span learning.Weight.Layer)
    | _ -> ()

/// One plan for each weight of a net.
let resolve (context: RuleContext) (rules: Rule list) : Resolved =
    let net = context.Net
    let rest = restOf context rules

    let taken =
        rules
        |> List.filter (isRest >> not)
        |> List.collect (effects context (rest |> Option.map _.Wish.Verb))

    // Later rules overwrite earlier ones.
    let decided = Map.ofList taken

    let effect i =
        Map.tryFind i decided |> Option.orElse rest

    // A slice shares its weight with `rest`: one weight has one start.
    let inits effect =
        match effect with
        | Some effect when effect.Wish.Portion.IsSome -> [ effect.Wish.Init; rest |> Option.bind _.Wish.Init ]
        | Some effect -> [ effect.Wish.Init ]
        | None -> []

    let files =
        [
            for i in 0 .. net.Weights.Length - 1 do
                match List.tryPick id (inits (effect i)) with
                | Some(Init.File written) -> written, net.Weights[i]
                | _ -> ()
        ]
        |> FileStarts.all context.Report context.File context.Names context.Net.Weights

    let plan i (weight: Weight) : WeightPlan =
        let effect = effect i

        {
            Weight = weight
            Start = start context files weight (inits effect)
            Treatment = effect |> Option.map _.Treatment |> Option.defaultValue Treatment.Trained
            Update = effect |> Option.map _.Wish.Update |> Option.defaultValue Update.byDefault
        }

    let weights = net.Weights |> Array.mapi plan
    checkSolved context weights decided

    let frozen =
        [|
            for i in 0 .. weights.Length - 1 do
                let weight = net.Weights[i]

                match effect i |> Option.bind _.Wish.FrozenStatistics with
                | Some place when weight.Kind = LayerKind.BatchNorm && not weight.IsBias ->
                    match List.tryPick id (inits (effect i)) with
                    | Some(Init.File written) -> demandStatistics context files weight written place
                    | _ when context.GoesOn -> ()
                    | None when (context.Start weight).IsBase -> ()
                    | _ -> context.Report(Diagnostic.noNormalisation place)

                    weight.Layer
                | _ -> ()
        |]

    {
        Weights = weights
        Reasons = Array.init weights.Length (effect >> Option.map _.Rule.Span)
        FrozenStatistics = frozen
        Winners = decided |> Map.values |> Seq.map _.Rule.Span |> Set.ofSeq
        Overruled =
            taken
            |> List.map (fun (i, effect) -> effect.Rule.Span, decided[i].Rule.Span)
            |> Map.ofList
    }
