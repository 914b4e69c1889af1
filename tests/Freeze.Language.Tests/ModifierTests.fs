/// What stands behind an action, and what the plan makes of it.
module Freeze.Language.Tests.ModifierTests

open Freeze
open Freeze.Language.Tests.Files
open Xunit

let private planOf (text: string) name =
    (runs $"data mnist-sample; {text}").[0].Recipe.Weights
    |> Array.find (fun plan -> plan.Weight.Name = name)

let private indices text name =
    match (planOf text name).Treatment with
    | Treatment.Slice(_, indices, _) -> indices
    | other -> failwith $"{other}"

[<Fact>]
let ``spread takes every n over k-th, and the bias goes with its filters`` () =
    let text = "conv1: train 5 filters spread; rest: fixed"
    Assert.Equal<int[]>([| 0; 4; 8; 12; 16 |], indices text "conv1.weight")
    Assert.Equal<int[]>([| 0; 4; 8; 12; 16 |], indices text "conv1.bias")

[<Fact>]
let ``at random is drawn by seed and layer, ascending, the same for the bias`` () =
    let text = "conv1, conv2: train 5 filters at random; rest: fixed"
    let drawn = indices text "conv1.weight"
    Assert.Equal<int[]>(Array.sort drawn, drawn)
    Assert.Equal(5, (Array.distinct drawn).Length)
    Assert.Equal<int[]>(drawn, indices text "conv1.bias")
    Assert.Equal<int[]>(drawn, indices (text + "; epochs 3") "conv1.weight")
    Assert.NotEqual<int[]>(drawn, indices (text + "; seed 2") "conv1.weight")
    Assert.NotEqual<int[]>(drawn, indices text "conv2.weight")

[<Fact>]
let ``the largest are counted, and chosen where the start is known`` () =
    let plan = planOf "conv1: train 5 filters largest; rest: zero" "conv1.weight"
    Assert.Equal(Treatment.Largest(0, 5, Stillness.Zero), plan.Treatment)
    Assert.Equal(5L * 25L, (Counts.ofWeight plan).Trained)

[<Fact>]
let ``at least lifts a small share, never beyond what there is`` () =
    Assert.Equal<int[]>([| 0 |], indices "conv1: train 0.01 filters at least 1; rest: fixed" "conv1.weight")
    let all = planOf "conv1: train 0.01 filters at least 50; rest: fixed" "conv1.weight"
    Assert.Equal(Treatment.Trained, all.Treatment)

[<Theory>]
[<InlineData("inputs", 1, 20)>]
[<InlineData("rows", 2, 5)>]
[<InlineData("columns", 3, 5)>]
let ``other dimensions leave biases to rest`` (word: string) dimension extent =
    let text = $"conv2: train 0.5 {word}; rest: zero"

    let expected =
        Treatment.Slice(dimension, Array.init (extent / 2) id, Stillness.Zero)

    Assert.Equal(expected, (planOf text "conv2.weight").Treatment)
    Assert.Equal(Treatment.Still Stillness.Zero, (planOf text "conv2.bias").Treatment)

[<Fact>]
let ``a rule's learning rate and decay are factors or values`` () =
    let plan = planOf "fc1: train lr 0.1x decay 0; rest: fixed" "fc1.weight"
    Assert.Equal(Rate.Times 0.1, plan.Update.LearningRate)
    Assert.Equal(Rate.Exactly 0.0, plan.Update.Decay)
    Assert.Equal(Rate.Exactly 0.02, (planOf "fc1: train lr 0.02" "fc1.weight").Update.LearningRate)
    Assert.Equal(Update.byDefault, (planOf "fc1: train lr 0.02" "fc2.weight").Update)

[<Theory>]
[<InlineData("from epoch 3", 3, 10)>]
[<InlineData("until epoch 4", 1, 4)>]
[<InlineData("from epoch 2 until epoch 5", 2, 5)>]
[<InlineData("until epoch 99 from epoch 2", 2, 10)>]
let ``a weight has its time`` (text: string) first last =
    Assert.Equal(Period.Epochs(first, last), (planOf $"fc1: train {text}" "fc1.weight").Update.Period)

[<Fact>]
let ``a rule says where its weights start, and rest for those that it takes`` () =
    let text =
        "conv1: fixed init orthogonal; conv2: train 0.4 filters; rest: fixed init normal(0.1)"

    Assert.Equal(Start.Orthogonal, (planOf text "conv1.weight").Start)
    Assert.Equal(Start.Normal 0.1, (planOf text "fc1.weight").Start)
    // What a slice leaves is for rest: one weight has one start.
    Assert.Equal(Start.Normal 0.1, (planOf text "conv2.weight").Start)
    // Schemes are for kernels.
    Assert.Equal(Start.Uniform 0.2, (planOf text "conv1.bias").Start)

[<Fact>]
let ``frozen statistics are those of the rule that wins`` () =
    let frozen text =
        (analyse $"data cifar10; net wrn-10-1; {text}").Runs[0].Recipe.FrozenStatistics

    Assert.Equal<string[]>([| "bn1" |], frozen "bn1: fixed stats frozen")
    Assert.Empty(frozen "bn1: fixed stats frozen; bn: train")
    Assert.Equal(7, (frozen "bn: train stats frozen").Length)

[<Fact>]
let ``statistics that only members freeze move in the net before them`` () =
    let text =
        "data cifar10; net wrn-10-1\nensemble 2 after 1 epoch { bn: train stats frozen; rest: fixed }"

    let analysed = analyse text
    // A net that has learned has statistics to normalise by.
    Assert.Empty analysed.Diagnostics
    let recipe = analysed.Runs[0].Recipe
    Assert.Empty recipe.FrozenStatistics

    match recipe.Learning with
    | Learning.Ensemble(_, _, _, frozen) -> Assert.Equal(7, frozen.Length)
    | other -> failwith $"{other}"

[<Fact>]
let ``the last linear layer can be solved on fixed features`` () =
    let text = "fc2: solve ridge 1e-3; rest: fixed"
    Assert.Equal(Treatment.Solved 1e-3, (planOf text "fc2.weight").Treatment)
    Assert.Equal(Treatment.Solved 1e-3, (planOf text "fc2.bias").Treatment)
    Assert.Equal(5010L, (counts (runs $"data mnist-sample; {text}").[0]).Trained)

[<Fact>]
let ``every scalar is trained, fixed or zero, whatever the rules`` () =
    for rules in
        [
            "conv: train 0.3 filters largest; rest: zero"
            "conv: train 2 rows; linear: train 0.5 units spread; bias: fixed"
            "all: zero; conv2: train 1 filter at random"
        ] do
        let counts = counts (runs $"data mnist-sample; {rules}").[0]
        Assert.Equal(431080L, counts.Trained + counts.Fixed + counts.Zero)
