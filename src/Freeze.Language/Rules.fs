/// The last rule that matches a weight wins: rules to one treatment per weight.
module Freeze.Language.Rules

open System.Collections.Generic
open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values

/// A rule as written; its span names it in messages.
type Rule =
    {
        Span: Span
        Selector: Selector
        Action: Action
    }

let isRest (rule: Rule) =
    rule.Selector.Value = Select.Path "rest"

/// How a selector was written, for messages.
let private describe (source: Source) (selector: Selector) =
    source.Text.Substring(selector.Span.Start, selector.Span.End - selector.Span.Start)

let private hasDimension (dimension: Vocabulary.Dimension) (weight: Weight) =
    weight.Kind = dimension.Kind && (dimension.TakesBias || not weight.IsBias)

/// How many of `extent` an amount means; the share is exact, so 0.7 of 90 is 63.
let private count (weight: Weight) (dimension: Vocabulary.Dimension) (at: Expression) extent amount =
    match amount with
    | value, NumberForm.Whole when value > decimal extent ->
        Error(Diagnostic.moreThanThereAre at.Span weight.Layer dimension.Word extent)
    | value, NumberForm.Whole when value >= 0m -> Ok(int value)
    | value, (NumberForm.Decimal | NumberForm.Percent) when value >= 0m && value <= 1m ->
        Ok(int (floor (value * decimal extent)))
    | _ -> Error(Diagnostic.outOfRange at.Span "the amount" "a count, or a share from 0.0 to 1.0")

/// The treatment of a partly trained weight, before `rest` has spoken of what is left.
let private slice (index: int) extent learning stillness =
    if learning = 0 then
        Treatment.Still stillness
    elif learning = extent then
        Treatment.Trained
    else
        Treatment.Slice(index, Array.init learning id, stillness)

let private whole verb =
    match verb with
    | Verb.Train -> Treatment.Trained
    | Verb.Fixed -> Treatment.Still Stillness.Fixed
    | Verb.Zero -> Treatment.Still Stillness.Zero

/// What a rule makes of each weight that it claims; what is left of a weight is for `rest`.
let private claims report source scope (subject: Selectors.Subject) rest (rule: Rule) : Map<int, Treatment> =
    let keep result = Diagnostic.keep report result

    let amount (amount: Amount) (selected: Set<int>) =
        match Vocabulary.tryDimension amount.Dimension.Value with
        | None ->
            let known = Vocabulary.dimensions |> List.map _.Word
            report (Diagnostic.unknownWord amount.Dimension.Span "dimension" amount.Dimension.Value known)
            Map.empty
        | Some dimension ->
            let claimed =
                selected |> Set.filter (fun i -> hasDimension dimension subject.Weights[i])

            if claimed.IsEmpty && not selected.IsEmpty then
                report (
                    Diagnostic.noSuchDimension
                        amount.Dimension.Span
                        dimension.Word
                        (describe source rule.Selector)
                )

            if rest = Some Verb.Train then
                report (Diagnostic.leftIsTrained amount.Count.Span)

            match number scope amount.Count |> keep with
            | None -> Map.empty
            | Some asked ->
                claimed
                |> Seq.choose (fun i ->
                    let weight = subject.Weights[i]
                    let extent = weight.Shape[dimension.Index]

                    count weight dimension amount.Count extent asked
                    |> keep
                    |> Option.map (fun learning ->
                        if learning = 0 && not weight.IsBias && fst asked > 0m then
                            report (
                                Diagnostic.nothingLearns
                                    amount.Count.Span
                                    weight.Layer
                                    extent
                                    dimension.Word
                            )

                        match rest with
                        | Some Verb.Train -> i, Treatment.Trained
                        | Some Verb.Zero -> i, slice dimension.Index extent learning Stillness.Zero
                        | Some Verb.Fixed
                        | None -> i, slice dimension.Index extent learning Stillness.Fixed))
                |> Map.ofSeq

    match Selectors.resolve scope subject rule.Selector |> keep, rule.Action with
    | None, _ -> Map.empty
    | Some selected, { Amount = None; Verb = verb } ->
        selected |> Seq.map (fun i -> i, whole verb.Value) |> Map.ofSeq
    | Some selected,
      {
          Amount = Some part
          Verb = { Value = Verb.Train }
      } -> amount part selected
    | Some _, { Amount = Some part } ->
        report (Diagnostic.amountOfStill part.Count.Span)
        Map.empty

/// One treatment for each weight of a net; the rules that won something are added to `winners`.
let resolve report source scope subject (winners: HashSet<Span>) (rules: Rule list) : WeightPlan[] =
    let rest = rules |> List.tryFindBack isRest

    match rest with
    | Some { Action = { Amount = Some part } } -> report (Diagnostic.amountOfRest part.Count.Span)
    | _ -> ()

    let restVerb = rest |> Option.map _.Action.Verb.Value

    // Later rules overwrite earlier ones.
    let decided =
        rules
        |> List.filter (isRest >> not)
        |> List.fold
            (fun decided rule ->
                claims report source scope subject restVerb rule
                |> Map.fold (fun decided i treatment -> Map.add i (rule.Span, treatment) decided) decided)
            Map.empty

    for KeyValue(_, (span, _)) in decided do
        winners.Add span |> ignore

    subject.Weights
    |> Array.mapi (fun i weight ->
        {
            Weight = weight
            Treatment =
                match Map.tryFind i decided with
                | Some(_, treatment) -> treatment
                | None -> restVerb |> Option.defaultValue Verb.Train |> whole
        })
