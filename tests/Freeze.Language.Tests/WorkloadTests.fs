/// How much a run computes, against arithmetic by hand.
module Freeze.Language.Tests.WorkloadTests

open Freeze
open Freeze.Language.Tests.Files
open Xunit

let private work text =
    Workloads.ofRecipe (runs text |> Array.exactlyOne).Recipe

// LeNet on 28x28: 24·24·20·25, 8·8·50·20·25, 800·500 and 500·10 multiply-adds forward.
let private forward = 288_000.0 + 1_600_000.0 + 400_000.0 + 5_000.0

[<Fact>]
let ``a step goes forward, to the weights and to the inputs, judging forward alone`` () =
    let work = work "data mnist-sample; net lenet; epochs 3; validate test"
    Assert.Equal((18_000L, 3_000L), (work.Trained, work.Judged))
    let step = forward + forward + (forward - 288_000.0)
    Assert.Equal(18_000.0 * step + 3_000.0 * forward, work.Operations)

[<Fact>]
let ``images that are held out are judged each epoch, and the test set once`` () =
    let work = work "data mnist-sample; net lenet; epochs 3; images 5000; validate 500"
    Assert.Equal((13_500L, 2_500L), (work.Trained, work.Judged))

[<Fact>]
let ``an ensemble trains its base, then each member`` () =
    let work =
        work
            "data mnist-sample; net lenet; epochs 3; validate test; ensemble 5 after 2 epochs { conv: fixed; rest: train }"

    Assert.Equal(6_000L * 17L, work.Trained)

[<Fact>]
let ``a stage has as many trainings as candidates`` () =
    let work =
        work
            "data cifar10; net cnn7; images 10000; validate 1000; epochs 1; optimizer sgd(momentum 0); learn stage by stage; search random 10 per stage by validation accuracy; lr ~ 1e-4 * 10^normal(0, 1)"

    Assert.Equal(9_000L * 11L, work.Trained)
