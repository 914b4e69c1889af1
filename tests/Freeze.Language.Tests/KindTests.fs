/// Kinds of numbers through arithmetic: whole numbers, decimals, percentages and factors.
module Freeze.Language.Tests.KindTests

open FsCheck
open FsCheck.FSharp
open Expecto
open Freeze
open Freeze.Language
open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.Tests.Files
open Freeze.Tests.Expectations

let private nowhere term = at Span.Nowhere term

/// Sums, products and powers of small numbers of all kinds.
let private arithmetic: Gen<Expression> =
    let leaf =
        Gen.map2
            (fun value form -> nowhere (Term.Number(decimal value / 4m, form)))
            (Gen.choose (1, 12))
            (Gen.elements [ NumberForm.Decimal; NumberForm.Percent; NumberForm.Factor ])

    let operator =
        Gen.elements [ Operator.Plus; Operator.Minus; Operator.Times; Operator.Over; Operator.Power ]

    let rec ofSize size =
        if size = 0 then
            leaf
        else
            let smaller = ofSize (size / 2)

            Gen.oneof
                [
                    leaf
                    smaller |> Gen.map (Term.Negative >> nowhere)
                    Gen.map3
                        (fun operator a b -> nowhere (Term.Binary(operator, a, b)))
                        operator
                        smaller
                        smaller
                ]

    Gen.sized (min 12 >> ofSize)

/// A law of all such expressions.
let private law name property =
    testProperty name (Prop.forAll (Arb.fromGen arithmetic) property)

let private has form (expression: Expression) =
    Walk.expressions expression
    |> Seq.exists (fun inner ->
        match inner.Value with
        | Term.Number(_, found) -> found = form
        | _ -> false)

[<Tests>]
let tests =
    testList
        "kinds of numbers"
        [
            law
                "what is computed with a factor is a factor or an error, and nothing else is one"
                (fun expression ->
                    match number Scope.Empty expression with
                    | Ok(_, form) -> (form = NumberForm.Factor) = has NumberForm.Factor expression
                    | Error _ -> true)

            law "what is computed with decimals alone stays decimal" (fun expression ->
                match number Scope.Empty expression with
                | Ok(_, NumberForm.Percent) -> has NumberForm.Percent expression
                | Ok(_, NumberForm.Whole) -> false
                | Ok _
                | Error _ -> true)

            testTheory
                "a rule's rate through arithmetic is still a factor"
                [
                    "0.75x^3", 0.421875
                    "0.1x / 1", 0.1
                    "2 * 0.1x", 0.2
                    "0.1x + 0.1x", 0.2
                    "-(-0.5x)", 0.5
                    "1 / 4x", 0.25
                    "max(0.1x, 0.2x)", 0.2
                ]
                (fun (text, factor) ->
                    let plan = runs($"conv1: train lr {text}; rest: train").[0].Recipe.Weights[0]
                    equal (Rate.Times factor) plan.Update.LearningRate)

            test "a let keeps the kind of its value" {
                let plan =
                    runs("let d = 0.5x; conv1: train lr d * d; rest: train").[0].Recipe.Weights[0]

                equal (Rate.Times 0.25) plan.Update.LearningRate
            }

            testTheory
                "fractions and counts go through arithmetic"
                [ "40% / 2", 10; "2 * 10%", 10; "100% - 80%", 10; "2 * 5", 10; "7 - 2", 5 ]
                (fun (text, filters) ->
                    match
                        treatment "conv2.weight" (runs $"conv2: train {text} filters; rest: fixed").[0]
                    with
                    | Treatment.Slice(_, learned, _) -> equal filters learned.Length
                    | other -> failtest $"{other}")

            testTheory
                "ranges take expressions and stand in lists"
                [
                    "let n = 3; seed 1..n", "1 2 3"
                    "let n = 3; seed n - 1..2 * n - 2", "2 3 4"
                    "seed [1..3, 7]", "1 2 3 7"
                    "seed [7, 1..2, 9..9]", "7 1 2 9"
                ]
                (fun (text, seeds) ->
                    equal
                        seeds
                        (runs text |> Array.map (fun run -> string run.Recipe.Seed) |> String.concat " "))
        ]
