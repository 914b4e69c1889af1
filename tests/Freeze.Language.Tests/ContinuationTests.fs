/// Which runs begin with the epochs of shorter ones.
module Freeze.Language.Tests.ContinuationTests

open Expecto
open Freeze
open Freeze.Language.Tests.Files
open Freeze.Tests.Expectations

let private recipe (settings: string) epochs =
    (runs $"data mnist-sample; validate 100; epochs %d{epochs}; {settings}").[0].Recipe

[<Tests>]
let tests =
    testList
        "continuations"
        [
            testTheory
                "the first epochs of a run are those of the file with fewer epochs"
                [
                    ""
                    "optimizer adam; augment crop(2) flip; shuffle off"
                    "schedule step([1, 6], 0.5x); warmup 2"
                    "stop plateau(2)"
                    "keep best"
                    "conv: fixed; fc2: solve ridge 1e-3; fc1: zero"
                    "conv1: train 0.4 filters at random lr 0.1x; rest: fixed"
                    "conv1: train from epoch 2; rest: train"
                    "conv1: train from epoch 3; fc1: train until epoch 2; rest: train"
                    "conv1: train until epoch 1; rest: train"
                    "conv1: train from epoch 5 until epoch 6; rest: train"
                    "fc1: train until epoch 20; rest: train"
                ]
                (fun settings ->
                    equal (Some(recipe settings 2)) (Continuations.tryFirst 2 (recipe settings 12))

                    includes
                        (Address.ofRecipe (recipe settings 2))
                        (Continuations.shorter (recipe settings 12)))

            testTheory
                "where steps depend on the number of epochs, or trainings follow each other, no run continues"
                [
                    "schedule cosine"
                    "net cnn1; learn stage by stage"
                    "ensemble 2 after 1 epoch { fc1: train; rest: fixed }"
                ]
                (fun settings ->
                    equal None (Continuations.tryFirst 2 (recipe settings 12))
                    isFalse (Continuations.mayFollow (recipe settings 2))
                    isEmpty (Continuations.shorter (recipe settings 12)))

            test "a shorter run has at least an epoch, and fewer than the run" {
                let twelve = recipe "warmup 2" 12

                equal
                    [ 1..11 ]
                    ([ -1 .. 14 ]
                     |> List.filter (fun epochs -> (Continuations.tryFirst epochs twelve).IsSome))

                equal
                    [ for epochs in 11..-1..2 -> Address.ofRecipe (recipe "warmup 2" epochs) ]
                    (Continuations.shorter twelve |> Seq.truncate 10 |> List.ofSeq)
            }

            testTheory
                "a run with other numbers is not the beginning"
                [
                    "lr 0.02"
                    "seed 2"
                    "batch 64"
                    "stop plateau(3)"
                    "keep best"
                    "precision bf16"
                    "conv1: train until epoch 1; rest: train"
                ]
                (fun other ->
                    excludes (Address.ofRecipe (recipe other 2)) (Continuations.shorter (recipe "" 12)))

            testTheory
                "what learns up to the end learns up to the end of a longer run"
                [
                    "conv1: train from epoch 2; rest: train"
                    "conv1: train until epoch 1; rest: train"
                    ""
                ]
                (fun settings -> equal (recipe settings 9) (Continuations.longer 9 (recipe settings 3)))
        ]
