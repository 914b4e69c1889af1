module Freeze.Language.Tests.RuleTests

open Freeze
open Freeze.Language.Tests.Files
open Xunit

let private lenet rules =
    runs $"data mnist-sample; {rules}" |> Array.exactlyOne

let private isFixed = Treatment.Still Stillness.Fixed
let private isZero = Treatment.Still Stillness.Zero

[<Fact>]
let ``LeNet has 431,080 weights, and a fixed layer takes its own away`` () =
    Assert.Equal(431_080L, (counts (lenet "rest: train")).Trained)
    let runs = runs "data mnist-sample; let i = 1..4; layer i: fixed"
    let fallen = runs |> Array.map (fun run -> 431_080L - (counts run).Trained)
    Assert.Equal<int64[]>([| 520L; 25_050L; 400_500L; 5_010L |], fallen)
    Assert.All(runs, fun run -> Assert.Equal(431_080L, (counts run).Total))

[<Fact>]
let ``the last matching rule wins`` () =
    let run = lenet "conv: zero; conv2: fixed; conv2.bias: train; rest: train"
    Assert.Equal(isZero, treatment "conv1.weight" run)
    Assert.Equal(isFixed, treatment "conv2.weight" run)
    Assert.Equal(Treatment.Trained, treatment "conv2.bias" run)

[<Fact>]
let ``rest takes what no other rule claims, wherever it stands`` () =
    Assert.Equal(lenet("conv1: train; rest: fixed").Recipe, lenet("rest: fixed; conv1: train").Recipe)

[<Fact>]
let ``without rest the unclaimed are trained`` () =
    let run = lenet "conv1: fixed"
    Assert.Equal(Treatment.Trained, treatment "fc2.bias" run)

[<Fact>]
let ``what a partial rule leaves goes to rest, and is fixed without one`` () =
    let first8 = [| 0..7 |]
    let without = lenet "conv1: train 0.4 filters"
    Assert.Equal(Treatment.Slice(0, first8, Stillness.Fixed), treatment "conv1.weight" without)
    Assert.Equal(Treatment.Slice(0, first8, Stillness.Fixed), treatment "conv1.bias" without)
    Assert.Equal(Treatment.Trained, treatment "conv2.weight" without)
    let zero = lenet "conv1: train 40% filters; rest: zero"
    Assert.Equal(Treatment.Slice(0, first8, Stillness.Zero), treatment "conv1.weight" zero)
    Assert.Equal(isZero, treatment "fc1.weight" zero)

[<Fact>]
let ``biases go with filters and stay with them`` () =
    let run = lenet "conv2: train 3 inputs; rest: fixed"
    Assert.Equal(Treatment.Slice(1, [| 0..2 |], Stillness.Fixed), treatment "conv2.weight" run)
    Assert.Equal(isFixed, treatment "conv2.bias" run)

[<Fact>]
let ``rows, columns and units are amounts too`` () =
    let run =
        lenet "conv1: train 1 row; conv2: train 2 columns; fc1: train 0.5 units; rest: zero"

    Assert.Equal(Treatment.Slice(2, [| 0 |], Stillness.Zero), treatment "conv1.weight" run)
    Assert.Equal(Treatment.Slice(3, [| 0; 1 |], Stillness.Zero), treatment "conv2.weight" run)
    Assert.Equal(Treatment.Slice(0, [| 0..249 |], Stillness.Zero), treatment "fc1.weight" run)
    Assert.Equal(Treatment.Slice(0, [| 0..249 |], Stillness.Zero), treatment "fc1.bias" run)

/// 0.7 of 90 is 62.99… as a binary float.
[<Theory>]
[<InlineData(90, "0.7", 63)>]
[<InlineData(170, ".7", 119)>]
[<InlineData(650, "70%", 455)>]
[<InlineData(12, "0.09", 1)>]
[<InlineData(12, "0.4", 4)>]
[<InlineData(16, "0.7", 11)>]
[<InlineData(48, "0.08", 3)>]
[<InlineData(64, "0.1", 6)>]
[<InlineData(64, "1", 1)>]
[<InlineData(64, "1.0", 64)>]
[<InlineData(64, "100%", 64)>]
let ``shares are exact decimals rounded down, whole numbers are counts``
    (width: int)
    (amount: string)
    (expected: int)
    =
    let run =
        runs
            $"net n {{ c: conv {width} 1x1; f: linear classes }}; net n; c: train {amount} filters; rest: fixed"

    let learned = int64 expected * 2L
    Assert.Equal(learned, (counts run[0]).Trained)

[<Fact>]
let ``a share of nothing is a warning, and the weight is left to rest`` () =
    let text = "conv1: train 0.01 filters; rest: zero"
    Assert.Equal<string list>([ "FRZ102" ], codes text)
    Assert.Equal(isZero, treatment "conv1.weight" (runs text).[0])

[<Fact>]
let ``an amount under rest: train decides nothing, and that is said`` () =
    Assert.Equal<string list>([ "FRZ104" ], codes "conv1: train 0.4 filters; rest: train")

[<Theory>]
[<InlineData("conv*", "conv1.weight,conv1.bias,conv2.weight,conv2.bias")>]
[<InlineData("conv", "conv1.weight,conv1.bias,conv2.weight,conv2.bias")>]
[<InlineData("linear", "fc1.weight,fc1.bias,fc2.weight,fc2.bias")>]
[<InlineData("bias", "conv1.bias,conv2.bias,fc1.bias,fc2.bias")>]
[<InlineData("bias in conv", "conv1.bias,conv2.bias")>]
[<InlineData("*.bias except fc1, fc2", "conv1.bias,conv2.bias")>]
[<InlineData("fc1.weight, conv1", "conv1.weight,conv1.bias,fc1.weight")>]
[<InlineData("first 1 layers", "conv1.weight,conv1.bias")>]
[<InlineData("last layer", "fc2.weight,fc2.bias")>]
[<InlineData("last 2 layers", "fc1.weight,fc1.bias,fc2.weight,fc2.bias")>]
[<InlineData("layers 2..3 except bias", "conv2.weight,fc1.weight")>]
[<InlineData("first 0 layers", "")>]
[<InlineData("(conv1, fc1) in bias", "conv1.bias,fc1.bias")>]
let ``selectors take what they name`` (selector: string) (expected: string) =
    let run = lenet $"{selector}: zero"

    let taken =
        run.Recipe.Weights
        |> Array.filter (fun plan -> plan.Treatment = isZero)
        |> Array.map _.Weight.Name

    Assert.Equal(expected, String.concat "," taken)

[<Fact>]
let ``a batch norm belongs to the convolution before it, else to the layer after`` () =
    let net = "net n { conv 2 3x3; bn; relu; bn; conv 2 3x3; linear classes }; net n"

    let zeroed selector =
        (runs $"{net}; {selector}: zero").[0].Recipe.Weights
        |> Array.filter (fun plan -> plan.Treatment = isZero && plan.Weight.Kind = LayerKind.BatchNorm)
        |> Array.map _.Weight.Name

    Assert.Equal<string[]>([| "bn1.weight"; "bn1.bias" |], zeroed "layer 1")
    Assert.Equal<string[]>([| "bn2.weight"; "bn2.bias" |], zeroed "layer 2")

[<Fact>]
let ``paths match blocks and their parts`` () =
    let net =
        "net n { a { conv 2 3x3; inner: { conv 2 3x3 } }; b { conv 2 3x3 }; linear classes }; net n"

    let zeroed selector =
        (runs $"{net}; {selector}: zero").[0].Recipe.Weights
        |> Array.filter (fun plan -> plan.Treatment = isZero && not plan.Weight.IsBias)
        |> Array.map _.Weight.Layer

    Assert.Equal<string[]>([| "a.conv1"; "a.inner.conv1" |], zeroed "a")
    Assert.Equal<string[]>([| "a.inner.conv1" |], zeroed "a.inner")
    Assert.Equal<string[]>([| "a.conv1"; "b.conv1" |], zeroed "*.conv1")
