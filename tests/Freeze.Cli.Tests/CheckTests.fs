module Freeze.Cli.Tests.CheckTests

open System.IO
open Expecto
open Freeze.Cli.Tests.Command
open Freeze.Tests.Expectations

[<Tests>]
let tests =
    testList
        "check"
        [
            test "a good file is fine" {
                let output = freeze [ "check"; "dsl-examples/lenet-each-layer.frz" ]
                equal (0, "dsl-examples/lenet-each-layer.frz: fine, 15 runs\n") (output.Code, output.Text)
            }

            test "all errors come at once, each with its line underlined" {
                let path = file "epoch 3\nconv3: fixed\n"
                let output = freeze [ "check"; path ]
                equal 2 output.Code

                let expected =
                    $"error FRZ010: unknown setting `epoch`
  --> {path}:1:1
   |
 1 | epoch 3
   | ^^^^^ did you mean `epochs`?

error FRZ012: unknown selector `conv3`
  --> {path}:2:1
   |
 2 | conv3: fixed
   | ^^^^^ did you mean `conv1`? net lenet has conv1, conv2, fc1 and fc2

2 errors
"

                equal expected output.Errors
            }

            test "diagnostics come as JSON too" {
                let output = freeze [ "check"; "--json"; file "epochs 3\nepochs 4" ]
                equal 2 output.Code
                let only = (items output).[0]
                equal "FRZ011" (only.GetProperty("code").GetString())
                equal (2, 1) (only.GetProperty("line").GetInt32(), only.GetProperty("column").GetInt32())
                equal 1 (only.GetProperty("notes").[0].GetProperty("line").GetInt32())
            }

            test "warnings are said and are fine" {
                let output = freeze [ "check"; file "let p = 3" ]
                equal 0 output.Code
                contains "warning FRZ103" output.Errors
            }

            testTheory
                "what cannot be read is named with the reason"
                [
                    "missing.frz", "there is no such file"
                    "dsl-examples", "it is a folder, not a file"
                    "/dev/zero", "too large"
                ]
                (fun (path, reason) ->
                    let output = freeze [ "check"; path ]
                    refused "FRZ001" output
                    contains reason output.Errors)

            testTheory
                "a wrong call shows how it is written"
                [ "--colour"; "chek"; "run"; "" ]
                (fun argument ->
                    let output = freeze (if argument = "" then [] else [ argument ])
                    equal 2 output.Code
                    matches "--help|did you mean `check`" output.Errors)

            test "help and version are fine" {
                equal 0 (freeze [ "--help" ]).Code
                matches "^Freeze \\d+\\.\\d+\\.\\d+\n$" (freeze [ "--version" ]).Text
            }

            test "a long line is shown around its mistake" {
                let path = Path.Combine(folder (), "long.frz")
                File.WriteAllText(path, "seed [" + String.replicate 5000 "1, " + "x]")
                let output = freeze [ "check"; path ]
                contains "unknown name `x`" output.Errors

                for line in output.Errors.Split '\n' do
                    between 0 200 line.Length
            }
        ]
