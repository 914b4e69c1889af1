/// How much a run computes, against arithmetic by hand.
module Freeze.Language.Tests.WorkloadTests

open Expecto
open Freeze
open Freeze.Language.Tests.Files
open Freeze.Tests.Expectations

let private work text =
    Workloads.ofRecipe (runs text |> Array.exactlyOne).Recipe

// LeNet on 28x28: 24·24·20·25, 8·8·50·20·25, 800·500 and 500·10 multiply-adds forward.
let private forward = 288_000.0 + 1_600_000.0 + 400_000.0 + 5_000.0

/// CNN 2: two convolutions of 32 filters on 32x32, each with a classifier of its own behind it, the second with a pool.
let private first, firstHead = 1024.0 * 32.0 * 27.0, 1024.0 * 32.0 * 10.0

let private second, secondHead = 1024.0 * 32.0 * 288.0, 256.0 * 32.0 * 10.0

/// Weights' gradients cost as much as going forward, and only the classifier hands gradients on.
let private step layers head = 2.0 * (layers + head) + head

let private staged (text: string) =
    "data cifar10; images 10000; validate 1000; learn stage by stage; optimizer sgd(momentum 0)\n"
    + text

let private search = "search random 10 per stage; lr ~ 1e-4 * 10^normal(0, 1)\n"

[<Tests>]
let tests =
    testList
        "workloads"
        [
            test "a step computes outputs and gradients of weights and inputs, an evaluation outputs alone" {
                let work = work "data mnist-sample; net lenet; epochs 3; validate test"
                equal (18_000L, 3_000L) (work.Trained, work.Evaluated)
                let step = forward + forward + (forward - 288_000.0)
                equal (18_000.0 * step + 3_000.0 * forward) work.Operations
            }

            test "images that are held out are evaluated each epoch, and the test set once" {
                let work = work "data mnist-sample; net lenet; epochs 3; images 5000; validate 500"
                equal (13_500L, 2_500L) (work.Trained, work.Evaluated)
            }

            test "an ensemble trains its base, then each member" {
                let work =
                    work
                        "data mnist-sample; net lenet; epochs 3; validate test; ensemble 5 after 2 epochs { conv: fixed; rest: train }"

                equal (6_000L * 17L) work.Trained
            }

            test "each candidate of a stage trains the stage alone, on features that are computed once" {
                let work = work (staged (search + "net cnn2; epochs 3"))
                equal (2L * 33L * 9_000L, 2L * 33L * 1_000L + 10_000L) (work.Trained, work.Evaluated)

                let trainings =
                    33.0
                    * (9_000.0 * (step first firstHead + step second secondHead)
                       + 1_000.0 * (first + firstHead + second + secondHead))

                let features = 10_000.0 * first
                let judgedAtTheEnd = 10_000.0 * (first + second + secondHead)
                equal (trainings + features + judgedAtTheEnd) work.Operations
            }

            test "where images vary the fixed stages are computed for each candidate in each epoch" {
                let text = staged (search + "net cnn2; epochs 3\n")
                let kept, anew = work text, work (text + "augment flip")
                equal (kept.Operations + (33.0 - 1.0) * 10_000.0 * first) anew.Operations
                // Two copies of each image that is trained on, beside the image itself.
                let copies = work (text + "augment flip copies 2")
                equal (kept.Operations + 2.0 * 9_000.0 * first) copies.Operations
            }

            test
                "a stage that is solved for goes through its images once, one that reconstructs has a decoder, then a classifier" {
                let stagesOf text =
                    (runs (staged ("net cnn2; epochs 3\n" + text)) |> Array.exactlyOne).Recipe
                    |> Workloads.stages

                let solved = stagesOf "stage 1 { learn solve }"
                equal 9_000L solved[0].Work.Trained
                let learned = stagesOf "stage 2 { learn reconstruct }"
                // The decoder makes 32 channels of blocks of 2x2 pixels from 32 channels of 16x16.
                let decoder = 256.0 * 128.0 * 288.0
                equal (step second decoder) (float learned[1].Step.Step)
                equal (2L * 3L * 9_000L) learned[1].Work.Trained

                let classifier = 3.0 * (9_000.0 * 2.0 + 1_000.0) * secondHead
                let features = 10_000.0 * (first + (first + second))

                equal
                    (3.0 * (9_000.0 * step second decoder + 1_000.0 * (second + decoder))
                     + classifier
                     + features)
                    learned[1].Work.Operations
            }

            test "work that runs share has one name" {
                let parts text =
                    runs text
                    |> Array.collect (fun run ->
                        let address = Address.ofRecipe run.Recipe
                        Workloads.parts address run.Recipe (Workloads.stages run.Recipe))

                let names = Array.map fst >> Array.distinct >> Array.length
                // One stage, two and three: the first is that of all, the second of two. Each run judges its whole net.
                let nets = parts (staged "net [cnn1, cnn6, cnn8]")
                equal (6 + 3, 3 + 3) (nets.Length, names nets)

                // The net before the members is one, and it is a run of its own, too.
                let alone = "data mnist-sample; net lenet; validate test; epochs 2\n"

                let ensembles =
                    Array.append
                        (parts alone)
                        (parts (alone + "ensemble [2, 3] after 2 epochs { conv: fixed; rest: train }"))

                equal (1 + 4, 3) (ensembles.Length, names ensembles)
            }
        ]
