module Freeze.Language.Tests.NetTests

open Expecto
open Freeze
open Freeze.Language.Tests.Files
open Freeze.Tests.Expectations

let private net body =
    (runs $"net n {{ {body} }}; net n; data cifar10").[0].Recipe.Net

let private shapes body =
    (net body).Nodes
    |> Array.map (fun node -> node.Name, node.Shape |> Array.map string |> String.concat "x")
    |> List.ofArray

[<Tests>]
let tests =
    testList
        "nets"
        [
            test "every shape follows from the image's" {
                equal
                    [
                        "input", "3x32x32"
                        "conv1", "16x32x32"
                        "bn1", "16x32x32"
                        "relu1", "16x32x32"
                        "maxpool1", "16x16x16"
                        "conv2", "8x8x8"
                        "avgpool1", "8x4x4"
                        "dropout1", "8x4x4"
                        "flatten1", "128"
                        "fc", "10"
                    ]
                    (shapes
                        "conv 16 3x3; bn; relu; maxpool 2; conv 8 3x3 stride 2; avgpool 2; dropout 0.5; fc: linear classes")
            }

            testTheory
                "sizes are those of PyTorch"
                [
                    "conv 4 5x5 pad none", "4x28x28"
                    "conv 4 5x5", "4x32x32"
                    "conv 4 2x2 pad 1", "4x33x33"
                    "conv 4 1x7", "4x32x32"
                    "conv 4 11x11 stride 4 pad 5", "4x8x8"
                    "maxpool 3 stride 2 pad 1", "3x16x16"
                    "maxpool 3", "3x10x10"
                    "globalpool", "3"
                    "flatten", "3072"
                ]
                (fun (layer, expected) -> equal expected (snd (shapes $"{layer}; linear classes").[1]))

            test "weights are named and shaped as in PyTorch's state dictionaries" {
                let weights =
                    Net.weights (net "c: conv 8 3x5 no bias; bn; linear 20 no bias; linear classes")

                equal
                    [
                        "c.weight", "8x3x3x5", 45
                        "bn1.weight", "8", 1
                        "bn1.bias", "8", 1
                        "linear1.weight", "20x8192", 8192
                        "linear2.weight", "10x20", 20
                        "linear2.bias", "10", 20
                    ]
                    [
                        for weight in weights ->
                            weight.Name, weight.Shape |> Array.map string |> String.concat "x", weight.FanIn
                    ]
            }

            test "lets may stand in nets, and a list among them is an axis" {
                let plans =
                    runs "let w = [4, 8]; net n { conv w 3x3; linear classes }; net n; data cifar10"

                equal [ 4; 8 ] [ for plan in plans -> plan.Recipe.Net.Nodes[1].Shape[0] ]
            }

            test "a net of the file comes before one of the library" {
                let run =
                    (runs "net lenet { only: linear classes }; net lenet; data mnist-sample").[0]

                equal 7850L (counts run).Total
            }
        ]
