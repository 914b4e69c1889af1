/// Nets as data: parameters, blocks, repeats, residual sums, dense concatenations, stages.
module Freeze.Language.Tests.StructureTests

open Expecto
open Freeze
open Freeze.Language.Tests.Files
open Freeze.Tests.Expectations

let private net text =
    (runs $"data cifar10; {text}").[0].Recipe.Net

let private node (net: Net) name =
    net.Nodes |> Array.find (fun node -> node.Name = name)

let private inputs (net: Net) name =
    (node net name).Inputs |> Array.map (fun i -> net.Nodes[i].Name) |> List.ofArray

let private names (net: Net) =
    net.Nodes |> Array.map _.Name |> List.ofArray

[<Tests>]
let tests =
    testList
        "structure of nets"
        [
            test "parameters have defaults, and arguments stand in order or by name" {
                let units text =
                    let net =
                        net $"net n(a, b = 7) {{ linear a; linear b; linear classes }}; net {text}"

                    net.Nodes
                    |> Array.choose (fun node -> if node.Operation.IsLinear then Some node.Shape[0] else None)

                equal [| 3; 7; 10 |] (units "n(3)")
                equal [| 3; 4; 10 |] (units "n(3, 4)")
                equal [| 3; 4; 10 |] (units "n(b 4, a 3)")
                equal [| 3; 4; 10 |] (units "n-3-4")
            }

            test "a list of nets with arguments is an axis" {
                let names =
                    runs "data cifar10; let w = [1, 2]; net [wrn(10, w), wrn-16-1]"
                    |> Array.map _.NetName

                equal [| "wrn(10, 1)"; "wrn-16-1"; "wrn(10, 2)"; "wrn-16-1" |] names
            }

            test "labels in a repeat are numbered, and so are blocks without a label" {
                let net =
                    net
                        "net n { block unit(w) { c: conv w 1x1 }; b: repeat 2 { unit(4) }; repeat i in 2..3 { conv: conv i 1x1; relu }; linear classes }; net n"

                equal
                    [
                        "input"
                        "b.unit1.c"
                        "b.unit2.c"
                        "conv1"
                        "relu1"
                        "conv2"
                        "relu2"
                        "flatten1"
                        "linear1"
                    ]
                    (names net)

                equal 3 (node net "conv2").Shape[0]
            }

            test "a residual adds its input, or its shortcut where the shapes differ" {
                let text width =
                    $"net n {{ conv1: conv 8 3x3; u: residual {{ act: relu; c: conv {width} 3x3 }} shortcut from act {{ s: conv {width} 1x1 }}; linear classes }}; net n"

                equal [ "u.c"; "conv1" ] (inputs (net (text 8)) "u.add1")

                let widened = net (text 16)
                equal [ "u.c"; "u.s" ] (inputs widened "u.add1")
                equal [ "u.act" ] (inputs widened "u.s")
            }

            test "dense puts the input in front of the output" {
                let net =
                    net "net n { conv1: conv 8 3x3; d: dense { c: conv 3 3x3 }; linear classes }; net n"

                equal [ "conv1"; "d.c" ] (inputs net "d.concat1")
                equal 11 (node net "d.concat1").Shape[0]
            }

            test "channels, height and width are those of the layer's input, classes those of the data" {
                let net =
                    net
                        "net n { conv 6 3x3 stride 2; conv channels * 2 1x1; linear height + width; linear classes }; net n"

                equal 12 (node net "conv2").Shape[0]
                equal 32 (node net "linear1").Shape[0]
            }

            test "dropout of nothing is no layer" {
                let dropouts net' =
                    (net net').Nodes |> Array.filter _.Operation.IsDropout |> Array.length

                equal 0 (dropouts "net wrn-28-4")
                equal 12 (dropouts "net wrn(28, 4, drop 0.3)")
            }

            test
                "a wide residual net's shortcut reads what its first activation gives, where widths or strides change" {
                let net = net "net wrn-28-4"
                equal [ "block2.unit1.relu1" ] (inputs net "block2.unit1.shortcut")

                equal [ "block2.unit1.conv2"; "block2.unit1.shortcut" ] (inputs net "block2.unit1.add1")

                equal [ "block2.unit2.conv2"; "block2.unit1.add1" ] (inputs net "block2.unit2.add1")
                equal [| 256; 8; 8 |] (node net "block3.unit4.add1").Shape
            }

            test "a densenet grows by twelve maps a layer and halves at its transitions" {
                let net = net "net densenet-100-12"
                let last = net.Nodes |> Array.findBack _.Operation.IsConcat
                equal [| 342; 8; 8 |] last.Shape
                equal 108 (node net "trans1.conv1").Shape[0]
                equal 150 (node net "trans2.conv1").Shape[0]
            }

            test "where a net says no scheme its weights start as PyTorch's" {
                let start net' name =
                    ((runs $"data cifar10; net {net'}").[0].Recipe.Weights
                     |> Array.find (fun plan -> plan.Weight.Name = name))
                        .Start

                equal (Start.Uniform(1.0 / sqrt 363.0)) (start "alexnet" "conv1.weight")
                // He, of the fan-out: deviation sqrt(2 / (9 * 64)).
                equal (Start.Normal(sqrt (2.0 / 576.0))) (start "vgg-19" "conv1.weight")
                equal (Start.Constant 0.0) (start "vgg-19" "conv1.bias")
                equal (Start.Normal 0.01) (start "vgg-19" "fc.weight")
                equal (Start.Constant 0.0) (start "wrn-28-4" "fc.bias")
                equal (Start.Constant 1.0) (start "wrn-28-4" "bn1.weight")
                equal (Start.Uniform(1.0 / sqrt 342.0)) (start "densenet-100-12" "fc.weight")

                equal
                    (Start.Uniform(1.0 / sqrt 144.0))
                    (start "wrn-28-4; init torch" "block1.unit1.conv1.weight")
            }

            test "stages are parts of the net and known to the plan" {
                let net = net "net cnn5"
                equal [| "stage1"; "stage2" |] (net.Stages |> Array.map _.Name)
                equal [| 32; 16; 16 |] (net.Nodes[net.Stages[0].Output].Shape)
                equal [| 32; 8; 8 |] (net.Nodes[net.Stages[1].Output].Shape)
            }
        ]
