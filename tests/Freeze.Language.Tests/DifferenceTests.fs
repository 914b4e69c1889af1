/// freeze diff tells of every setting that makes another run.
module Freeze.Language.Tests.DifferenceTests

open Microsoft.FSharp.Reflection
open Expecto
open Freeze
open Freeze.Language
open Freeze.Language.Tests.Files
open Freeze.Tests.Expectations

/// A statement for each setting, of another value than the default.
let private statements =
    [
        "data synthetic"
        "images 100"
        "test 10 images"
        "validate 50"
        "resize 20 crop 16x18"
        "normalise mean-image"
        "augment flip"
        "classes 11"
        "optimizer adam"
        "clip value(1)"
        "schedule cosine"
        "warmup 1 epochs"
        "batch 64"
        "drop last"
        "epochs 3"
        "stop accuracy(99%)"
        "keep best"
        "loss cross-entropy(smoothing 0.1)"
        "shuffle off"
        "precision bf16"
        "device cpu"
        "seed 2"
        "conv1: fixed"
        "case a { start from b }; case b { }"
        "ensemble 2 after 1 epoch { fc1: train }"
        "net wrn-10-1; validate 50; learn stage by stage; search halving 3 per stage; lr ~ choice(1, 2)"
    ]

let private recipe text = (runs text).[0].Recipe

[<Tests>]
let tests =
    testList
        "differences"
        [
            test "norms with frozen statistics are called as the file calls them" {
                let net =
                    "net mine { conv1: conv 4 3x3; bnA: bn; bnB: bn; linear classes }; net mine; "

                let was, is = recipe (net + "bn: train"), recipe (net + "bnA: fixed stats frozen")

                let change =
                    Difference.changes was is
                    |> List.find (fun change -> change.What = "stats frozen")

                equal ("none", "bnA") (change.Before, change.After)
            }

            test "what becomes of images is told as the file says it" {
                let change =
                    Difference.changes
                        (recipe "")
                        (recipe "resize 20 crop 16x18; augment crop(2) flip rotate(10) copies 4")
                    |> List.map (fun change -> change.What, change.After)
                    |> Map.ofList

                equal "20 crop 16x18" change["resize"]
                equal "crop(2) flip rotate(10) copies 4" change["augment"]
            }

            test "each setting that makes another run is reported" {
                let usual = recipe ""

                for statement in statements do
                    let changes = Difference.changes usual (recipe statement)
                    Expect.isTrue (not changes.IsEmpty) $"diff says nothing of `{statement}`"
            }

            test "the statements change every field of a recipe but a norm's frozen statistics" {
                let usual = recipe ""

                let changed =
                    statements
                    |> Seq.collect (fun statement ->
                        let other = recipe statement

                        FSharpType.GetRecordFields typeof<Recipe>
                        |> Seq.filter (fun field -> field.GetValue usual <> field.GetValue other)
                        |> Seq.map _.Name)
                    |> Set.ofSeq

                let missing =
                    FSharpType.GetRecordFields typeof<Recipe>
                    |> Seq.map _.Name
                    |> Seq.filter (changed.Contains >> not)

                equal [ "FrozenStatistics" ] (List.ofSeq missing)
            }
        ]
