/// Which runs begin with the epochs of shorter ones.
module Freeze.Language.Tests.ContinuationTests

open Freeze
open Freeze.Language.Tests.Files
open Xunit

let private recipe (settings: string) epochs =
    (runs $"data mnist-sample; validate 100; epochs %d{epochs}; {settings}").[0].Recipe

[<Theory>]
[<InlineData("")>]
[<InlineData("optimizer adam; augment crop(2) flip; shuffle off")>]
[<InlineData("schedule step([1, 6], 0.5x); warmup 2")>]
[<InlineData("stop plateau(2)")>]
[<InlineData("keep best")>]
[<InlineData("conv: fixed; fc2: solve ridge 1e-3; fc1: zero")>]
[<InlineData("conv1: train 0.4 filters at random lr 0.1x; rest: fixed")>]
[<InlineData("conv1: train from epoch 2; rest: train")>]
[<InlineData("conv1: train from epoch 3; fc1: train until epoch 2; rest: train")>]
[<InlineData("conv1: train until epoch 1; rest: train")>]
[<InlineData("conv1: train from epoch 5 until epoch 6; rest: train")>]
[<InlineData("fc1: train until epoch 20; rest: train")>]
let ``the first epochs of a run are those of the file with fewer epochs`` (settings: string) =
    Assert.Equal(Some(recipe settings 2), Continuations.tryFirst 2 (recipe settings 12))
    Assert.Contains(Address.ofRecipe (recipe settings 2), Continuations.shorter (recipe settings 12))

[<Theory>]
[<InlineData("schedule cosine")>]
[<InlineData("net cnn1; learn stage by stage")>]
[<InlineData("ensemble 2 after 1 epoch { fc1: train; rest: fixed }")>]
let ``where steps depend on the number of epochs, or trainings follow each other, nothing goes on`` settings =
    Assert.Equal(None, Continuations.tryFirst 2 (recipe settings 12))
    Assert.False(Continuations.mayFollow (recipe settings 2))
    Assert.Empty(Continuations.shorter (recipe settings 12))

[<Fact>]
let ``a shorter run has at least an epoch, and fewer than the run`` () =
    let twelve = recipe "warmup 2" 12

    Assert.Equal<int list>(
        [ 1..11 ],
        [ -1 .. 14 ]
        |> List.filter (fun epochs -> (Continuations.tryFirst epochs twelve).IsSome)
    )

    Assert.Equal<string list>(
        [ for epochs in 11..-1..2 -> Address.ofRecipe (recipe "warmup 2" epochs) ],
        Continuations.shorter twelve |> Seq.truncate 10 |> List.ofSeq
    )

[<Theory>]
[<InlineData("lr 0.02")>]
[<InlineData("seed 2")>]
[<InlineData("batch 64")>]
[<InlineData("stop plateau(3)")>]
[<InlineData("keep best")>]
[<InlineData("precision bf16")>]
[<InlineData("conv1: train until epoch 1; rest: train")>]
let ``a run of other numbers is no beginning`` (other: string) =
    Assert.DoesNotContain(Address.ofRecipe (recipe other 2), Continuations.shorter (recipe "" 12))

[<Theory>]
[<InlineData("conv1: train from epoch 2; rest: train")>]
[<InlineData("conv1: train until epoch 1; rest: train")>]
[<InlineData("")>]
let ``what learns up to the end learns up to the end of a longer run`` (settings: string) =
    Assert.Equal(recipe settings 9, Continuations.longer 9 (recipe settings 3))
