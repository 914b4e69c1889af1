/// What of a net is the same function of an image in every step.
module Freeze.Language.Tests.FixedPrefixTests

open Expecto
open Freeze
open Freeze.Language.Tests.Files
open Freeze.Tests.Expectations

let private recipe text = (runs text).[0].Recipe

let private find text = FixedPrefixes.find (recipe text)

/// The name of the node where the prefix ends, and its limit.
let private ends text =
    let recipe = recipe text
    let prefix = FixedPrefixes.find recipe
    recipe.Net.Nodes[prefix.Output].Name, prefix.Limit

[<Tests>]
let tests =
    testList
        "fixed prefixes"
        [
            test "the prefix ends before the first layer that learns, after pools and relus" {
                let prefix = find "data mnist; net lenet; conv1, conv2: fixed; fc1: train 3 units"

                equal [| "conv1"; "conv2" |] prefix.Layers
                equal "fc1 learns" prefix.Limit

                let node =
                    (recipe "data mnist; net lenet; conv1, conv2: fixed").Net.Nodes[prefix.Output]

                isTrue node.Operation.IsFlatten
            }

            test "a layer that learns in some epochs, or is solved, ends the prefix" {
                equal
                    "conv2 learns"
                    (snd (ends "data mnist; net lenet; epochs 5; conv1: fixed; conv2: train from epoch 5"))

                equal
                    "fc2 learns"
                    (snd (ends "data mnist; net lenet; rest: fixed; last layer: solve ridge 0.01"))
            }

            test "statistics of batches end the prefix, frozen ones do not" {
                let wrn = "data cifar10; net wrn-28-4; conv1, block1: fixed"

                equal "the statistics of block1.unit1.bn1 move" (snd (ends wrn))

                let _, limit = ends (wrn + "; bn in block1: fixed stats frozen")
                notEqual "the statistics of block1.unit1.bn1 move" limit
            }

            test "augmented images have no fixed prefix" {
                let lenet = "data mnist; net lenet; conv1: fixed; augment "
                equal "crop moves the images" (find (lenet + "crop(2)")).Limit
                equal "flip varies the images" (find (lenet + "flip")).Limit
                equal 0 (find (lenet + "flip")).Output
            }

            test "copies of augmented images have one, and its content is of their seed and number" {
                let lenet = "data mnist; net lenet; conv1: fixed; augment flip copies 4; "
                equal [| "conv1" |] (find lenet).Layers
                equal "conv2 learns" (find lenet).Limit

                let content more =
                    let recipe = recipe (lenet + more)
                    Address.ofRecipe (FixedPrefixes.content recipe (FixedPrefixes.find recipe).Output)

                equal (content "") (content "optimizer adam; fc1: fixed")

                for other in
                    [
                        "seed 2"
                        "augment crop(2) flip copies 4"
                        "augment flip copies 3"
                        "augment none"
                    ] do
                    notEqual (content "") (content $"case a {{ {other} }}")

                // Held-out images, and those that are solved on, are read as they are too.
                equal 4 (FixedPrefixes.rows (recipe lenet))
                equal 5 (FixedPrefixes.rows (recipe (lenet + "validate 100")))
                equal 5 (FixedPrefixes.rows (recipe (lenet + "rest: fixed; fc2: solve ridge 0.1")))
                equal 1 (FixedPrefixes.rows (recipe "data mnist; net lenet; validate 100"))
            }

            test "dropout ends the prefix" {
                let net =
                    "net n { conv 4 3x3; relu; dropout 0.2; conv 4 3x3; globalpool; linear classes }"

                let prefix = find $"data mnist\n{net}\nnet n; all: fixed; last layer: train"
                endsWith "draws in every step" prefix.Limit
                equal [| "conv1" |] prefix.Layers
            }

            test "where the first layer learns the prefix is empty" {
                let prefix = find "data mnist; net lenet; fc1: fixed"
                equal 0 prefix.Output
                isEmpty prefix.Layers
                equal "conv1 learns" prefix.Limit
            }

            test "the prefix ends before a fork" {
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
                equal 1 (FixedPrefixes.find (plan "conv3")).Output
                equal 4 (FixedPrefixes.find (plan "none")).Output

                let behind = Parts.behind (plan "conv3") 1

                equal
                    [| [||]; [| 0 |]; [| 1 |]; [| 0; 2 |]; [| 3 |] |]
                    (behind.Net.Nodes |> Array.map _.Inputs)

                equal [| "conv2.weight"; "conv3.weight" |] (behind.Weights |> Array.map _.Weight.Name)
            }

            test "runs that differ after the prefix share its content" {
                let content more =
                    let recipe = recipe ("data mnist; net lenet; conv1: fixed; epochs 4; " + more)
                    Address.ofRecipe (FixedPrefixes.content recipe (FixedPrefixes.find recipe).Output)

                let first = content ""
                equal first (content "optimizer adam; fc1: zero")

                for other in [ "seed 2"; "batch 32"; "precision bf16"; "images 500"; "conv1: fixed init he" ] do
                    notEqual first (content other)
            }
        ]
