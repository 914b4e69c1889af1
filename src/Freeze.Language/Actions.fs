/// Reads an action and its modifiers into numbers: `train 0.4 filters at random lr 0.1x`.
module Freeze.Language.Actions

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values

[<RequireQualifiedAccess>]
type Which =
    | First
    | AtRandom
    | Spread
    | Largest

/// `0.4 filters spread at least 1`
type Portion =
    {
        Dimension: Vocabulary.Dimension
        Amount: decimal * NumberForm
        AtLeast: int
        Which: Which
        /// The span of the amount and the dimension.
        Count: Span
        DimensionPlace: Span
    }

/// Where the weights that a rule takes start.
[<RequireQualifiedAccess>]
type Init =
    | Scheme of Schemes.Scheme
    | File of path: Located<string>

/// What a rule asks for.
type Wish =
    {
        Verb: Verb
        /// The part of each weight that is meant; None for all of it.
        Portion: Portion option
        Init: Init option
        Update: Update
        /// The span of `stats frozen`, if given.
        FrozenStatistics: Span option
        Ridge: float
    }

/// The kind of a modifier: an action has at most one of each kind.
let kind (modifier: Modifier) =
    match modifier.Words with
    | "at random"
    | "spread"
    | "largest" -> "which"
    | "init from" -> "init"
    | words -> words

/// Which modifiers an action allows.
let private allowed (verb: Verb) hasPortion =
    match verb with
    | Verb.Train ->
        (if hasPortion then [ "which"; "at least" ] else [])
        @ [ "init"; "lr"; "decay"; "from epoch"; "until epoch"; "stats frozen" ]
    | Verb.Fixed -> [ "init"; "stats frozen" ]
    | Verb.Zero -> [ "stats frozen" ]
    | Verb.Solve -> [ "init"; "ridge" ]

/// Reports duplicate modifiers and those that the action does not allow; returns the others by kind.
let private sort report textOf (action: Action) : Map<string, Located<Modifier>> =
    let allowed = allowed action.Verb.Value action.Amount.IsSome

    let folder (found: Map<string, Located<Modifier>>) (modifier: Located<Modifier>) =
        let kind = kind modifier.Value

        match Map.tryFind kind found with
        | Some first ->
            report (Diagnostic.modifierTwice modifier.Span first.Span)
            found
        | None when List.contains kind allowed -> Map.add kind modifier found
        | None ->
            let action =
                verbWord action.Verb.Value + (if action.Amount.IsSome then " … filters" else "")

            report (Diagnostic.misfit modifier.Span $"`{(textOf modifier.Span: string).Trim()}`" action)
            found

    action.Modifiers |> List.fold folder Map.empty

/// The value after a modifier's words.
let private valueOf name (modifiers: Map<string, Located<Modifier>>) : Expression option =
    Map.tryFind name modifiers |> Option.bind _.Value.Value

let private rate scope what most (expression: Expression) : Result<Rate, Diagnostic> =
    match number scope expression with
    | Ok(value, NumberForm.Factor) when value >= 0m && value <= most -> Ok(Rate.Times(float value))
    | Ok(value, (NumberForm.Whole | NumberForm.Decimal)) when value >= 0m && value <= most ->
        Ok(Rate.Exactly(float value))
    | Ok _ ->
        Error(
            Diagnostic.wrongValue expression.Span $"{what}: a number such as 0.01, or a factor such as 0.1x"
        )
    | Error e -> Error e

let private portion
    report
    scope
    (modifiers: Map<string, Located<Modifier>>)
    (amount: Amount)
    : Portion option =
    let keep result = Diagnostic.keep report result

    let dimension =
        match Vocabulary.tryDimension amount.Dimension.Value with
        | Some dimension -> Some dimension
        | None ->
            let known = Vocabulary.dimensions |> List.map _.Word
            report (Diagnostic.unknownWord amount.Dimension.Span "dimension" amount.Dimension.Value known)
            None

    let atLeast =
        valueOf "at least" modifiers
        |> Option.bind (wholeBetween scope 0L 1_000_000L "the least count" >> keep)
        |> Option.map int
        |> Option.defaultValue 0

    let which =
        match Map.tryFind "which" modifiers |> Option.map _.Value.Words with
        | Some "at random" -> Which.AtRandom
        | Some "spread" -> Which.Spread
        | Some "largest" -> Which.Largest
        | _ -> Which.First

    /// If the value says what it counts, that must be what the rule counts.
    let asked (dimension: Vocabulary.Dimension) =
        match evaluate scope amount.Count with
        | Ok {
                 Value = Datum.Amount(value, form, unit)
             } ->
            match Vocabulary.tryDimension unit with
            | Some counted when counted <> dimension ->
                Error(
                    Diagnostic.wrongValue
                        (place scope amount.Count)
                        $"a number of {dimension.Word}; this one counts {counted.Word}"
                )
            | _ -> Ok(value, form)
        | _ -> number scope amount.Count

    match dimension, dimension |> Option.bind (asked >> keep) with
    | Some dimension, Some asked ->
        Some
            {
                Dimension = dimension
                Amount = asked
                AtLeast = atLeast
                Which = which
                Count = amount.Count.Span
                DimensionPlace = amount.Dimension.Span
            }
    | _ -> None

let private update report scope epochs (modifiers: Map<string, Located<Modifier>>) : Update =
    let read name reader =
        valueOf name modifiers |> Option.bind (reader >> Diagnostic.keep report)

    let rate name most =
        read name (rate scope $"`{name}`" most) |> Option.defaultValue (Rate.Times 1.0)

    let epoch name =
        read name (wholeBetween scope 1L 1_000_000L "the epoch") |> Option.map int

    let first = epoch "from epoch" |> Option.defaultValue 1
    let last = epoch "until epoch" |> Option.defaultValue epochs |> min epochs

    if first > epochs then
        report (Diagnostic.neverInForce modifiers["from epoch"].Span first epochs)
    elif first > last then
        report (Diagnostic.emptyRange modifiers["until epoch"].Span first last)

    {
        LearningRate = rate "lr" 1000m
        Decay = rate "decay" 1000m
        Period =
            if first = 1 && last = epochs then
                Period.Always
            else
                Period.Epochs(first, last)
    }

/// What an action asks for, in a run of the given number of epochs; None if its amount cannot be read.
let read report (textOf: Span -> string) scope epochs (action: Action) : Wish option =
    let modifiers = sort report textOf action

    let init =
        Map.tryFind "init" modifiers
        |> Option.bind (fun modifier ->
            match modifier.Value with
            | {
                  Words = "init from"
                  Value = Some(At(Term.Text path, span))
              } -> Some(Init.File(at span path))
            | { Value = value } ->
                value
                |> Option.bind (Schemes.scheme scope >> Diagnostic.keep report)
                |> Option.map Init.Scheme)

    let ridge =
        valueOf "ridge" modifiers
        |> Option.bind (numberBetween scope 0m 1_000_000_000m "the penalty" >> Diagnostic.keep report)
        |> Option.map float
        |> Option.defaultValue 0.0

    let wish portion =
        {
            Verb = action.Verb.Value
            Portion = portion
            Init = init
            Update = update report scope epochs modifiers
            FrozenStatistics = Map.tryFind "stats frozen" modifiers |> Option.map _.Span
            Ridge = ridge
        }

    match action.Amount with
    | None -> Some(wish None)
    | Some amount when action.Verb.Value <> Verb.Train ->
        report (Diagnostic.amountOfStill amount.Count.Span)
        None
    | Some amount -> portion report scope modifiers amount |> Option.map (Some >> wish)
