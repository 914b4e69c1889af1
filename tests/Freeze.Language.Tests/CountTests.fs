/// The parameter counts of the four sources, as docs/sources.md tells them: each comes out exactly.
module Freeze.Language.Tests.CountTests

open Freeze
open Freeze.Language
open Freeze.Language.Tests.Files
open Xunit

let private one (text: string) = (runs text).[0]

let private total net data =
    (counts (one $"data {data}; net {net}")).Total

let private trained text = (counts (one text)).Trained

[<Theory>]
[<InlineData("wrn-28-4", 5849050L, 5872180L)>]
[<InlineData("wrn-28-10", 36479194L, 36536884L)>]
[<InlineData("densenet-100-12", 769162L, 800032L)>]
[<InlineData("alexnet", 2472266L, 2495396L)>]
[<InlineData("vgg-19", 20029514L, 20075684L)>]
[<InlineData("vgg-19-bn", 20040522L, 20086692L)>]
let ``the nets of Rosenfeld and Tsotsos have as many weights as their code counts``
    (net: string)
    (ten: int64)
    (hundred: int64)
    =
    Assert.Equal(ten, total net "cifar10")
    Assert.Equal(hundred, total net "cifar100")

[<Theory>]
[<InlineData("wrn-28-4", 28, 25, 80)>]
[<InlineData("wrn-28-10", 28, 25, 80)>]
[<InlineData("densenet-100-12", 99, 99, 299)>]
[<InlineData("alexnet", 5, 0, 12)>]
[<InlineData("vgg-19", 16, 0, 34)>]
[<InlineData("vgg-19-bn", 16, 16, 66)>]
let ``and as many convolutions, batch norms and tensors`` (net: string) convs norms tensors =
    let weights = (one $"data cifar10; net {net}").Recipe.Weights |> Array.map _.Weight

    let layers kind =
        weights
        |> Array.filter (fun weight -> weight.Kind = kind && not weight.IsBias)
        |> Array.length

    Assert.Equal(convs, layers LayerKind.Conv)
    Assert.Equal(norms, layers LayerKind.BatchNorm)
    Assert.Equal(tensors, weights.Length)

[<Theory>]
[<InlineData("bn: train; rest: fixed", 23988L, 7200L)>]
[<InlineData("bn, conv1: train; rest: fixed", 24636L, 7632L)>]
[<InlineData("bn, block1: train; rest: fixed", 194484L, 275488L)>]
[<InlineData("bn, block2: train; rest: fixed", 258996L, 1121312L)>]
[<InlineData("bn, block3: train; rest: fixed", 291252L, 4463648L)>]
[<InlineData("bn, fc: train; rest: fixed", 27418L, 9770L)>]
let ``table 1: learning a subset of layers`` (rules: string) (dense: int64) (wide: int64) =
    Assert.Equal(dense, trained $"data cifar10; net densenet-100-12; {rules}")
    Assert.Equal(wide, trained $"data cifar10; net wrn-28-4; {rules}")

[<Fact>]
let ``table 1, on 100 classes: the last layer alone differs`` () =
    let rules = "bn, fc: train; rest: fixed"
    Assert.Equal(58288L, trained $"data cifar100; net densenet-100-12; {rules}")
    Assert.Equal(32900L, trained $"data cifar100; net wrn-28-4; {rules}")

[<Theory>]
[<InlineData("0.07", 58453L, 392133L)>]
[<InlineData("0.08", 59269L, 465957L)>]
[<InlineData("0.09", 89380L, 526885L)>]
[<InlineData("0.1", 90196L, 574597L)>]
[<InlineData("0.4", 305701L, 2334252L)>]
[<InlineData("0.7", 532894L, 4085203L)>]
[<InlineData("1", 57529L, 40101L)>]
[<InlineData("5", 177973L, 161425L)>]
[<InlineData("10", 328528L, 313080L)>]
let ``fractions and numbers of filters, with batch norms and the last layer``
    (amount: string)
    (dense: int64)
    (wide: int64)
    =
    let rules = $"conv: train {amount} filters; bn, fc: train; rest: fixed"
    Assert.Equal(dense, trained $"data cifar10; net densenet-100-12; {rules}")
    Assert.Equal(wide, trained $"data cifar10; net wrn-28-4; {rules}")
    // On 100 classes the last layer is larger; with batch norm fixed it is less by all of that.
    Assert.Equal(dense + 30870L, trained $"data cifar100; net densenet-100-12; {rules}")
    Assert.Equal(wide + 23130L, trained $"data cifar100; net wrn-28-4; {rules}")
    Assert.Equal(dense - 23988L, trained $"data cifar10; net densenet-100-12; {rules}; bn: fixed")

[<Theory>]
[<InlineData("wrn-28-10", "0.1", 3669829L)>]
[<InlineData("wrn-28-10", "0.4", 14606284L)>]
[<InlineData("densenet-100-12", "0.1", 90196L)>]
[<InlineData("densenet-100-12", "0.4", 305701L)>]
let ``table 2: fractions of filters of whole-size nets`` (net: string) (share: string) (expected: int64) =
    let rules = $"conv: train {share} filters; bn, fc: train"
    Assert.Equal(expected, trained $"data cifar10; net {net}; {rules}; rest: fixed")
    Assert.Equal(expected, trained $"data cifar10; net {net}; {rules}; rest: zero")

[<Theory>]
[<InlineData("0.1", 829027L, 623427L)>]
[<InlineData("0.4", 2588682L, 2383082L)>]
[<InlineData("0.7", 4339633L, 4134033L)>]
[<InlineData("1.0", 6103480L, 5897880L)>]
let ``table 3: the printed counts are those of a head of 1000 classes``
    (share: string)
    (printed: int64)
    (honest: int64)
    =
    let rules = $"conv: train {share} filters; bn, fc: train; rest: fixed"
    Assert.Equal(printed, trained $"data tiny-imagenet; net wrn-28-4; classes 1000; {rules}")
    Assert.Equal(honest, trained $"data tiny-imagenet; net wrn-28-4; {rules}")

[<Theory>]
[<InlineData("bn, fc: train; rest: fixed", 137090L)>]
[<InlineData("bn, fc: train; conv: train 0.1 filters; rest: fixed", 450980L)>]
[<InlineData("bn, fc: train; conv: train 0.4 filters; rest: fixed", 1528505L)>]
[<InlineData("bn, fc: train; conv: train 0.7 filters; rest: fixed", 2664470L)>]
[<InlineData("rest: train", 3845810L)>]
let ``table 4: five members that share what does not learn`` (rules: string) (expected: int64) =
    let run =
        one $"data cifar10; net densenet-100-12; ensemble 5 after 1 epoch {{ {rules} }}"

    match run.Recipe.Learning with
    | Learning.Ensemble(members, after, weights, _) ->
        Assert.Equal((5, 1), (members, after))
        Assert.Equal(expected, int64 members * (Counts.ofWeights weights).Trained)
    | other -> failwith $"{other}"

[<Theory>]
[<InlineData(12, "0.07", 0)>]
[<InlineData(12, "0.08", 0)>]
[<InlineData(12, "0.09", 1)>]
[<InlineData(12, "0.7", 8)>]
[<InlineData(16, "0.07", 1)>]
[<InlineData(16, "0.7", 11)>]
[<InlineData(48, "0.1", 4)>]
[<InlineData(48, "0.4", 19)>]
[<InlineData(64, "0.08", 5)>]
[<InlineData(64, "70%", 44)>]
[<InlineData(90, "0.7", 63)>]
[<InlineData(170, "0.7", 119)>]
[<InlineData(730, "0.7", 511)>]
let ``a share is rounded down, exactly`` (width: int) (share: string) (expected: int) =
    let run =
        one
            $"net n {{ c: conv {width} 1x1; linear classes }}; net n; c: train {share} filters; rest: fixed; data mnist-sample"

    let weight = run.Recipe.Weights[0]
    Assert.Equal(int64 expected, (Counts.ofWeight weight).Trained)

[<Fact>]
let ``a lifted share learns one filter at least`` () =
    let rules = "conv: train 0.07 filters at least 1; bn, fc: train; rest: fixed"
    Assert.True(trained $"data cifar10; net densenet-100-12; {rules}" > 58453L)

[<Fact>]
let ``lenet's layers, all and each fixed in turn`` () =
    let text =
        "data mnist; case all { rest: train }; case frozen { let i = 1..4; layer i: fixed }"

    Assert.Equal<int64 list>(
        [ 431080L; 430560L; 406030L; 30580L; 426070L ],
        [ for run in runs text -> (counts run).Trained ]
    )

    let five =
        "data mnist; net lenet-5; case all { }; case frozen { let i = 1..5; layer i: fixed }"

    Assert.Equal<int64 list>(
        [ 61706L; 61550L; 59290L; 13586L; 51542L; 60856L ],
        [ for run in runs five -> (counts run).Trained ]
    )

[<Fact>]
let ``the blog's convolutions`` () =
    let layers =
        PlanFile.layers (one "data cifar10; net blog").Recipe
        |> Array.map (fun layer -> layer.Trained)

    Assert.Equal<int64[]>([| 280L; 1820L; 11584L; 36928L; 73856L; 131328L; 65792L; 2570L |], layers)

[<Fact>]
let ``the blog's table, on images of 48 pixels and two classes, within 2,300`` () =
    let options =
        { alone with
            Files =
                { alone.Files with
                    Images = fun _ -> Ok ImageFolders.unknown
                }
        }

    let text =
        "data folder(\"photos\", size 48); classes 2; images 500; validate 100; net blog; let k = 0..5; first k layers: fixed"

    let found =
        [
            for run in (Compile.analyse options (source text)).Runs -> (counts run).Trained
        ]

    Assert.Equal<int64 list>([ 485942L; 485662L; 483842L; 472258L; 435330L; 361474L ], found)

    for count, printed in List.zip found [ 486000L; 484000L; 482000L; 470000L; 434000L; 360000L ] do
        Assert.InRange(abs (count - printed), 0L, 2300L)

[<Theory>]
[<InlineData("cnn1", "10144", 92074L)>]
[<InlineData("cnn2", "896 9248", 92074L)>]
[<InlineData("cnn3", "1952 10304", 94186L)>]
[<InlineData("cnn5", "1952 10304", 32746L)>]
[<InlineData("cnn8", "10144 18496 18496", 52266L)>]
let ``the stages of the stage-wise paper`` (net: string) (stages: string) (final: int64) =
    let run = one $"data cifar10; net {net}"

    let ofStage (stage: Stage) =
        run.Recipe.Weights
        |> Array.filter (fun plan -> plan.Weight.Layer.StartsWith(stage.Name + "."))
        |> Counts.ofWeights

    let found =
        run.Recipe.Net.Stages |> Array.map (fun stage -> string (ofStage stage).Trained)

    Assert.Equal(stages, String.concat " " found)
    Assert.Equal(final, (counts run).Total)

[<Fact>]
let ``the first and the last filters are told apart by name, not by guess`` () =
    let run = one "data cifar10; net wrn-28-4; conv1: train 3 filters; rest: fixed"

    match treatment "conv1.weight" run with
    | Treatment.Slice(0, indices, Stillness.Fixed) -> Assert.Equal<int[]>([| 0; 1; 2 |], indices)
    | other -> failwith $"{other}"
