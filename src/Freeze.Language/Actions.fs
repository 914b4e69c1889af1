/// An action and its modifiers to what it asks for, in numbers: `train 0.4 filters at random lr 0.1x`.
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
type Share =
    {
        Dimension: Vocabulary.Dimension
        Amount: decimal * NumberForm
        AtLeast: int
        Which: Which
        /// Where the amount and the dimension stand.
        Count: Span
        DimensionPlace: Span
    }

/// Where the weights that a rule claims start.
[<RequireQualifiedAccess>]
type Init =
    | Scheme of Schemes.Scheme
    | File of path: Located<string>

/// What a rule asks for.
type Wish =
    {
        Verb: Verb
        /// Part of each weight, or all of it.
        Share: Share option
        Init: Init option
        Update: Update
        /// Where `stats frozen` stands.
        FrozenStatistics: Span option
        Ridge: float
    }

let private kind (modifier: Modifier) =
    match modifier with
    | Modifier.AtRandom
    | Modifier.Spread
    | Modifier.Largest -> "which"
    | Modifier.AtLeast _ -> "at least"
    | Modifier.Init _
    | Modifier.InitFrom _ -> "init"
    | Modifier.LearningRate _ -> "lr"
    | Modifier.Decay _ -> "decay"
    | Modifier.From _ -> "from"
    | Modifier.Until _ -> "until"
    | Modifier.StatsFrozen -> "stats"
    | Modifier.Ridge _ -> "ridge"

/// Which modifiers go with an action.
let private allowed (verb: Verb) hasShare =
    match verb with
    | Verb.Train when hasShare -> [ "which"; "at least"; "init"; "lr"; "decay"; "from"; "until"; "stats" ]
    | Verb.Train -> [ "init"; "lr"; "decay"; "from"; "until"; "stats" ]
    | Verb.Fixed -> [ "init"; "stats" ]
    | Verb.Zero -> [ "stats" ]
    | Verb.Solve -> [ "init"; "ridge" ]

let private word (verb: Verb) =
    match verb with
    | Verb.Train -> "train"
    | Verb.Fixed -> "fixed"
    | Verb.Zero -> "zero"
    | Verb.Solve -> "solve"

/// Reports what is said twice or does not go with the action; the others, by kind.
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
                word action.Verb.Value + (if action.Amount.IsSome then " … filters" else "")

            report (Diagnostic.misfit modifier.Span $"`{(textOf modifier.Span: string).Trim()}`" action)
            found

    action.Modifiers |> List.fold folder Map.empty

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

let private share report scope (modifiers: Map<string, Located<Modifier>>) (amount: Amount) : Share option =
    let keep result = Diagnostic.keep report result

    let dimension =
        match Vocabulary.tryDimension amount.Dimension.Value with
        | Some dimension -> Some dimension
        | None ->
            let known = Vocabulary.dimensions |> List.map _.Word
            report (Diagnostic.unknownWord amount.Dimension.Span "dimension" amount.Dimension.Value known)
            None

    let atLeast =
        match Map.tryFind "at least" modifiers with
        | Some { Value = Modifier.AtLeast value } ->
            wholeBetween scope 0L 1_000_000L "the least count" value
            |> keep
            |> Option.map int
            |> Option.defaultValue 0
        | _ -> 0

    let which =
        match Map.tryFind "which" modifiers |> Option.map _.Value with
        | Some Modifier.AtRandom -> Which.AtRandom
        | Some Modifier.Spread -> Which.Spread
        | Some Modifier.Largest -> Which.Largest
        | _ -> Which.First

    match dimension, number scope amount.Count |> keep with
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
        Map.tryFind name modifiers
        |> Option.bind (fun modifier -> reader modifier.Value |> Diagnostic.keep report)

    let rate name most =
        read name (function
            | Modifier.LearningRate value
            | Modifier.Decay value -> rate scope $"`{name}`" most value
            | _ -> Ok(Rate.Times 1.0))
        |> Option.defaultValue (Rate.Times 1.0)

    let epoch name =
        read name (function
            | Modifier.From value
            | Modifier.Until value -> wholeBetween scope 1L 1_000_000L "the epoch" value |> Result.map int
            | _ -> Ok 1)

    let first = epoch "from" |> Option.defaultValue 1
    let last = epoch "until" |> Option.defaultValue epochs |> min epochs

    if first > epochs then
        report (Diagnostic.neverInForce modifiers["from"].Span first epochs)
    elif first > last then
        report (Diagnostic.emptyRange modifiers["until"].Span first last)

    {
        LearningRate = rate "lr" 1000m
        Decay = rate "decay" 1000m
        Period =
            if first = 1 && last = epochs then
                Period.Always
            else
                Period.Epochs(first, last)
    }

/// What an action asks for, of a run with so many epochs; nothing where its amount cannot be made out.
let read report (textOf: Span -> string) scope epochs (action: Action) : Wish option =
    let modifiers = sort report textOf action

    let init =
        Map.tryFind "init" modifiers
        |> Option.bind (fun modifier ->
            match modifier.Value with
            | Modifier.Init expression -> Schemes.scheme scope expression |> Result.map Init.Scheme
            | Modifier.InitFrom path -> Ok(Init.File path)
            | other -> failwith $"{other} is no init"
            |> Diagnostic.keep report)

    let ridge =
        match Map.tryFind "ridge" modifiers with
        | Some { Value = Modifier.Ridge value } ->
            numberBetween scope 0m 1_000_000_000m "the penalty" value
            |> Diagnostic.keep report
            |> Option.map float
            |> Option.defaultValue 0.0
        | _ -> 0.0

    let wish share =
        {
            Verb = action.Verb.Value
            Share = share
            Init = init
            Update = update report scope epochs modifiers
            FrozenStatistics = Map.tryFind "stats" modifiers |> Option.map _.Span
            Ridge = ridge
        }

    match action.Amount with
    | None -> Some(wish None)
    | Some amount when action.Verb.Value <> Verb.Train ->
        report (Diagnostic.amountOfStill amount.Count.Span)
        None
    | Some amount -> share report scope modifiers amount |> Option.map (Some >> wish)
