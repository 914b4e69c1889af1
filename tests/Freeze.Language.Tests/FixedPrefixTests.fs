/// What of a net is the same function of an image in every step.
module Freeze.Language.Tests.FixedPrefixTests

open Freeze
open Freeze.Language.Tests.Files
open Xunit

let private recipe text = (runs text).[0].Recipe

let private find text = FixedPrefixes.find (recipe text)

/// The name of the node where the prefix ends, and its limit.
let private ends text =
    let recipe = recipe text
    let prefix = FixedPrefixes.find recipe
    recipe.Net.Nodes[prefix.Output].Name, prefix.Limit

[<Fact>]
let ``it reaches up to the first layer that learns, behind pools and relus`` () =
    let prefix = find "data mnist; net lenet; conv1, conv2: fixed; fc1: train 3 units"

    Assert.Equal<string[]>([| "conv1"; "conv2" |], prefix.Layers)
    Assert.Equal("fc1 learns", prefix.Limit)

    let node =
        (recipe "data mnist; net lenet; conv1, conv2: fixed").Net.Nodes[prefix.Output]

    Assert.True node.Operation.IsFlatten

[<Fact>]
let ``a layer that learns in some epochs, or is solved for, learns`` () =
    Assert.Equal(
        "conv2 learns",
        snd (ends "data mnist; net lenet; epochs 5; conv1: fixed; conv2: train from epoch 5")
    )

    Assert.Equal("fc2 learns", snd (ends "data mnist; net lenet; rest: fixed; last layer: solve ridge 0.01"))

[<Fact>]
let ``statistics of batches end it, frozen ones do not`` () =
    let wrn = "data cifar10; net wrn-28-4; conv1, block1: fixed"

    Assert.Equal("the statistics of block1.unit1.bn1 move", snd (ends wrn))

    let _, limit = ends (wrn + "; bn in block1: fixed stats frozen")
    Assert.NotEqual<string>("the statistics of block1.unit1.bn1 move", limit)

[<Fact>]
let ``images that vary have no fixed function`` () =
    let lenet = "data mnist; net lenet; conv1: fixed; augment "
    Assert.Equal("crop moves the images", (find (lenet + "crop(2)")).Limit)
    Assert.Equal("flip varies the images", (find (lenet + "flip")).Limit)
    Assert.Equal(0, (find (lenet + "flip")).Output)

[<Fact>]
let ``dropout ends it`` () =
    let net =
        "net n { conv 4 3x3; relu; dropout 0.2; conv 4 3x3; globalpool; linear classes }"

    let prefix = find $"data mnist\n{net}\nnet n; all: fixed; last layer: train"
    Assert.EndsWith("draws anew in each step", prefix.Limit)
    Assert.Equal<string[]>([| "conv1" |], prefix.Layers)

[<Fact>]
let ``where the first layer learns there is nothing to compute once`` () =
    let prefix = find "data mnist; net lenet; fc1: fixed"
    Assert.Equal(0, prefix.Output)
    Assert.Empty prefix.Layers
    Assert.Equal("conv1 learns", prefix.Limit)

[<Fact>]
let ``where two values go on it ends before they part`` () =
    let node name operation inputs shape =
        {
            Name = name
            Operation = operation
            Inputs = inputs
            Shape = shape
        }

    let conv = Operation.Conv(2, 3, 3, 1, 1, 1, false, 1, 1)

    let net =
        {
            Nodes =
                [|
                    node "input" Operation.Input [||] [| 2; 4; 4 |]
                    node "conv1" conv [| 0 |] [| 2; 4; 4 |]
                    node "conv2" conv [| 1 |] [| 2; 4; 4 |]
                    node "conv3" conv [| 2 |] [| 2; 4; 4 |]
                    node "add" Operation.Add [| 1; 3 |] [| 2; 4; 4 |]
                    node "pool" Operation.GlobalPool [| 4 |] [| 2 |]
                |]
            Stages = [||]
        }

    let plan learning =
        let still = Treatment.Still Stillness.Fixed

        { recipe "data mnist; net lenet" with
            Net = net
            Weights =
                Net.weights net
                |> Array.map (fun weight ->
                    {
                        Weight = weight
                        Start = Starts.torch weight
                        Treatment = if weight.Layer = learning then Treatment.Trained else still
                        Update = Update.byDefault
                    })
        }

    // conv2 is fixed too, but the sum reads what lies before it.
    Assert.Equal(1, (FixedPrefixes.find (plan "conv3")).Output)
    Assert.Equal(4, (FixedPrefixes.find (plan "none")).Output)

    let behind = Parts.behind (plan "conv3") 1

    Assert.Equal<int[][]>(
        [| [||]; [| 0 |]; [| 1 |]; [| 0; 2 |]; [| 3 |] |],
        behind.Net.Nodes |> Array.map _.Inputs
    )

    Assert.Equal<string[]>([| "conv2.weight"; "conv3.weight" |], behind.Weights |> Array.map _.Weight.Name)

[<Fact>]
let ``runs that differ behind it have one content`` () =
    let content more =
        let recipe = recipe ("data mnist; net lenet; conv1: fixed; epochs 4; " + more)
        Address.ofRecipe (FixedPrefixes.content recipe (FixedPrefixes.find recipe).Output)

    let first = content ""
    Assert.Equal(first, content "optimizer adam; fc1: zero")

    for other in [ "seed 2"; "batch 32"; "precision bf16"; "images 500"; "conv1: fixed init he" ] do
        Assert.NotEqual<string>(first, content other)
