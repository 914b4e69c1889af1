/// What `freeze run` chooses, changes, foretells and does side by side.
module Freeze.Cli.Tests.JobTests

open System.Diagnostics
open System.IO
open System.Threading
open Expecto
open Freeze.Cli.Tests.Command
open Freeze.Tests.Expectations

let private grid =
    "data mnist-sample; images 192; test 100 images; batch 64; epochs 2; seed 1..2
     optimizer sgd(lr [0.02, 0.05])"

let private names (output: Output) =
    (items output).EnumerateArray()
    |> Seq.map _.GetProperty("name").GetString()
    |> List.ofSeq

let private plan more =
    freeze ([ "plan"; "--json"; file grid ] @ more)

let private workersOf (parent: int) =
    use found =
        Process.Start(ProcessStartInfo("pgrep", [ "-P"; string parent ], RedirectStandardOutput = true))

    let text = found.StandardOutput.ReadToEnd()
    found.WaitForExit()
    text.Split('\n', System.StringSplitOptions.RemoveEmptyEntries) |> Array.map int

let private isAlive (id: int) = Directory.Exists $"/proc/{id}"

[<Tests>]
let tests =
    testList
        "jobs"
        [
            test "--only narrows by axes and widens by values" {
                equal [ "seed=1 lr=0.05"; "seed=2 lr=0.05" ] (names (plan [ "--only"; "lr=0.050" ]))
                equal 4 (names (plan [ "--only"; "lr=0.05"; "--only"; "lr=0.02" ])).Length
                equal [ "seed=2 lr=0.05" ] (names (plan [ "--only"; "lr=0.05"; "--only"; "seed=2" ]))
            }

            testTheory
                "--only that means nothing is refused with what there is"
                [
                    "lr", "expected axis=value"
                    "rate=1", "no axis has this name; there is seed and lr"
                    "lr=7", "lr is 0.02 or 0.05"
                ]
                (fun (condition, message) ->
                    let output = plan [ "--only"; condition ]
                    refused message output)

            test "--set lies over the file, its profile and its lets" {
                let source =
                    file (
                        quick
                        + "let k = 1; profile short { epochs 3 }; case a { epochs 4; layer k: fixed }"
                    )

                let plan more =
                    (items (freeze ([ "plan"; "--json"; source; "--profile"; "short" ] @ more))).[0]

                let epochs more =
                    (plan more).GetProperty("recipe").GetProperty("epochs").GetInt32()

                equal 3 (epochs [])
                equal 2 (epochs [ "--set"; "epochs=2" ])
                equal 2 (epochs [ "--set"; "epochs 2" ])

                let fixed' more =
                    (plan more).GetProperty("layers").EnumerateArray()
                    |> Seq.find (fun layer -> layer.GetProperty("fixed").GetInt64() > 0L)
                    |> _.GetProperty("name").GetString()

                equal "conv1" (fixed' [])
                equal "conv2" (fixed' [ "--set"; "k = 2" ])
            }

            testTheory
                "a mistake in --set is shown in its text"
                [
                    "epoch=1", "did you mean `epochs`?"
                    "epochs=many", "--set:1:8"
                    "rest: fixed", "inside a profile"
                    "epochs=(", "--set:1:"
                ]
                (fun (statement, message) ->
                    let output = plan [ "--set"; statement ]
                    refused message output
                    contains statement output.Errors)

            test "FREEZE_MEMORY says how much of the features lies in memory" {
                let source = file (wholeTest + "conv1, conv2: fixed")

                let run memory store =
                    freezeWith [ "FREEZE_MEMORY", memory ] [ "run"; source; "--store"; store ]

                contains "outputs of flatten1 once, 5 MB in memory" (run "6" (folder ())).Errors
                let store = folder ()
                contains "outputs of flatten1 once, 5 MB in a file" (run "4" store).Errors

                Seq.exactlyOne (Directory.GetDirectories(Path.Combine(store, "features")))
                |> ignore
                // What else lies in the store is no run.
                equal 0 (freeze [ "gc"; source; "--store"; store; "--yes" ]).Code

                let wrong = run "much" (folder ())
                refused "FREEZE_MEMORY is much" wrong
            }

            testTheory
                "a pass that there is not is refused with those that there are"
                [
                    "slcies", "did you mean slices?"
                    "prefix,speed", "--without speed: there is no such pass"
                ]
                (fun (passes, message) ->
                    for command in [ [ "run" ]; [ "submit"; "--slurm"; "--dry-run" ] ] do
                        let output = freeze (command @ [ file grid; "--without"; passes ])
                        refused message output
                        contains "  channels-last: the channels of a pixel" output.Errors)

            test "--dry-run foretells and does nothing" {
                let store = Path.Combine(folder (), "runs")
                let output = freeze [ "run"; file grid; "--store"; store; "--dry-run" ]
                equal 0 output.Code
                equal 4 (System.Text.RegularExpressions.Regex.Matches(output.Text, " start ").Count)
                isFalse (Directory.Exists store)
            }

            testTheory
                "--jobs takes a number"
                [ "auto", "--jobs"; "0", "--jobs 0: expected a number from 1 to 256" ]
                (fun (jobs, message) ->
                    let output = freeze [ "run"; file grid; "--store"; folder (); "--jobs"; jobs ]
                    refused message output)
        ]

[<Tests>]
let processes =
    testSequencedGroup "processes"
    <| testList
        "jobs in processes"
        [
            test "a search that halves was not done before, though its workers tell only of its first rung" {
                let source =
                    file (
                        "data mnist-sample; net lenet; images 640; validate 64; epochs 1\n"
                        + "search halving 3 by validation accuracy\nlr ~ 0.02 * 10^normal(0, 0.1)"
                    )

                let call = [ "run"; source; "--store"; folder (); "--jobs"; "2"; "--threads"; "2" ]

                let first = freezeProcess call
                contains "rung 2" first.Text
                lacks "Nothing to do" first.Text
                contains "Nothing to do" (freezeProcess call).Text
            }

            test
                "several jobs leave what one leaves; passes are left out in workers too, and the records say so" {
                let source, one, two =
                    file (grid + "; conv2: train 5 filters"), folder (), folder ()

                let run store more =
                    [ "run"; source; "--store"; store; "--without"; "pool-relu,slices" ]
                    @ [ "--without"; "channels-last" ]
                    @ more

                equal 0 (freeze (run one [ "--threads"; "1" ])).Code
                let output = freezeProcess (run two [ "--threads"; "2"; "--jobs"; "2" ])
                equal 0 output.Code
                contains "4 of 4" output.Errors
                lacks "waiting" output.Errors
                let results = Directory.GetFiles(one, "result.json", SearchOption.AllDirectories)
                equal 4 results.Length

                for result in results do
                    equal (File.ReadAllBytes result) (File.ReadAllBytes(result.Replace(one, two)))
                    contains ", without slices, pool-relu, channels-last\"" (File.ReadAllText result)

                contains "finished before" (freeze (run two [])).Text
            }

            test "with several jobs a failure is tried again once, and a fast failure ends all" {
                let source = file (grid.Replace("0.02,", "900,").Replace("epochs 2", "epochs 500"))
                let store = folder ()

                let output =
                    freezeProcess [ "run"; source; "--store"; store; "--jobs"; "2"; "--fail-fast"; "--json" ]

                equal 1 output.Code

                let outcomes =
                    (items output).EnumerateArray()
                    |> Seq.map _.GetProperty("outcome").GetString()
                    |> List.ofSeq

                includes "failed" outcomes
                includes "interrupted" outcomes
                excludes "finished" outcomes

                let again =
                    freezeProcess
                        [
                            "run"
                            source
                            "--store"
                            store
                            "--only"
                            "lr=900"
                            "--jobs"
                            "2"
                            "--retry"
                        ]

                equal 1 again.Code

                let diverged =
                    System.Text.RegularExpressions.Regex.Matches(again.Errors, "900 failed: ")

                equal 2 diverged.Count
            }

            testTheory "workers end with their parent, and save" [ "INT"; "KILL" ] (fun signal ->
                let store = folder ()
                let source = file (grid.Replace("epochs 2", "epochs 100000"))

                let started =
                    start [ "run"; source; "--store"; store; "--jobs"; "2"; "--threads"; "2" ]

                while Directory.GetFiles(store, "metrics.jsonl", SearchOption.AllDirectories).Length < 2 do
                    Thread.Sleep 100

                let workers = workersOf started.Id
                equal 2 workers.Length
                use kill = Process.Start("kill", [ "-" + signal; string started.Id ])
                kill.WaitForExit()
                let output = finish started

                if signal = "INT" then
                    equal 1 output.Code
                    contains "Stopped and saved" output.Text

                Expect.isTrue
                    (SpinWait.SpinUntil((fun () -> not (Array.exists isAlive workers)), 60000))
                    "a worker lives on"

                equal
                    2
                    (Directory.GetFiles(store, "checkpoint.safetensors", SearchOption.AllDirectories).Length)

                isEmpty (Directory.GetFiles(store, "claim-*", SearchOption.AllDirectories)))
        ]
