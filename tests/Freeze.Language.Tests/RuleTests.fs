module Freeze.Language.Tests.RuleTests

open Expecto
open Freeze
open Freeze.Language.Tests.Files
open Freeze.Tests.Expectations

let private lenet rules =
    runs $"data mnist-sample; {rules}" |> Array.exactlyOne

let private isFixed = Treatment.Still Stillness.Fixed
let private isZero = Treatment.Still Stillness.Zero

[<Tests>]
let tests =
    testList
        "rules"
        [
            test "LeNet has 431,080 weights, and a fixed layer takes its own away" {
                equal 431_080L (counts (lenet "rest: train")).Trained
                let runs = runs "data mnist-sample; let i = 1..4; layer i: fixed"
                let fallen = runs |> Array.map (fun run -> 431_080L - (counts run).Trained)
                equal [| 520L; 25_050L; 400_500L; 5_010L |] fallen

                for run in runs do
                    equal 431_080L (counts run).Total
            }

            test "the last matching rule wins" {
                let run = lenet "conv: zero; conv2: fixed; conv2.bias: train; rest: train"
                equal isZero (treatment "conv1.weight" run)
                equal isFixed (treatment "conv2.weight" run)
                equal Treatment.Trained (treatment "conv2.bias" run)
            }

            test "rest takes what no other rule claims, wherever it stands" {
                equal (lenet("conv1: train; rest: fixed").Recipe) (lenet("rest: fixed; conv1: train").Recipe)
            }

            test "without rest the unclaimed are trained" {
                let run = lenet "conv1: fixed"
                equal Treatment.Trained (treatment "fc2.bias" run)
            }

            test "what a partial rule leaves goes to rest, and is fixed without one" {
                let first8 = [| 0..7 |]
                let without = lenet "conv1: train 0.4 filters"
                equal (Treatment.Slice(0, first8, Stillness.Fixed)) (treatment "conv1.weight" without)
                equal (Treatment.Slice(0, first8, Stillness.Fixed)) (treatment "conv1.bias" without)
                equal Treatment.Trained (treatment "conv2.weight" without)
                let zero = lenet "conv1: train 40% filters; rest: zero"
                equal (Treatment.Slice(0, first8, Stillness.Zero)) (treatment "conv1.weight" zero)
                equal isZero (treatment "fc1.weight" zero)
            }

            test "biases go with filters and stay with them" {
                let run = lenet "conv2: train 3 inputs; rest: fixed"
                equal (Treatment.Slice(1, [| 0..2 |], Stillness.Fixed)) (treatment "conv2.weight" run)
                equal isFixed (treatment "conv2.bias" run)
            }

            test "rows, columns and units are amounts too" {
                let run =
                    lenet "conv1: train 1 row; conv2: train 2 columns; fc1: train 0.5 units; rest: zero"

                equal (Treatment.Slice(2, [| 0 |], Stillness.Zero)) (treatment "conv1.weight" run)
                equal (Treatment.Slice(3, [| 0; 1 |], Stillness.Zero)) (treatment "conv2.weight" run)
                equal (Treatment.Slice(0, [| 0..249 |], Stillness.Zero)) (treatment "fc1.weight" run)
                equal (Treatment.Slice(0, [| 0..249 |], Stillness.Zero)) (treatment "fc1.bias" run)
            }

            // 0.7 of 90 is 62.99… as a binary float.
            testTheory
                "fractions are exact decimals, rounded down; whole numbers are counts"
                [
                    90, "0.7", 63
                    170, ".7", 119
                    650, "70%", 455
                    12, "0.09", 1
                    12, "0.4", 4
                    16, "0.7", 11
                    48, "0.08", 3
                    64, "0.1", 6
                    64, "1", 1
                    64, "1.0", 64
                    64, "100%", 64
                ]
                (fun (width, amount, expected) ->
                    let run =
                        runs
                            $"net n {{ c: conv {width} 1x1; f: linear classes }}; net n; c: train {amount} filters; rest: fixed"

                    let learned = int64 expected * 2L
                    equal learned (counts run[0]).Trained)

            test "a fraction that rounds to nothing is a warning, and rest takes the weight" {
                let text = "conv1: train 0.01 filters; rest: zero"
                includes "FRZ102" (codes text)
                equal isZero (treatment "conv1.weight" (runs text).[0])
            }

            test "an amount under rest: train has no effect, and a warning says so" {
                equal [ "FRZ104" ] (codes "conv1: train 0.4 filters; rest: train")
            }

            testTheory
                "selectors take what they name"
                [
                    "conv*", "conv1.weight,conv1.bias,conv2.weight,conv2.bias"
                    "conv", "conv1.weight,conv1.bias,conv2.weight,conv2.bias"
                    "linear", "fc1.weight,fc1.bias,fc2.weight,fc2.bias"
                    "bias", "conv1.bias,conv2.bias,fc1.bias,fc2.bias"
                    "bias in conv", "conv1.bias,conv2.bias"
                    "*.bias except fc1, fc2", "conv1.bias,conv2.bias"
                    "fc1.weight, conv1", "conv1.weight,conv1.bias,fc1.weight"
                    "first 1 layers", "conv1.weight,conv1.bias"
                    "last layer", "fc2.weight,fc2.bias"
                    "last 2 layers", "fc1.weight,fc1.bias,fc2.weight,fc2.bias"
                    "layers 2..3 except bias", "conv2.weight,fc1.weight"
                    "first 0 layers", ""
                    "(conv1, fc1) in bias", "conv1.bias,fc1.bias"
                ]
                (fun (selector, expected) ->
                    let run = lenet $"{selector}: zero"

                    let taken =
                        run.Recipe.Weights
                        |> Array.filter (fun plan -> plan.Treatment = isZero)
                        |> Array.map _.Weight.Name

                    equal expected (String.concat "," taken))

            testTheory
                "a rule for each layer is the rules of the layers, with their places"
                [
                    "each layer i: train lr 0.1 * 0.5^i decay 1e-3x * i",
                    "layer 1: train lr 0.05 decay 0.001x; layer 2: train lr 0.025 decay 0.002x; "
                    + "layer 3: train lr 0.0125 decay 0.003x; layer 4: train lr 0.00625 decay 0.004x"
                    "each layer i in conv: train 0.2 * i filters at random; rest: zero",
                    "conv1: train 0.2 filters at random; conv2: train 0.4 filters at random; rest: zero"
                    // The net's layers are counted from the end too.
                    "each layer i: train lr 0.5x^(layers - i)",
                    "layer 1: train lr 0.125x; layer 2: train lr 0.25x; layer 3: train lr 0.5x; layer 4: train lr 1x"
                    "epochs 9; each layer i in conv: train from epoch layers + 1 - i",
                    "epochs 9; conv1: train from epoch 4; conv2: train from epoch 3"
                    // A let of the name comes before.
                    "let layers = 2; each layer i: train lr 0.1x * layers decay 1e-4 * i",
                    "layer 1: train lr 0.2x decay 1e-4; layer 2: train lr 0.2x decay 2e-4; "
                    + "layer 3: train lr 0.2x decay 3e-4; layer 4: train lr 0.2x decay 4e-4"
                    // A norm goes with its layer, and a count with the layers that have it.
                    "net wrn-10-1; data cifar10; each layer k in (block3, fc): train 2 * k filters until epoch k; rest: fixed",
                    "net wrn-10-1; data cifar10; layer 7: train 14 filters until epoch 7; layer 8: train 16 filters until epoch 8; "
                    + "layer 9: train 18 filters until epoch 9; rest: fixed"
                    // A later rule wins whole.
                    "each layer i: train lr 0.1 * i; fc1: train",
                    "conv1: train lr 0.1; conv2: train lr 0.2; fc1: train; fc2: train lr 0.4"
                ]
                (fun (each, written) ->
                    let found = runs each
                    equal 1 found.Length
                    equal (runs written).[0].Recipe found[0].Recipe
                    equal [] (codes each |> List.except [ "FRZ118"; "FRZ116" ]))

            test "a batch norm belongs to the convolution before it, else to the layer after" {
                let net = "net n { conv 2 3x3; bn; relu; bn; conv 2 3x3; linear classes }; net n"

                let zeroed selector =
                    (runs $"{net}; {selector}: zero").[0].Recipe.Weights
                    |> Array.filter (fun plan ->
                        plan.Treatment = isZero && plan.Weight.Kind = LayerKind.BatchNorm)
                    |> Array.map _.Weight.Name

                equal [| "bn1.weight"; "bn1.bias" |] (zeroed "layer 1")
                equal [| "bn2.weight"; "bn2.bias" |] (zeroed "layer 2")
            }

            test "paths match blocks and their parts" {
                let net =
                    "net n { a { conv 2 3x3; inner: { conv 2 3x3 } }; b { conv 2 3x3 }; linear classes }; net n"

                let zeroed selector =
                    (runs $"{net}; {selector}: zero").[0].Recipe.Weights
                    |> Array.filter (fun plan -> plan.Treatment = isZero && not plan.Weight.IsBias)
                    |> Array.map _.Weight.Layer

                equal [| "a.conv1"; "a.inner.conv1" |] (zeroed "a")
                equal [| "a.inner.conv1" |] (zeroed "a.inner")
                equal [| "a.conv1"; "b.conv1" |] (zeroed "*.conv1")
            }
        ]
