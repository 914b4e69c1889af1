/// Kinds of numbers through arithmetic: whole numbers, decimals, percentages and factors.
module Freeze.Language.Tests.KindTests

open Freeze
open Freeze.Language
open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.Tests.Files
open FsCheck
open FsCheck.FSharp
open Xunit

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

let private has form (expression: Expression) =
    Walk.expressions expression
    |> Seq.exists (fun inner ->
        match inner.Value with
        | Term.Number(_, found) -> found = form
        | _ -> false)

[<Fact>]
let ``what is computed with a factor is a factor or an error, and nothing else is one`` () =
    Prop.forAll (Arb.fromGen arithmetic) (fun expression ->
        match number Scope.Empty expression with
        | Ok(_, form) -> (form = NumberForm.Factor) = has NumberForm.Factor expression
        | Error _ -> true)
    |> Check.QuickThrowOnFailure

[<Fact>]
let ``what is computed with decimals alone stays decimal`` () =
    Prop.forAll (Arb.fromGen arithmetic) (fun expression ->
        match number Scope.Empty expression with
        | Ok(_, NumberForm.Percent) -> has NumberForm.Percent expression
        | Ok(_, NumberForm.Whole) -> false
        | Ok _
        | Error _ -> true)
    |> Check.QuickThrowOnFailure

[<Theory>]
[<InlineData("0.75x^3", 0.421875)>]
[<InlineData("0.1x / 1", 0.1)>]
[<InlineData("2 * 0.1x", 0.2)>]
[<InlineData("0.1x + 0.1x", 0.2)>]
[<InlineData("-(-0.5x)", 0.5)>]
[<InlineData("1 / 4x", 0.25)>]
[<InlineData("max(0.1x, 0.2x)", 0.2)>]
let ``a rule's rate through arithmetic is still a factor`` (text: string) (factor: float) =
    let plan = runs($"conv1: train lr {text}; rest: train").[0].Recipe.Weights[0]
    Assert.Equal(Rate.Times factor, plan.Update.LearningRate)

[<Fact>]
let ``a let keeps the kind of its value`` () =
    let plan =
        runs("let d = 0.5x; conv1: train lr d * d; rest: train").[0].Recipe.Weights[0]

    Assert.Equal(Rate.Times 0.25, plan.Update.LearningRate)

[<Theory>]
[<InlineData("40% / 2", 10)>]
[<InlineData("2 * 10%", 10)>]
[<InlineData("100% - 80%", 10)>]
[<InlineData("2 * 5", 10)>]
[<InlineData("7 - 2", 5)>]
let ``shares and counts through arithmetic`` (text: string) (filters: int) =
    match treatment "conv2.weight" (runs $"conv2: train {text} filters; rest: fixed").[0] with
    | Treatment.Slice(_, learned, _) -> Assert.Equal(filters, learned.Length)
    | other -> Assert.Fail $"{other}"

[<Theory>]
[<InlineData("let n = 3; seed 1..n", "1 2 3")>]
[<InlineData("let n = 3; seed n - 1..2 * n - 2", "2 3 4")>]
[<InlineData("seed [1..3, 7]", "1 2 3 7")>]
[<InlineData("seed [7, 1..2, 9..9]", "7 1 2 9")>]
let ``ranges take expressions and stand in lists`` (text: string) (seeds: string) =
    Assert.Equal(seeds, runs text |> Array.map (fun run -> string run.Recipe.Seed) |> String.concat " ")
