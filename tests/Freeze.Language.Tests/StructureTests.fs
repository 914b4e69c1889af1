/// Nets as data: parameters, blocks, repeats, residual sums, dense concatenations, stages.
module Freeze.Language.Tests.StructureTests

open Freeze
open Freeze.Language.Tests.Files
open Xunit

let private net text =
    (runs $"data cifar10; {text}").[0].Recipe.Net

let private node (net: Net) name =
    net.Nodes |> Array.find (fun node -> node.Name = name)

let private inputs (net: Net) name =
    (node net name).Inputs |> Array.map (fun i -> net.Nodes[i].Name) |> List.ofArray

let private names (net: Net) =
    net.Nodes |> Array.map _.Name |> List.ofArray

[<Fact>]
let ``parameters have defaults, and arguments stand in order or by name`` () =
    let units text =
        let net =
            net $"net n(a, b = 7) {{ linear a; linear b; linear classes }}; net {text}"

        net.Nodes
        |> Array.choose (fun node -> if node.Operation.IsLinear then Some node.Shape[0] else None)

    Assert.Equal<int[]>([| 3; 7; 10 |], units "n(3)")
    Assert.Equal<int[]>([| 3; 4; 10 |], units "n(3, 4)")
    Assert.Equal<int[]>([| 3; 4; 10 |], units "n(b 4, a 3)")
    Assert.Equal<int[]>([| 3; 4; 10 |], units "n-3-4")

[<Fact>]
let ``a list of nets with arguments is an axis`` () =
    let names =
        runs "data cifar10; let w = [1, 2]; net [wrn(10, w), wrn-16-1]"
        |> Array.map _.NetName

    Assert.Equal<string[]>([| "wrn(10, 1)"; "wrn-16-1"; "wrn(10, 2)"; "wrn-16-1" |], names)

[<Fact>]
let ``labels in a repeat are numbered, and so are blocks without a label`` () =
    let net =
        net
            "net n { block unit(w) { c: conv w 1x1 }; b: repeat 2 { unit(4) }; repeat i in 2..3 { conv: conv i 1x1; relu }; linear classes }; net n"

    Assert.Equal<string list>(
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
        ],
        names net
    )

    Assert.Equal(3, (node net "conv2").Shape[0])

[<Fact>]
let ``a residual adds its input, or its shortcut where the shapes differ`` () =
    let text width =
        $"net n {{ conv1: conv 8 3x3; u: residual {{ act: relu; c: conv {width} 3x3 }} shortcut from act {{ s: conv {width} 1x1 }}; linear classes }}; net n"

    Assert.Equal<string list>([ "u.c"; "conv1" ], inputs (net (text 8)) "u.add1")

    let widened = net (text 16)
    Assert.Equal<string list>([ "u.c"; "u.s" ], inputs widened "u.add1")
    Assert.Equal<string list>([ "u.act" ], inputs widened "u.s")

[<Fact>]
let ``dense puts the input in front of the output`` () =
    let net =
        net "net n { conv1: conv 8 3x3; d: dense { c: conv 3 3x3 }; linear classes }; net n"

    Assert.Equal<string list>([ "conv1"; "d.c" ], inputs net "d.concat1")
    Assert.Equal(11, (node net "d.concat1").Shape[0])

[<Fact>]
let ``channels, height, width and classes are those of the place`` () =
    let net =
        net
            "net n { conv 6 3x3 stride 2; conv channels * 2 1x1; linear height + width; linear classes }; net n"

    Assert.Equal(12, (node net "conv2").Shape[0])
    Assert.Equal(32, (node net "linear1").Shape[0])

[<Fact>]
let ``dropout of nothing is no layer`` () =
    let dropouts net' =
        (net net').Nodes |> Array.filter _.Operation.IsDropout |> Array.length

    Assert.Equal(0, dropouts "net wrn-28-4")
    Assert.Equal(12, dropouts "net wrn(28, 4, drop 0.3)")

[<Fact>]
let ``a wide residual net's shortcut reads what its first activation gives, where widths or strides change``
    ()
    =
    let net = net "net wrn-28-4"
    Assert.Equal<string list>([ "block2.unit1.relu1" ], inputs net "block2.unit1.shortcut")

    Assert.Equal<string list>(
        [ "block2.unit1.conv2"; "block2.unit1.shortcut" ],
        inputs net "block2.unit1.add1"
    )

    Assert.Equal<string list>([ "block2.unit2.conv2"; "block2.unit1.add1" ], inputs net "block2.unit2.add1")
    Assert.Equal<int[]>([| 256; 8; 8 |], (node net "block3.unit4.add1").Shape)

[<Fact>]
let ``a densenet grows by twelve maps a layer and halves at its transitions`` () =
    let net = net "net densenet-100-12"
    let last = net.Nodes |> Array.findBack _.Operation.IsConcat
    Assert.Equal<int[]>([| 342; 8; 8 |], last.Shape)
    Assert.Equal(108, (node net "trans1.conv1").Shape[0])
    Assert.Equal(150, (node net "trans2.conv1").Shape[0])

[<Fact>]
let ``where a net says no scheme its weights start as PyTorch's`` () =
    let start net' name =
        ((runs $"data cifar10; net {net'}").[0].Recipe.Weights
         |> Array.find (fun plan -> plan.Weight.Name = name))
            .Start

    Assert.Equal(Start.Uniform(1.0 / sqrt 363.0), start "alexnet" "conv1.weight")
    // He, of the fan-out: deviation sqrt(2 / (9 * 64)).
    Assert.Equal(Start.Normal(sqrt (2.0 / 576.0)), start "vgg-19" "conv1.weight")
    Assert.Equal(Start.Constant 0.0, start "vgg-19" "conv1.bias")
    Assert.Equal(Start.Normal 0.01, start "vgg-19" "fc.weight")
    Assert.Equal(Start.Constant 0.0, start "wrn-28-4" "fc.bias")
    Assert.Equal(Start.Constant 1.0, start "wrn-28-4" "bn1.weight")
    Assert.Equal(Start.Uniform(1.0 / sqrt 342.0), start "densenet-100-12" "fc.weight")
    Assert.Equal(Start.Uniform(1.0 / sqrt 144.0), start "wrn-28-4; init torch" "block1.unit1.conv1.weight")

[<Fact>]
let ``stages are parts of the net and known to the plan`` () =
    let net = net "net cnn5"
    Assert.Equal<string[]>([| "stage1"; "stage2" |], net.Stages |> Array.map _.Name)
    Assert.Equal<int[]>([| 32; 16; 16 |], net.Nodes[net.Stages[0].Output].Shape)
    Assert.Equal<int[]>([| 32; 8; 8 |], net.Nodes[net.Stages[1].Output].Shape)
