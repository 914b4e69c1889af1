module Freeze.Cli.Tests.PlanTests

open System.IO
open Expecto
open Freeze.Cli.Tests.Command
open Freeze.Tests.Expectations

[<Tests>]
let tests =
    testList
        "plan"
        [
            test "the plan as JSON is an array of runs with counts for each layer" {
                let runs = items (freeze [ "plan"; "--json"; "dsl-examples/lenet-each-layer.frz" ])
                equal 15 (runs.GetArrayLength())

                let run =
                    runs.EnumerateArray()
                    |> Seq.find (fun run -> run.GetProperty("name").GetString() = "frozen seed=1 i=2")

                let text (name: string) = run.GetProperty(name).GetString()
                equal ("frozen seed=1 i=2", "lenet", "mnist") (text "name", text "net", text "data")
                matches "^[0-9a-f]{16}$" (text "hash")
                equal """{"seed":1,"case":"frozen","i":2}""" (run.GetProperty("axes").GetRawText())

                equal
                    """{"total":431080,"trained":406030,"fixed":25050,"zero":0}"""
                    (run.GetProperty("weights").GetRawText())

                equal
                    """{"name":"conv2","kind":"conv","shape":[50,20,5,5],"trained":0,"fixed":25050,"zero":0}"""
                    (run.GetProperty("layers").[1].GetRawText())
            }

            test "the same file has the same hashes, and comments change none" {
                let hashes text =
                    (items (freeze [ "plan"; "--json"; file text ])).EnumerateArray()
                    |> Seq.map (fun run -> run.GetProperty("hash").GetString())
                    |> List.ofSeq

                equal (hashes "conv1: fixed\nseed 1..2") (hashes "# why\nseed 1..2 # two\n\nconv1:fixed")
            }

            test "a table shows every run, and the layers of a few" {
                let output = freeze [ "plan"; "dsl-examples/quickstart.frz" ]
                equal 0 output.Code
                contains "quickstart" output.Text
                contains "415,530" output.Text
                contains "50x20x5x5" output.Text
            }

            test "a plan file runs as the file that it came from" {
                let source = file (quick + "conv1: fixed")
                let plan = Path.Combine(folder (), "plan.json")
                File.WriteAllText(plan, (freeze [ "plan"; "--json"; source ]).Text)
                let store = folder ()
                equal 0 (freeze [ "run"; plan; "--store"; store ]).Code
                // The same recipe has the same address: nothing is trained again.
                contains "finished before" (freeze [ "run"; source; "--store"; store ]).Text
            }

            test "a file that is no plan is refused with its place" {
                let plan = Path.Combine(folder (), "plan.json")
                File.WriteAllText(plan, """[{"schema":4,"name":"a","profile":""}]""")
                let output = freeze [ "run"; plan ]
                refused "$[0]: field \"axes\" is missing" output
            }

            test "a plan says what is computed once, or why not, and whose gradients are left out" {
                let plan text = (freeze [ "plan"; file text ]).Text
                let fixed' = "data mnist; net lenet; conv1: fixed; "

                contains
                    "computed once: the outputs of maxpool1, 806 MB in "
                    (plan (fixed' + "conv2: train 0.4 filters"))

                contains "; then conv2 learns" (plan fixed')

                contains
                    "though fixed: crop moves the images; `copies 4` after `augment` keeps four varied copies of each image"
                    (plan (fixed' + "augment crop(2)"))

                contains
                    "computed once: the outputs of maxpool1 for 4 varied copies of each training image, 2880 MB in "
                    (plan (fixed' + "augment crop(2) copies 4"))

                lacks "`copies 4`" (plan (fixed' + "augment flip mixup(0.2)"))

                contains
                    "though fixed: the statistics of bn1 move; `stats frozen` in their rule keeps them"
                    (plan
                        "data mnist; net n { bn1: bn; relu; conv1: conv 4 3x3; fc: linear classes }\nnet n; bn1, conv1: fixed")

                // A convolution before the first norm is computed once, and more with the same way out.
                let wrn = "data cifar10; net wrn-10-1; rest: fixed; fc: train; "

                contains
                    "then the statistics of block1.unit1.bn1 move; `stats frozen` in their rule keeps them"
                    (plan wrn)

                contains
                    "flip varies the images; use `copies 4` after `augment`, and `stats frozen` in the rules"
                    (plan (wrn + "augment flip"))

                contains
                    "then the statistics of block1.unit1.bn1 move; `stats frozen`"
                    (plan (wrn + "augment flip copies 4"))

                contains
                    "the trained part of conv2 (20 of 50 filters)"
                    (plan (fixed' + "conv2: train 0.4 filters"))

                let passes =
                    (items (freeze [ "plan"; "--json"; file (fixed' + "images 1000") ])).[0].GetProperty
                        "passes"

                let features = passes.GetProperty "features"
                equal "maxpool1" (features.GetProperty("output").GetString())
                equal (11_000L * 20L * 12L * 12L * 4L) (features.GetProperty("bytes").GetInt64())
                equal "conv1" (passes.GetProperty("noBackward").[0].GetString())
            }

            test "a plan with --time takes steps of each run and says how long all would take" {
                let source =
                    file (quick + "case a { conv1: fixed; epochs 1 }; case b { epochs 40 }; seed 1..2")

                let output = freeze [ "plan"; "--time"; "--threads"; "1"; source ]
                equal 0 output.Code
                contains "ms a step" output.Text

                matches
                    "for 4 of 4 runs, one after the other on 1 threads of this machine, less .*; [0-9.]+ GB"
                    output.Text
                // Seeds take the same time: they are timed once.
                equal 2 ((output.Errors.Split "timing steps of").Length - 1)
            }

            test "a plan says how much its runs compute" {
                let output =
                    freeze [ "plan"; file "data mnist-sample; net lenet; epochs 3; validate test" ]

                contains "multiply-adds in all: steps on 18,000 images, 3,000 evaluated" output.Text
            }

            test "a plan prices each stage, and says what runs share" {
                let output =
                    freeze
                        [
                            "plan"
                            "--layers"
                            file
                                "data cifar10; images 10000; validate 1000; epochs 1; net [cnn1, cnn6]; learn stage by stage\nstage 1 { lr 0.02; decay 0.5 }"
                        ]

                equal 0 output.Code
                contains "3 stage trainings, 2 distinct; 3 candidates, 2 distinct; " output.Text
                contains " if runs shared nothing" output.Text
                // Of both runs: 2·(1024·32·27 + 1024·32·288 + 81,920) + 1024·32·288 + 81,920 in a step.
                matches "stage1 +1 +0.02 +0.5 +30.3 M +283.3 G +of 2 runs" output.Text
                matches "stage2 +1 +0.01 +0 +10.3 M once" output.Text
            }
        ]
