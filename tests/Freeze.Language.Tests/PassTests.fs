/// The passes: their names, and the nodes that they are for.
module Freeze.Language.Tests.PassTests

open Freeze
open FSharp.Reflection
open Xunit

let private node name operation inputs (shape: int list) : Node =
    {
        Name = name
        Operation = operation
        Inputs = inputs
        Shape = Array.ofList shape
    }

let private conv = Operation.Conv(4, 3, 3, 1, 1, 1, true)
let private norm = Operation.BatchNorm(1e-5, 0.1)
let private pool = Operation.MaxPool(2, 2, 0)

// conv, bn, relu, pool; a second relu that two read; a relu whose input another reads.
let private net =
    {
        Nodes =
            [|
                node "input" Operation.Input [||] [ 3; 8; 8 ]
                node "conv1" conv [| 0 |] [ 4; 8; 8 ]
                node "bn1" norm [| 1 |] [ 4; 8; 8 ]
                node "relu1" Operation.Relu [| 2 |] [ 4; 8; 8 ]
                node "conv2" conv [| 3 |] [ 4; 8; 8 ]
                node "relu2" Operation.Relu [| 4 |] [ 4; 8; 8 ]
                node "pool2" pool [| 5 |] [ 4; 4; 4 ]
                node "bn3" norm [| 6 |] [ 4; 4; 4 ]
                node "relu3" Operation.Relu [| 7 |] [ 4; 4; 4 ]
                node "add" Operation.Add [| 8; 7 |] [ 4; 4; 4 ]
                node "relu4" Operation.Relu [| 9 |] [ 4; 4; 4 ]
                node "pool4" pool [| 10 |] [ 4; 2; 2 ]
                node "pool5" pool [| 9 |] [ 4; 2; 2 ]
                node "sum" Operation.Add [| 11; 12 |] [ 4; 2; 2 ]
            |]
        Stages = [||]
    }

let private pair first second : NodePair = { First = first; Second = second }

[<Fact>]
let ``every pass is listed once, under a name of its own`` () =
    Assert.Equal(FSharpType.GetUnionCases(typeof<Pass>).Length, (Array.distinct Pass.all).Length)
    Assert.All(Pass.all, fun pass -> Assert.Equal(Some pass, Pass.tryFind (Pass.name pass)))
    Assert.Equal(None, Pass.tryFind "Slices")

[<Fact>]
let ``what is left out is not in force, in whatever order it was said`` () =
    let passes = PassSet.AllBut [ Pass.PoolRelu; Pass.Slices; Pass.PoolRelu ]
    Assert.Equal("slices, pool-relu", passes.LeftOut)

    Assert.Equal<Pass[]>([| Pass.Slices; Pass.PoolRelu |], Pass.all |> Array.filter (passes.Has >> not))

    Assert.Equal("", PassSet.All.LeftOut)

[<Fact>]
let ``a norm and its only reader, a relu, are one`` () =
    Assert.Equal<NodePair[]>([| pair 2 3 |], Passes.cutNorms PassSet.All net)
    Assert.Empty(Passes.cutNorms (PassSet.AllBut [ Pass.NormRelu ]) net)

[<Fact>]
let ``a convolution takes along the norm and the relu that it alone reads`` () =
    Assert.Equal<NodePair[]>([| pair 2 4 |], Passes.convolvedNorms PassSet.All net)
    Assert.Empty(Passes.convolvedNorms (PassSet.AllBut [ Pass.NormConv ]) net)
    Assert.Empty(Passes.convolvedNorms (PassSet.AllBut [ Pass.NormRelu ]) net)

[<Fact>]
let ``a relu moves behind a pool where nothing else reads either side`` () =
    Assert.Equal<NodePair[]>([| pair 5 6 |], Passes.pooledRelus PassSet.All net)
    Assert.Empty(Passes.pooledRelus (PassSet.AllBut [ Pass.PoolRelu ]) net)

[<Fact>]
let ``a relu that is done with its norm is not done again behind a pool`` () =
    let net =
        { net with
            Nodes = Array.append net.Nodes[..3] [| node "pool1" pool [| 3 |] [ 4; 4; 4 ] |]
        }

    Assert.Equal<NodePair[]>([| pair 2 3 |], Passes.cutNorms PassSet.All net)
    Assert.Empty(Passes.pooledRelus PassSet.All net)
    Assert.Equal<NodePair[]>([| pair 3 4 |], Passes.pooledRelus (PassSet.AllBut [ Pass.NormRelu ]) net)
