module Freeze.Cli.Tests.LearningTests

open System.IO
open System.Text.RegularExpressions
open Expecto
open Freeze.Records
open Freeze.Cli.Tests.Command
open Freeze.Tests.Expectations

let private setting =
    "data mnist-sample; images 300; test 100 images; validate 60; batch 60; epochs 1; optimizer sgd\n"

let private rows (pattern: string) (output: Output) =
    output.Text.Split '\n'
    |> Array.filter (fun line -> Regex.IsMatch(line, pattern))
    |> Array.length

let private staged =
    setting
    + "net [short, long]; learn stage by stage; search random 1 per stage; lr ~ 0.02 * 10^normal(0, 1)\n"
    + "net short { stage 1 { conv 4 3x3; relu; maxpool 4 }; classifier: linear classes }\n"
    + "net long { stage 1 { conv 4 3x3; relu; maxpool 4 }; stage 2 { conv 8 3x3; relu }\n"
    + "classifier: linear classes }"

[<Tests>]
let tests =
    testList
        "ways to learn"
        [
            test "halving runs rung after rung and marks the best candidate of the last" {
                let text =
                    setting
                    + "search halving 9 by validation accuracy\nlr ~ 0.02 * 10^normal(0, 0.5)"

                let plan = freeze [ "plan"; file text ]

                contains
                    "of each 9 candidates the best go on: 3 with 3x the epochs, 1 with 9x the epochs"
                    plan.Text

                let store = folder ()
                let output = freeze [ "run"; file text; "--store"; store ]
                equal 0 output.Code
                equal 13 (rows "finished$" output)
                equal 1 (rows @" 9 +lr \S+ +\d+\.\d\d% +best$" output)
                equal 1 (rows @"best$" output)
                equal 13 (Directory.GetFiles(store, "result.json", SearchOption.AllDirectories).Length)
                // Three go on behind the first epoch, one of them behind the third.
                equal 3 (Regex.Count(output.Errors, @"goes on from [0-9a-f]{16} \(1 epoch\)"))
                equal 1 (Regex.Count(output.Errors, @"goes on from [0-9a-f]{16} \(3 epochs\)"))
            }

            test "the stages of a library net are halved one after the other, and make the net" {
                let text =
                    setting
                    + "net wrn-10-1; learn stage by stage; search halving 3 per stage; lr ~ 0.02 * 10^normal(0, 0.5)\n"
                    + "stage 3 { optimizer adam(lr 1e-3) }"

                let store = folder ()
                let output = freeze [ "run"; file text; "--store"; store ]
                equal 0 output.Code
                equal 2 (rows @"stage[12] +[123] of 3 " output)
                equal 1 (rows @"stage3 +1 of 1 " output)
                equal 2 (Regex.Count(output.Errors, @"candidate [123] of 3, rung 2"))
                equal 2 (Regex.Count(output.Errors, @"epoch 3/3 "))
                equal 2 (Regex.Count(output.Errors, @"goes on from .* \(1 epoch\)"))

                let run =
                    Directory.GetDirectories store
                    |> Array.find (fun path -> File.Exists(Path.Combine(path, "plan.json")))

                let weights = Safetensors.Read(Path.Combine(run, "last.safetensors"))
                isTrue (weights.ContainsKey "block2.unit1.shortcut.weight")
                isTrue (weights.ContainsKey "fc.weight")
                // It is not trained again.
                isFalse ((freeze [ "run"; file text; "--store"; store ]).Errors.Contains "candidate")
            }

            test "stages are told with what was chosen, and shared by the runs of a file" {
                let store = folder ()
                let output = freeze [ "run"; file staged; "--store"; store ]
                equal 0 output.Code
                equal 2 (rows @"stage1 +[12] of 2 " output)
                equal 1 (rows @"stage2 +[12] of 2 " output)
                equal 2 (Directory.GetDirectories(Path.Combine(store, "stages")).Length)
                equal 4 (Regex.Count(output.Errors, "candidate [12] of 2"))
            }

            test "an ensemble's members are told together" {
                let text =
                    setting
                    + "net lenet; lr 0.02\nensemble 2 after 1 epoch { case a { fc2: train; rest: fixed }; case b { rest: train } }"

                let store = folder ()
                let output = freeze [ "run"; file text; "--store"; store ]
                equal 0 output.Code
                contains "ensemble accuracy" output.Text
                // Members times 5,010 of the last layer; the net and one of them more.
                equal 1 (rows @"10,020 +436,090$" output)
                // Both cases and the net that they start from.
                equal
                    3
                    (Directory.GetFiles(store, "plan.json", SearchOption.AllDirectories)
                     |> Array.filter (fun path -> not (path.Contains "member"))
                     |> Array.length)
            }

            test "an ensemble's members are exported, and its runs are kept or removed together" {
                let ensemble =
                    file (
                        setting
                        + "net lenet; lr 0.02\nensemble 2 after 1 epoch { fc2: train; rest: fixed }"
                    )

                let store = folder ()
                equal 0 (freeze [ "run"; ensemble; "--store"; store ]).Code
                let plan = freeze [ "plan"; "--json"; ensemble ]
                let hash = (items plan).[0].GetProperty("hash").GetString()
                let target = Path.Combine(folder (), "w.safetensors")

                let export more =
                    freeze ([ "export"; hash; "--store"; store; "--safetensors"; target; "--force" ] @ more)

                contains "say which member, --member 1 to 2" (export []).Errors
                contains "say which member" (export [ "--member"; "3" ]).Errors
                equal 2 (export [ "--member"; "1"; "--best" ]).Code
                equal 0 (export [ "--member"; "2" ]).Code
                equal 8 (Safetensors.Read target).Count
                equal 0 (export [ "--member"; "2"; "--learned" ]).Code
                equal 2 (Safetensors.Read target).Count

                let gc source =
                    freeze [ "gc"; source; "--store"; store; "--yes" ]

                // The net that the members start from is meant too.
                equal 0 (gc ensemble).Code
                equal 0 (export [ "--member"; "1" ]).Code
                let other = gc (file (setting + "net lenet; lr 0.03"))
                equal 0 other.Code
                contains "2 removed" other.Text
            }

            test "members of a densenet keep no byte of what they do not learn" {
                // One step of each member.
                let text =
                    setting.Replace("images 300", "images 120")
                    + "net densenet-22-12; lr 0.01\n"
                    + "ensemble 5 after 1 epoch { bn, fc: train; conv: train 0.1 filters; rest: fixed }"

                let store = folder ()
                equal 0 (freeze [ "run"; file text; "--store"; store ]).Code

                let bytes isMember =
                    Directory.GetFiles(store, "last.safetensors", SearchOption.AllDirectories)
                    |> Array.filter (fun path -> path.Contains "member-" = isMember)
                    |> Array.map (fun path -> Safetensors.Read path |> Seq.sumBy _.Value.Bytes.Length)

                // Nor a plan of their own, which follows from the ensemble's.
                equal 2 (Directory.GetFiles(store, "plan.json", SearchOption.AllDirectories).Length)
                let whole = bytes false |> Array.exactlyOne
                let plan = freeze [ "plan"; "--json"; file text ]
                let weights = (items plan).[0].GetProperty("weights")
                let count (name: string) = weights.GetProperty(name).GetInt32()
                let statistics = whole - 4 * count "total"
                equal (Array.create 5 (4 * count "trained" + statistics)) (bytes true)
                between 1 (count "total" / 4) (count "trained")
            }

            test "a stage may end in a row of values, which have no pixels" {
                let text =
                    "data mnist-sample; images 640; epochs 1; batch 64; validate 64; learn stage by stage; net two\n"
                    + "net two { stage 1 { linear 32; relu }; stage 2 { linear 16; relu }; classifier: linear classes }\n"

                let output = freeze [ "run"; file text; "--store"; folder () ]
                equal 0 output.Code
                contains "finished" output.Text
            }
        ]

[<Tests>]
let processes =
    testSequencedGroup "processes"
    <| testList
        "ways to learn in processes"
        [
            test "two processes at the same time train each stage once" {
                let store, source = folder (), file staged
                let processes = [ for _ in 1..2 -> start [ "run"; source; "--store"; store ] ]
                let outputs = processes |> List.map finish

                for output in outputs do
                    equal 0 output.Code

                let notes =
                    outputs
                    |> List.sumBy (fun output -> Regex.Count(output.Errors, "candidate [12] of 2"))
                // Two stages of two candidates: three stages would be six.
                equal 4 notes
            }
        ]
