/// Turns `0.4 filters` into the indices that are trained: a portion of some weights to their treatments.
module Freeze.Language.Portions

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.Actions

/// Whether a weight has the dimension that a portion counts.
let hasDimension (dimension: Vocabulary.Dimension) (weight: Weight) =
    weight.Kind = dimension.Kind && (dimension.TakesBias || not weight.IsBias)

/// How many of `extent` entries a portion means; exact, so 0.7 of 90 is 63.
let private count (portion: Portion) (weight: Weight) extent =
    let lifted found = min extent (max found portion.AtLeast)

    match portion.Amount with
    | value, NumberForm.Whole when value > decimal extent ->
        Error(Diagnostic.moreThanThereAre portion.Count weight.Layer portion.Dimension.Word extent)
    | value, NumberForm.Whole when value >= 0m -> Ok(lifted (int value))
    | value, (NumberForm.Decimal | NumberForm.Percent) when value >= 0m && value <= 1m ->
        Ok(lifted (int (floor (value * decimal extent))))
    | _ -> Error(Diagnostic.outOfRange portion.Count "the amount" "a count, or a fraction from 0.0 to 1.0")

/// Which of `extent` entries along a dimension are trained, in ascending order.
let private indices seed (weight: Weight) (portion: Portion) extent learning =
    match portion.Which with
    | Which.Spread -> Array.init learning (fun i -> int (int64 i * int64 extent / int64 learning))
    | Which.AtRandom ->
        // The key depends on the layer, so that a bias goes with its filters.
        let key = RandomStream.Key(seed, $"{portion.Dimension.Word} of {weight.Layer}")

        RandomStream.Permutation(key, extent) |> Array.take learning |> Array.sort
    | Which.First
    | Which.Largest -> Array.init learning id

/// The treatment of a partly trained weight.
let private slice seed (weight: Weight) (portion: Portion) extent learning stillness =
    let index = portion.Dimension.Index

    if learning = 0 then
        Treatment.Still stillness
    elif learning = extent then
        Treatment.Trained
    elif portion.Which = Which.Largest then
        Treatment.Largest(index, learning, stillness)
    else
        Treatment.Slice(index, indices seed weight portion extent learning, stillness)

/// The treatment of each selected weight that has the portion's dimension; `rest` decides about the remaining entries.
let treatments report seed (weights: Weight[]) (rest: Verb option) (portion: Portion) (selected: Set<int>) =
    let taken =
        selected |> Set.filter (fun i -> hasDimension portion.Dimension weights[i])

    if rest = Some Verb.Train then
        report (Diagnostic.leftIsTrained portion.Count)

    let left =
        match rest with
        | Some Verb.Zero -> Stillness.Zero
        | _ -> Stillness.Fixed

    let counted =
        [
            for i in taken do
                let extent = weights[i].Shape[portion.Dimension.Index]

                match count portion weights[i] extent |> Diagnostic.keep report with
                | Some learning -> i, extent, learning
                | None -> ()
        ]

    let none =
        counted
        |> List.filter (fun (i, _, learning) ->
            learning = 0 && not weights[i].IsBias && fst portion.Amount > 0m)

    match none with
    | [] -> ()
    | (i, extent, _) :: others ->
        Diagnostic.nothingLearns portion.Count weights[i].Layer extent portion.Dimension.Word others.Length
        |> report

    counted
    |> List.map (fun (i, extent, learning) ->
        i,
        if rest = Some Verb.Train then
            Treatment.Trained
        else
            slice seed weights[i] portion extent learning left)
