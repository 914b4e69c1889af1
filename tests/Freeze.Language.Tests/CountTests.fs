/// The parameter counts of the four sources, as docs/sources.md tells them: each comes out exactly.
module Freeze.Language.Tests.CountTests

open Expecto
open Freeze
open Freeze.Language
open Freeze.Language.Tests.Files
open Freeze.Tests.Expectations

let private one (text: string) = (runs text).[0]

let private total net data =
    (counts (one $"data {data}; net {net}")).Total

let private trained text = (counts (one text)).Trained

/// Of a file whose folder of images is not on this machine.
let private ofPhotos (text: string) =
    let files =
        { alone.Files with
            Images = fun _ -> Ok ImageFolders.unknown
        }

    Compile.analyse { alone with Files = files } (source text)

/// What learns of the two nets of the first source's tables, by data and rules.
let private ofDense data rules =
    trained $"data {data}; net densenet-100-12; {rules}"

let private ofWide data rules =
    trained $"data {data}; net wrn-28-4; {rules}"

[<Tests>]
let tests =
    testList
        "published counts"
        [
            testTheory
                "the nets of Rosenfeld and Tsotsos have as many weights as their code counts"
                [
                    "wrn-28-4", 5849050L, 5872180L
                    "wrn-28-10", 36479194L, 36536884L
                    "densenet-100-12", 769162L, 800032L
                    "alexnet", 2472266L, 2495396L
                    "vgg-19", 20029514L, 20075684L
                    "vgg-19-bn", 20040522L, 20086692L
                ]
                (fun (net, ten, hundred) ->
                    equal ten (total net "cifar10")
                    equal hundred (total net "cifar100"))

            testTheory
                "the nets of Rosenfeld and Tsotsos have as many convolutions, batch norms and tensors as their code"
                [
                    "wrn-28-4", 28, 25, 80
                    "wrn-28-10", 28, 25, 80
                    "densenet-100-12", 99, 99, 299
                    "alexnet", 5, 0, 12
                    "vgg-19", 16, 0, 34
                    "vgg-19-bn", 16, 16, 66
                ]
                (fun (net, convs, norms, tensors) ->
                    let weights = (one $"data cifar10; net {net}").Recipe.Weights |> Array.map _.Weight

                    let layers kind =
                        weights
                        |> Array.filter (fun weight -> weight.Kind = kind && not weight.IsBias)
                        |> Array.length

                    equal convs (layers LayerKind.Conv)
                    equal norms (layers LayerKind.BatchNorm)
                    equal tensors weights.Length)

            testTheory
                "table 1: learning a subset of layers"
                [
                    "bn: train; rest: fixed", 23988L, 7200L
                    "bn, conv1: train; rest: fixed", 24636L, 7632L
                    "bn, block1: train; rest: fixed", 194484L, 275488L
                    "bn, block2: train; rest: fixed", 258996L, 1121312L
                    "bn, block3: train; rest: fixed", 291252L, 4463648L
                    "bn, fc: train; rest: fixed", 27418L, 9770L
                ]
                (fun (rules, dense, wide) ->
                    equal dense (ofDense "cifar10" rules)
                    equal wide (ofWide "cifar10" rules))

            test "table 1, on 100 classes: the last layer alone differs" {
                let rules = "bn, fc: train; rest: fixed"
                equal 58288L (ofDense "cifar100" rules)
                equal 32900L (ofWide "cifar100" rules)
            }

            testTheory
                "fractions and numbers of filters, with batch norms and the last layer"
                [
                    "0.07", 58453L, 392133L
                    "0.08", 59269L, 465957L
                    "0.09", 89380L, 526885L
                    "0.1", 90196L, 574597L
                    "0.4", 305701L, 2334252L
                    "0.7", 532894L, 4085203L
                    "1", 57529L, 40101L
                    "5", 177973L, 161425L
                    "10", 328528L, 313080L
                ]
                (fun (amount, dense, wide) ->
                    let rules = $"conv: train {amount} filters; bn, fc: train; rest: fixed"
                    equal dense (ofDense "cifar10" rules)
                    equal wide (ofWide "cifar10" rules)
                    // On 100 classes the last layer is larger; with batch norm fixed it is less by all of that.
                    equal (dense + 30870L) (ofDense "cifar100" rules)
                    equal (wide + 23130L) (ofWide "cifar100" rules)
                    equal (dense - 23988L) (ofDense "cifar10" $"{rules}; bn: fixed"))

            testTheory
                "table 2: fractions of filters of whole-size nets"
                [
                    "wrn-28-10", "0.1", 3669829L
                    "wrn-28-10", "0.4", 14606284L
                    "densenet-100-12", "0.1", 90196L
                    "densenet-100-12", "0.4", 305701L
                ]
                (fun (net, share, expected) ->
                    let rules = $"conv: train {share} filters; bn, fc: train"
                    equal expected (trained $"data cifar10; net {net}; {rules}; rest: fixed")
                    equal expected (trained $"data cifar10; net {net}; {rules}; rest: zero"))

            testTheory
                "table 3: the printed counts are those of a head of 1000 classes"
                [
                    "0.1", 829027L, 623427L
                    "0.4", 2588682L, 2383082L
                    "0.7", 4339633L, 4134033L
                    "1.0", 6103480L, 5897880L
                ]
                (fun (share, printed, honest) ->
                    let rules = $"conv: train {share} filters; bn, fc: train; rest: fixed"
                    equal printed (trained $"data tiny-imagenet; net wrn-28-4; classes 1000; {rules}")
                    equal honest (trained $"data tiny-imagenet; net wrn-28-4; {rules}"))

            testTheory
                "table 4: five members that share what does not learn"
                [
                    "bn, fc: train; rest: fixed", 137090L
                    "bn, fc: train; conv: train 0.1 filters; rest: fixed", 450980L
                    "bn, fc: train; conv: train 0.4 filters; rest: fixed", 1528505L
                    "bn, fc: train; conv: train 0.7 filters; rest: fixed", 2664470L
                    "rest: train", 3845810L
                ]
                (fun (rules, expected) ->
                    let run =
                        one $"data cifar10; net densenet-100-12; ensemble 5 after 1 epoch {{ {rules} }}"

                    match run.Recipe.Learning with
                    | Learning.Ensemble(members, after, weights, _) ->
                        equal (5, 1) (members, after)
                        equal expected (int64 members * (Counts.ofWeights weights).Trained)
                    | other -> failwith $"{other}")

            testTheory
                "a fraction of filters is rounded down exactly"
                [
                    12, "0.07", 0
                    12, "0.08", 0
                    12, "0.09", 1
                    12, "0.7", 8
                    16, "0.07", 1
                    16, "0.7", 11
                    48, "0.1", 4
                    48, "0.4", 19
                    64, "0.08", 5
                    64, "70%", 44
                    90, "0.7", 63
                    170, "0.7", 119
                    730, "0.7", 511
                ]
                (fun (width, share, expected) ->
                    let run =
                        one
                            $"net n {{ c: conv {width} 1x1; linear classes }}; net n; c: train {share} filters; rest: fixed; data mnist-sample"

                    let weight = run.Recipe.Weights[0]
                    equal (int64 expected) (Counts.ofWeight weight).Trained)

            test "`at least 1` trains one filter of a fraction that rounds to none" {
                let rules = "conv: train 0.07 filters at least 1; bn, fc: train; rest: fixed"
                isTrue (ofDense "cifar10" rules > 58453L)
            }

            test "lenet's layers, all and each fixed in turn" {
                let text =
                    "data mnist; case all { rest: train }; case frozen { let i = 1..4; layer i: fixed }"

                equal
                    [ 431080L; 430560L; 406030L; 30580L; 426070L ]
                    [ for run in runs text -> (counts run).Trained ]

                let five =
                    "data mnist; net lenet-5; case all { }; case frozen { let i = 1..5; layer i: fixed }"

                equal
                    [ 61706L; 61550L; 59290L; 13586L; 51542L; 60856L ]
                    [ for run in runs five -> (counts run).Trained ]
            }

            testTheory
                "the nets of torchvision have as many weights on ImageNet as it says, and those for CIFAR as their paper"
                [
                    "resnet-18", 224, 1000, 11689512L
                    "resnet-34", 224, 1000, 21797672L
                    "resnet-50", 224, 1000, 25557032L
                    "mobilenet-v2", 224, 1000, 3504872L
                    "resnet-20", 32, 10, 269722L
                    "resnet-56", 32, 10, 853018L
                ]
                (fun (net, side, classes, expected) ->
                    let text =
                        $"data folder(\"photos\", size {side}); classes {classes}; images 500; net {net}"

                    equal expected (counts (Array.exactlyOne (ofPhotos text).Runs)).Total)

            test "the blog's convolutions" {
                let layers =
                    PlanFile.layers (one "data cifar10; net blog").Recipe
                    |> Array.map (fun layer -> layer.Trained)

                equal [| 280L; 1820L; 11584L; 36928L; 73856L; 131328L; 65792L; 2570L |] layers
            }

            test "the blog's table, on images of 48 pixels and two classes, within 2,300" {
                let text =
                    "data folder(\"photos\", size 48); classes 2; images 500; validate 100; net blog; let k = 0..5; first k layers: fixed"

                let found = [ for run in (ofPhotos text).Runs -> (counts run).Trained ]

                equal [ 485942L; 485662L; 483842L; 472258L; 435330L; 361474L ] found

                for count, printed in List.zip found [ 486000L; 484000L; 482000L; 470000L; 434000L; 360000L ] do
                    between 0L 2300L (abs (count - printed))
            }

            testTheory
                "the stages of the stage-wise paper"
                [
                    "cnn1", "10144", 92074L
                    "cnn2", "896 9248", 92074L
                    "cnn3", "1952 10304", 94186L
                    "cnn5", "1952 10304", 32746L
                    "cnn8", "10144 18496 18496", 52266L
                ]
                (fun (net, stages, final) ->
                    let run = one $"data cifar10; net {net}"

                    let ofStage (stage: Stage) =
                        run.Recipe.Weights
                        |> Array.filter (fun plan -> plan.Weight.Layer.StartsWith(stage.Name + "."))
                        |> Counts.ofWeights

                    let found =
                        run.Recipe.Net.Stages |> Array.map (fun stage -> string (ofStage stage).Trained)

                    equal stages (String.concat " " found)
                    equal final (counts run).Total)

            test "the first and the last filters are told apart by name, not by guess" {
                let run = one "data cifar10; net wrn-28-4; conv1: train 3 filters; rest: fixed"

                match treatment "conv1.weight" run with
                | Treatment.Slice(0, indices, Stillness.Fixed) -> equal [| 0; 1; 2 |] indices
                | other -> failwith $"{other}"
            }
        ]
