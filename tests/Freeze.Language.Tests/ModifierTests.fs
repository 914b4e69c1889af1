/// What stands behind an action, and what the plan makes of it.
module Freeze.Language.Tests.ModifierTests

open Expecto
open Freeze
open Freeze.Language.Tests.Files
open Freeze.Tests.Expectations

let private planOf (text: string) name =
    (runs $"data mnist-sample; {text}").[0].Recipe.Weights
    |> Array.find (fun plan -> plan.Weight.Name = name)

let private indices text name =
    match (planOf text name).Treatment with
    | Treatment.Slice(_, indices, _) -> indices
    | other -> failwith $"{other}"

[<Tests>]
let tests =
    testList
        "modifiers"
        [
            test "spread takes every (n/k)-th filter, and the bias goes with its filters" {
                let text = "conv1: train 5 filters spread; rest: fixed"
                equal [| 0; 4; 8; 12; 16 |] (indices text "conv1.weight")
                equal [| 0; 4; 8; 12; 16 |] (indices text "conv1.bias")
            }

            test "at random is drawn by seed and layer, ascending, the same for the bias" {
                let text = "conv1, conv2: train 5 filters at random; rest: fixed"
                let drawn = indices text "conv1.weight"
                equal (Array.sort drawn) drawn
                equal 5 (Array.distinct drawn).Length
                equal drawn (indices text "conv1.bias")
                equal drawn (indices (text + "; epochs 3") "conv1.weight")
                notEqual drawn (indices (text + "; seed 2") "conv1.weight")
                notEqual drawn (indices text "conv2.weight")
            }

            test "the largest are counted in the plan, and chosen once the initial values are known" {
                let plan = planOf "conv1: train 5 filters largest; rest: zero" "conv1.weight"
                equal (Treatment.Largest(0, 5, Stillness.Zero)) plan.Treatment
                equal (5L * 25L) (Counts.ofWeight plan).Trained
            }

            test "`at least` raises a small fraction, but not beyond the width" {
                equal [| 0 |] (indices "conv1: train 0.01 filters at least 1; rest: fixed" "conv1.weight")
                let all = planOf "conv1: train 0.01 filters at least 50; rest: fixed" "conv1.weight"
                equal Treatment.Trained all.Treatment
            }

            testTheory
                "amounts in other dimensions leave biases to rest"
                [ "inputs", 1, 20; "rows", 2, 5; "columns", 3, 5 ]
                (fun (word, dimension, extent) ->
                    let text = $"conv2: train 0.5 {word}; rest: zero"

                    let expected =
                        Treatment.Slice(dimension, Array.init (extent / 2) id, Stillness.Zero)

                    equal expected (planOf text "conv2.weight").Treatment
                    equal (Treatment.Still Stillness.Zero) (planOf text "conv2.bias").Treatment)

            test "a rule's learning rate and decay are factors or values" {
                let plan = planOf "fc1: train lr 0.1x decay 0; rest: fixed" "fc1.weight"
                equal (Rate.Times 0.1) plan.Update.LearningRate
                equal (Rate.Exactly 0.0) plan.Update.Decay
                equal (Rate.Exactly 0.02) (planOf "fc1: train lr 0.02" "fc1.weight").Update.LearningRate
                equal Update.byDefault (planOf "fc1: train lr 0.02" "fc2.weight").Update
            }

            testTheory
                "a weight is trained in the epochs that its rule names"
                [
                    "from epoch 3", 3, 10
                    "until epoch 4", 1, 4
                    "from epoch 2 until epoch 5", 2, 5
                    "until epoch 99 from epoch 2", 2, 10
                ]
                (fun (text, first, last) ->
                    equal
                        (Period.Epochs(first, last))
                        (planOf $"fc1: train {text}" "fc1.weight").Update.Period)

            test "a rule says where its weights start, and rest for those that it takes" {
                let text =
                    "conv1: fixed init orthogonal; conv2: train 0.4 filters; rest: fixed init normal(0.1)"

                equal Start.Orthogonal (planOf text "conv1.weight").Start
                equal (Start.Normal 0.1) (planOf text "fc1.weight").Start
                // What a slice leaves is for rest: one weight has one start.
                equal (Start.Normal 0.1) (planOf text "conv2.weight").Start
                // Schemes are for kernels.
                equal (Start.Uniform 0.2) (planOf text "conv1.bias").Start
            }

            test "frozen statistics are those of the rule that wins" {
                let frozen text =
                    (analyse $"data cifar10; net wrn-10-1; {text}").Runs[0].Recipe.FrozenStatistics

                equal [| "bn1" |] (frozen "bn1: fixed stats frozen")
                isEmpty (frozen "bn1: fixed stats frozen; bn: train")
                equal 7 (frozen "bn: train stats frozen").Length
            }

            test "statistics that only members freeze move in the net before them" {
                let text =
                    "data cifar10; net wrn-10-1\nensemble 2 after 1 epoch { bn: train stats frozen; rest: fixed }"

                let analysed = analyse text
                // A net that has learned has statistics to normalise by.
                isEmpty analysed.Diagnostics
                let recipe = analysed.Runs[0].Recipe
                isEmpty recipe.FrozenStatistics

                match recipe.Learning with
                | Learning.Ensemble(_, _, _, frozen) -> equal 7 frozen.Length
                | other -> failwith $"{other}"
            }

            test "the last linear layer can be solved on fixed features" {
                let text = "fc2: solve ridge 1e-3; rest: fixed"
                equal (Treatment.Solved 1e-3) (planOf text "fc2.weight").Treatment
                equal (Treatment.Solved 1e-3) (planOf text "fc2.bias").Treatment
                equal 5010L (counts (runs $"data mnist-sample; {text}").[0]).Trained
            }

            test "every scalar is trained, fixed or zero, whatever the rules" {
                for rules in
                    [
                        "conv: train 0.3 filters largest; rest: zero"
                        "conv: train 2 rows; linear: train 0.5 units spread; bias: fixed"
                        "all: zero; conv2: train 1 filter at random"
                    ] do
                    let counts = counts (runs $"data mnist-sample; {rules}").[0]
                    equal 431080L (counts.Trained + counts.Fixed + counts.Zero)
            }
        ]
