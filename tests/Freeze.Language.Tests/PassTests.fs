/// The passes: their names, and the nodes that they are for.
module Freeze.Language.Tests.PassTests

open FSharp.Reflection
open Expecto
open Freeze
open Freeze.Tests.Expectations

let private node name operation inputs (shape: int list) : Node =
    {
        Name = name
        Operation = operation
        Inputs = inputs
        Shape = Array.ofList shape
    }

let private conv = Operation.Conv(4, 3, 3, 1, 1, 1, true, 1, 1)
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

// Two layers that each read all channels before them, and a norm that reads what has grown; another reads it last.
let private dense last =
    {
        Nodes =
            [|
                node "input" Operation.Input [||] [ 3; 8; 8 ]
                node "bn1" norm [| 0 |] [ 3; 8; 8 ]
                node "conv1" conv [| 1 |] [ 4; 8; 8 ]
                node "join1" Operation.Concat [| 0; 2 |] [ 7; 8; 8 ]
                node "bn2" norm [| 3 |] [ 7; 8; 8 ]
                node "conv2" conv [| 4 |] [ 4; 8; 8 ]
                node "join2" Operation.Concat [| 3; 5 |] [ 11; 8; 8 ]
                node "last" last [| 6 |] [ 11; 8; 8 ]
            |]
        Stages = [||]
    }

/// The last nodes of those that are done together, up to a node, with what is done there.
let private together passes (net: Net) last =
    Programs.ofNet passes net last
    |> Array.filter (fun step -> not step.Work.IsNode)
    |> Array.map (fun step ->
        let nodes =
            match step.Work with
            | Work.Node node -> [ node.Name ]
            | Work.NormRelu norm -> [ norm.Name; "relu" ]
            | Work.NormReluConv(norm, conv) -> [ norm.Name; "relu"; conv.Name ]
            | Work.ReluPool pool -> [ "relu"; pool.Name ]
            | Work.Grow(concat, _) -> [ concat.Name ]

        step.Output, String.concat " " nodes)

let private all = net.Nodes.Length - 1

[<Tests>]
let tests =
    testList
        "passes"
        [
            test "every pass is listed once, under a name of its own" {
                equal (FSharpType.GetUnionCases(typeof<Pass>).Length) (Array.distinct Pass.all).Length

                for pass in Pass.all do
                    equal (Some pass) (Pass.tryFind (Pass.name pass))

                equal None (Pass.tryFind "Slices")
            }

            test "passes that are left out do not apply, in whatever order they are named" {
                let passes = PassSet.AllBut [ Pass.PoolRelu; Pass.Slices; Pass.PoolRelu ]
                equal "slices, pool-relu" passes.LeftOut

                equal [| Pass.Slices; Pass.PoolRelu |] (Pass.all |> Array.filter (passes.Has >> not))

                equal "" PassSet.All.LeftOut
            }

            test "a norm and its only reader, a relu, are one step" {
                equal
                    [| 3, "bn1 relu"; 6, "relu pool2" |]
                    (together (PassSet.AllBut [ Pass.NormConv ]) net all)

                equal [| 6, "relu pool2" |] (together (PassSet.AllBut [ Pass.NormRelu ]) net all)
            }

            test "a convolution takes along the norm and the relu that it alone reads" {
                equal [| 4, "bn1 relu conv2"; 6, "relu pool2" |] (together PassSet.All net all)
            }

            test "a relu moves behind a pool where nothing else reads either side" {
                equal [| 4, "bn1 relu conv2" |] (together (PassSet.AllBut [ Pass.PoolRelu ]) net all)
            }

            test "a relu that is computed with its norm does not move behind a pool" {
                let net =
                    { net with
                        Nodes = Array.append net.Nodes[..3] [| node "pool1" pool [| 3 |] [ 4; 4; 4 ] |]
                    }

                equal [| 3, "bn1 relu" |] (together PassSet.All net 4)

                equal [| 4, "relu pool1" |] (together (PassSet.AllBut [ Pass.NormRelu ]) net 4)
            }

            test "concatenations grow to the last one where norms alone read them beside each other" {
                let grown (net: Net) last =
                    Programs.ofNet PassSet.All net last
                    |> Array.choose (fun step ->
                        match step.Work with
                        | Work.Grow(concat, last) -> Some(concat.Name, last)
                        | _ -> None)

                equal [| "join1", 6; "join2", 6 |] (grown (dense norm) 7)
                // The gradient of a relu's input, or of a sum's, may be another's too.
                equal [||] (grown (dense Operation.Relu) 7)
                // Of what nobody reads nothing is known.
                equal [||] (grown (dense norm) 6)

                let swapped =
                    { dense norm with
                        Nodes =
                            (dense norm).Nodes
                            |> Array.map (fun node ->
                                if node.Name = "join2" then
                                    { node with Inputs = [| 5; 3 |] }
                                else
                                    node)
                    }

                equal [| "join2", 6 |] (grown swapped 7)
            }

            test "a norm is folded into the convolution that it alone reads, unless another takes it along" {
                let folded passes (net: Net) =
                    Programs.ofNet passes net (net.Nodes.Length - 1)
                    |> Programs.folds passes
                    |> Array.map (fun fold ->
                        fold.ConvOutput, fold.Conv.Name, fold.Norm.Name, fold.NormOutput)

                // What conv2 takes along costs nothing, and bn3 reads a pool.
                equal [||] (folded PassSet.All net)

                equal [| 1, "conv1", "bn1", 3 |] (folded (PassSet.AllBut [ Pass.NormConv ]) net)

                equal [||] (folded (PassSet.AllBut [ Pass.NormConv; Pass.FoldNorms ]) net)

                let residual reader =
                    { net with
                        Nodes =
                            Array.append
                                net.Nodes[..4]
                                [|
                                    node "bn2" norm [| 4 |] [ 4; 8; 8 ]
                                    node "add" Operation.Add [| 5; reader |] [ 4; 8; 8 ]
                                |]
                    }

                // Nothing takes bn1 along where two read relu1.
                equal [| 1, "conv1", "bn1", 3; 4, "conv2", "bn2", 5 |] (folded PassSet.All (residual 3))

                // The sum reads the convolution too.
                equal [||] (folded PassSet.All (residual 4))
            }

            test "a step writes over what it alone reads, where that is in memory of its own" {
                let nets =
                    { net with
                        Nodes =
                            Array.append
                                net.Nodes
                                [|
                                    node "relu5" Operation.Relu [| 13 |] [ 4; 2; 2 ]
                                    node "flatten" Operation.Flatten [| 14 |] [ 16 ]
                                    node "relu6" Operation.Relu [| 15 |] [ 16 ]
                                |]
                    }

                let steps = Programs.ofNet (PassSet.AllBut [ Pass.NormConv; Pass.PoolRelu ]) nets 16

                // relu1 with bn1, relu2, relu5. Two read the input of relu4, a flattened map is the map itself.
                equal [| 3; 5; 14 |] (steps |> Array.filter _.Overwrites |> Array.map _.Output)
            }

            test "nodes after the requested one are not computed with it" {
                isEmpty (together PassSet.All net 2)
                equal [| 3, "bn1 relu" |] (together PassSet.All net 3)
            }

            test "each output that is read is freed by its last reader, but not the input" {
                let steps = Programs.ofNet PassSet.All net all

                for step in steps do
                    for input in step.Inputs do
                        includes input (steps |> Array.map _.Output)

                let read =
                    steps |> Array.collect _.Inputs |> Array.distinct |> Array.filter ((<>) 0)

                equal (Array.sort read) (steps |> Array.collect _.LastRead |> Array.sort)

                for step in steps do
                    for input in step.LastRead do
                        let readers = steps |> Array.filter (fun other -> Array.contains input other.Inputs)
                        equal step.Output (Array.last readers).Output
            }
        ]
