/// Convolutions in groups and dilated, norms of an image, and activations: shapes, weights, costs and rules.
module Freeze.Language.Tests.LayerTests

open Expecto
open Freeze
open Freeze.Language
open Freeze.Language.Tests.Files
open Freeze.Tests.Expectations

let private recipe (parts: string) (rules: string) : Recipe =
    (runs $"net own {{ {parts} }}; data mnist; net own; {rules}").[0].Recipe

let private shape (recipe: Recipe) name : int list =
    (recipe.Net.Nodes |> Array.find (fun node -> node.Name = name)).Shape
    |> List.ofArray

let private all =
    "conv1: conv 8 3x3; conv2: conv 16 3x3 groups 4 dilation 2; groupnorm 4; layernorm; fc: linear classes"

[<Tests>]
let tests =
    testList
        "layers"
        [
            test "kernels in groups have fewer weights and cost less" {
                let recipe = recipe all ""

                let found =
                    recipe.Weights
                    |> Array.map (fun plan -> plan.Weight.Name, List.ofArray plan.Weight.Shape)
                    |> Map.ofArray

                equal [ 16; 2; 3; 3 ] (found["conv2.weight"])
                equal [ 16 ] (found["conv2.bias"])
                equal [ 16 ] (found["groupnorm1.bias"])
                equal [ 16; 28; 28 ] (found["layernorm1.weight"])
                equal [ 16; 28; 28 ] (found["layernorm1.bias"])

                let conv2 =
                    recipe.Weights |> Array.find (fun plan -> plan.Weight.Name = "conv2.weight")

                // As PyTorch counts them.
                equal (18, 144) (conv2.Weight.FanIn, conv2.Weight.FanOut)
                equal (Start.Uniform(1.0 / sqrt 18.0)) conv2.Start

                let places = 28L * 28L
                let cost = Costs.ofWeights recipe.Net recipe.Weights
                equal (places * (8L * 9L + 16L * 2L * 9L + 16L * 10L)) cost.Forward
                equal cost.Forward cost.WeightGradient
            }

            test "a kernel in groups computes its whole gradient, and the plan says so" {
                let rules = "conv: train 2 filters; rest: fixed"
                let recipe = recipe all rules
                let plan = PassPlans.ofWeights recipe recipe.Weights
                equal [ "conv1" ] (plan.Slices |> Array.map _.Layer |> List.ofArray)

                let cost = Costs.ofWeights recipe.Net recipe.Weights
                let places = 28L * 28L
                equal (places * (2L * 9L + 16L * 2L * 9L)) cost.WeightGradient
            }

            test "a depthwise kernel has one input, and counts, costs and plans go by it" {
                let recipe =
                    recipe
                        "conv1: conv 8 3x3; conv2: conv channels 3x3 groups channels no bias; fc: linear classes"
                        "conv2: train 2 filters; rest: fixed"

                let conv2 =
                    recipe.Weights |> Array.find (fun plan -> plan.Weight.Name = "conv2.weight")

                equal [ 8; 1; 3; 3 ] (List.ofArray conv2.Weight.Shape)
                equal (9, 72) (conv2.Weight.FanIn, conv2.Weight.FanOut)
                equal 18L (Counts.ofWeights recipe.Weights).Trained
                let places = 28L * 28L
                let cost = Costs.ofWeights recipe.Net recipe.Weights
                equal (places * (8L * 9L + 8L * 9L + 8L * 10L)) cost.Forward
                equal (places * 8L * 9L) cost.WeightGradient
                isEmpty (PassPlans.ofWeights recipe recipe.Weights).Slices
            }

            test "padchannels adds channels of zeros behind, and is no layer where none are missing" {
                let padded = recipe "conv1: conv 8 3x3; padchannels 12; fc: linear classes" ""
                equal [ 12; 28; 28 ] (shape padded "padchannels1")
                let same = recipe "conv1: conv 8 3x3; padchannels 8; fc: linear classes" ""
                equal 4 same.Net.Nodes.Length
                equal [ "FRZ021" ] (codes "net own { conv 8 3x3; padchannels 7; linear classes }; net own")
            }

            testTheory
                "a dilated kernel pads by what it covers"
                [
                    "conv 4 3x3 dilation 3", 28, 28
                    "conv 4 5x3 dilation 3 pad 2 stride 2", 10, 13
                    "conv 4 3x3 dilation 2 pad none", 24, 24
                    "conv 4 2x2 dilation 2", 28, 28
                    "conv 4 2x2 dilation 3 pad 1", 27, 27
                ]
                (fun (layer, height, width) ->
                    let recipe = recipe $"c: {layer}; fc: linear classes" ""
                    equal [ 4; height; width ] (shape recipe "c"))

            test "norm takes norms of every kind, bn batch norms alone, and bias none of them" {
                let parts =
                    "conv1: conv 8 3x3; bn; groupnorm 2; layernorm; leakyrelu; gelu; sigmoid; tanh; fc: linear classes"

                let treated rules =
                    (recipe parts rules).Weights
                    |> Array.filter (fun plan -> plan.Treatment = Treatment.Still Stillness.Zero)
                    |> Array.map _.Weight.Name
                    |> List.ofArray

                let both name = [ name + ".weight"; name + ".bias" ]

                equal
                    ([ "bn1"; "groupnorm1"; "layernorm1" ] |> List.collect both)
                    (treated "norm: zero; rest: train")

                equal (both "bn1") (treated "bn: zero; rest: train")
                equal [ "conv1.bias"; "fc.bias" ] (treated "bias: zero; rest: train")
                equal (both "groupnorm1") (treated "groupnorm1: zero; rest: train")
            }

            test
                "a norm of any kind right behind a convolution belongs to it, any other to the layer after it" {
                let recipe =
                    recipe
                        "conv1: conv 8 3x3; groupnorm 2; relu; layernorm; conv2: conv 8 3x3; layernorm; fc: linear classes"
                        "layer 1: zero; rest: train"

                let zero =
                    recipe.Weights
                    |> Array.filter (fun plan -> plan.Treatment = Treatment.Still Stillness.Zero)
                    |> Array.map _.Weight.Layer
                    |> Array.distinct
                    |> List.ofArray

                equal [ "conv1"; "groupnorm1" ] zero
            }

            test "norms start at 1 and 0 whatever the scheme" {
                for plan in (recipe all "init normal(0.3)").Weights do
                    if plan.Weight.Kind.IsNorm then
                        equal (Start.Constant(if plan.Weight.IsBias then 0.0 else 1.0)) plan.Start
            }

            test
                "a plan without groups, dilation or clipping reads as one with the defaults, and new layers read back" {
                let old = (runs "net lenet").[0].Recipe
                lacks "groups" (Json.toText old)
                lacks "dilation" (Json.toText old)
                lacks "clipping" (Json.toText old)

                for recipe in
                    [
                        old
                        recipe all "clip norm(1)"
                        recipe "leakyrelu 0.2; gelu; fc: linear classes" ""
                    ] do
                    equal recipe (Json.ofText<Recipe>(Json.toText recipe))

                    equal
                        (Address.ofRecipe recipe)
                        (Address.ofRecipe (Json.ofText<Recipe>(Json.toText recipe)))
            }
        ]
