module Freeze.Language.Tests.SyntaxTests

open Expecto
open Freeze
open Freeze.Language
open Freeze.Language.Tests.Files
open Freeze.Tests.Expectations

[<Tests>]
let tests =
    testList
        "syntax"
        [
            test "newlines and semicolons end statements alike" {
                let one = runs "data mnist-sample; epochs 3; conv1: fixed; rest: train"

                let other =
                    runs "data mnist-sample\nepochs 3 # three\n\n\nconv1: fixed;\n  rest: train"

                equal one[0].Recipe other[0].Recipe
            }

            test "line ends and a byte order mark of other systems mean nothing" {
                let bytes =
                    System.Text.Encoding.UTF8.GetBytes
                        "\uFEFFdata mnist-sample\r\nepochs 3\r\nconv1: fixed\r\n"

                match Source.ofBytes "x.frz" bytes with
                | Ok source ->
                    equal
                        (runs("data mnist-sample; epochs 3; conv1: fixed").[0].Recipe)
                        (Compile.analyse alone source).Runs[0].Recipe
                | Error reason -> failtest reason
            }

            testTheory
                "arithmetic has the usual precedence"
                [
                    "8 * 2", 16
                    "2 + 3 * 4", 14
                    "(2 + 3) * 4", 20
                    "10 - 4 - 3", 3
                    "2 ^ 5", 32
                    "12 / 4", 3
                    "-3 + 5", 2
                    "1e2", -1
                ]
                (fun (text, expected) ->
                    match expected with
                    // A whole number is written whole.
                    | -1 -> equal [ "FRZ020" ] (codes $"epochs {text}")
                    | _ -> equal expected (runs($"let n = {text}; epochs n").[0].Recipe.Epochs))

            test "a minus without spaces is part of a name" {
                let message =
                    (analyse "let depth = 5; epochs depth-4").Diagnostics
                    |> List.find (fun d -> d.Code = "FRZ014")

                contains "spaces around the minus" message.Label
            }

            test "one mistake costs one statement" {
                let text = "epochs 3\nconv1 fixd:\nbatch 64 )\nseed 5\nconv2: frozen\nfc1: fixed"
                let analysis = analyse text
                equal [ "FRZ002"; "FRZ002"; "FRZ002" ] (analysis.Diagnostics |> List.map _.Code)
                let recipe = analysis.Runs[0].Recipe
                equal 3 recipe.Epochs
                equal 5L recipe.Seed
                equal (Treatment.Still Stillness.Fixed) (treatment "fc1.weight" analysis.Runs[0])
            }

            test "spans end where the text does, not at the space or comment behind it" {
                let source = source "conv1: fixed   # why\nconv1: train\n"
                let warning = (Compile.analyse alone source).Diagnostics |> List.exactlyOne

                equal
                    "conv1: fixed"
                    (source.Text.Substring(warning.Span.Start, warning.Span.End - warning.Span.Start))
            }
        ]
