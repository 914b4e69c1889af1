/// Which channels depend on the image, where filters are zero.
module Freeze.Language.Tests.LiveChannelTests

open Expecto
open Freeze
open Freeze.Language
open Freeze.Tests.Expectations

let private recipe (text: string) : Recipe =
    let analysis =
        Compile.analyse
            Compile.defaults
            {
                Path = "test.frz"
                Text = text
                Start = 0
            }

    (Array.exactlyOne analysis.Runs).Recipe

/// By node: its live channels, where some are constant.
let private live (recipe: Recipe) : Map<string, int list> =
    LiveChannels.ofNet PassSet.All recipe.Net recipe.Weights
    |> Array.zip recipe.Net.Nodes
    |> Array.choose (fun (node, live) ->
        match live with
        | null -> None
        | live -> Some(node.Name, List.ofArray live))
    |> Map.ofArray

[<Tests>]
let tests =
    testList
        "live channels"
        [
            test
                "constants pass through norms, relus and pools, and end at the next layer that mixes channels" {
                let found =
                    live (recipe "net lenet; data mnist; conv1: train 5 filters; rest: train")

                equal [] (Map.values found |> Seq.concat |> List.ofSeq)

                let found =
                    live (
                        recipe
                            "net lenet; data mnist; conv1: train 5 filters; conv2: train 20 filters; rest: zero; fc2: train"
                    )

                equal
                    [ "conv1"; "conv2"; "flatten1"; "maxpool1"; "maxpool2"; "relu1"; "relu2" ]
                    (Map.keys found |> List.ofSeq)

                equal [ 0..4 ] found["conv1"]
                equal [ 0..19 ] found["maxpool2"]
                // 20 channels of 4x4 each.
                equal [ 0..319 ] found["flatten1"]
            }

            test "a sum is live where one of its terms is, a concatenation where its parts are" {
                let rules = "conv: train 0.4 filters at random; rest: zero; bn, linear: train"
                let wide = recipe $"net wrn(depth 10, widen 1); data cifar10; {rules}"
                let found = live wide

                for node in wide.Net.Nodes do
                    if node.Operation.IsAdd then
                        let terms =
                            node.Inputs |> Array.map (fun input -> found[wide.Net.Nodes[input].Name])

                        equal
                            (terms |> Seq.concat |> Seq.distinct |> Seq.sort |> List.ofSeq)
                            (found[node.Name])

                let dense = recipe $"net densenet(depth 22, growth 12); data cifar10; {rules}"
                let found = live dense

                for node in dense.Net.Nodes do
                    if node.Operation.IsConcat then
                        let parts =
                            node.Inputs
                            |> Array.map (fun input -> found[dense.Net.Nodes[input].Name].Length)

                        equal (Array.sum parts) (found[node.Name].Length)
            }

            test "a layer that is zero computes one channel" {
                let found =
                    live (
                        recipe
                            "net lenet; data mnist; conv1: zero; conv2: train 0 filters; rest: zero; fc2: train"
                    )

                equal [ 0 ] found["conv1"]
                equal [ 0 ] found["maxpool1"]
            }

            test "without the pass all channels are live" {
                let recipe =
                    recipe "net lenet; data mnist; conv: train 5 filters; rest: zero; fc2: train"

                for live in
                    LiveChannels.ofNet (PassSet.AllBut [ Pass.DeadChannels ]) recipe.Net recipe.Weights do
                    Expect.isNull live "Channels are left out"
            }

            test "constants pass through activations, and end at norms of an image and at kernels in groups" {
                let net =
                    "net own { conv1: conv 8 3x3; sigmoid; gelu; tanh; leakyrelu; groupnorm 2; conv2: conv 8 3x3 dilation 2; layernorm; conv3: conv 8 3x3 groups 2; fc: linear classes }"

                let found =
                    live (
                        recipe
                            $"{net}; net own; data mnist; conv: train 2 filters; rest: zero; norm, linear: train"
                    )

                equal
                    [ "conv1"; "conv2"; "gelu1"; "leakyrelu1"; "sigmoid1"; "tanh1" ]
                    (Map.keys found |> List.ofSeq)
            }
        ]
