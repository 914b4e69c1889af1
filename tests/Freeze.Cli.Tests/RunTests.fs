module Freeze.Cli.Tests.RunTests

open System.Diagnostics
open System.IO
open System.Threading
open Expecto
open Freeze
open Freeze.Records
open Freeze.Cli.Tests.Command
open Freeze.Tests.Expectations

let private hashes (store: string) =
    Directory.GetDirectories store |> Array.map Path.GetFileName |> Array.sort

let private untilStarted (store: string) (started: Process) =
    let rec wait tries =
        if tries = 0 || started.HasExited then
            failwith "the run did not start"
        elif Directory.GetFiles(store, "metrics.jsonl", SearchOption.AllDirectories).Length = 0 then
            Thread.Sleep 100
            wait (tries - 1)

    wait 300

let private long =
    quick.Replace("epochs 1", "epochs 10000").Replace("images 640", "images 6000")

let private signal (name: string) (target: Process) =
    use kill = Process.Start("kill", [ "-" + name; string target.Id ])
    kill.WaitForExit()

/// Until a run under way has been saved.
let private untilSaved (store: string) =
    let rec wait tries =
        if tries = 0 then
            failwith "the run was not saved"
        elif Directory.GetFiles(store, "checkpoint.safetensors", SearchOption.AllDirectories).Length = 0 then
            Thread.Sleep 100
            wait (tries - 1)

    wait 300

[<Tests>]
let tests =
    testList
        "run"
        [
            test "a run leaves its plan, metrics, weights and result" {
                let store = folder ()

                let output =
                    freeze
                        [
                            "run"
                            file (quick + "conv1: fixed; conv2: train 0.4 filters; fc2: zero")
                            "--store"
                            store
                        ]

                equal 0 output.Code
                contains "epoch 1/1" output.Errors

                let run = Path.Combine(store, hashes store |> Array.exactlyOne)

                let text name =
                    File.ReadAllText(Path.Combine(run, name))

                Seq.exactlyOne (PlanFile.ofText (text "plan.json")) |> ignore
                let line = Seq.exactlyOne ((text "metrics.jsonl").TrimEnd('\n').Split '\n')
                let record = Json.ofText<EpochRecord> line
                let result = Json.ofText<RunResult>(text "result.json")
                equal [| record |] result.Epochs
                equal (result.Counts.Fixed + result.Counts.Zero) result.StillVerified

                let weights = Safetensors.Read(Path.Combine(run, "last.safetensors"))
                equal [| 50L; 20L; 5L; 5L |] (weights["conv2.weight"].Shape)

                for value in weights["fc2.weight"].ToSingles() do
                    equal 0.0f value
            }

            test "the same run twice gives the same bits, and is trained once in one store" {
                let source = file quick
                let stores = [ folder (); folder () ]

                for store in stores do
                    equal 0 (freeze [ "run"; source; "--store"; store ]).Code

                let weights store =
                    File.ReadAllBytes(Path.Combine(store, (hashes store)[0], "last.safetensors"))

                equal (weights stores[0]) (weights stores[1])
                contains "finished before" (freeze [ "run"; source; "--store"; stores[0] ]).Text
            }

            test "a run that fails does not stop the others" {
                let store = folder ()
                let text = quick.Replace("lr 0.02", "lr [900, 0.02]")
                let output = freeze [ "run"; "--json"; file text; "--store"; store ]
                equal 1 output.Code

                let outcomes =
                    (items output).EnumerateArray()
                    |> Seq.map _.GetProperty("outcome").GetString()
                    |> List.ofSeq

                equal [ "failed"; "finished" ] outcomes
                let failure = (items output).[0].GetProperty("failure")
                contains "diverged" (failure.GetProperty("message").GetString())
                contains "lower learning rate" output.Errors
            }

            test "nothing starts while any file has an error" {
                let store = folder ()
                let output = freeze [ "run"; file quick; file "conv9: fixed"; "--store"; store ]
                equal 2 output.Code
                isEmpty (Directory.GetDirectories store)
            }

            test "a number of threads out of range is refused" {
                equal 2 (freeze [ "run"; file quick; "--threads"; "0" ]).Code
            }

            test "a profile in force is named in the table, and no other has a column" {
                let store = folder ()

                let source =
                    file (quick.Replace("images 640", "images 64") + "profile short { seed 2 }")

                let plain = freeze [ "run"; source; "--store"; store ]
                lacks "profile" plain.Text
                let under = freeze [ "run"; source; "--store"; store; "--profile"; "short" ]
                matches @"profile +trained" under.Text
                matches @" short +\d" under.Text

                let json =
                    items (freeze [ "run"; source; "--store"; store; "--profile"; "short"; "--json" ])

                equal "short" (json.[0].GetProperty("profile").GetString())
            }

            test
                "a plan finds its file of weights from any folder, and where that is missing the run has not failed" {
                let home, store = folder (), folder ()
                let text = quick.Replace("images 640", "images 128")
                equal 0 (freeze [ "run"; file text; "--store"; store ]).Code
                let hash = Path.GetFileName(Directory.GetDirectories(store).[0]) |> string
                let weights = Path.Combine(home, "w.safetensors")
                equal 0 (freeze [ "export"; hash; "--store"; store; "--safetensors"; weights ]).Code

                let source = Path.Combine(home, "x.frz")
                File.WriteAllText(source, text + "fc2: train; rest: fixed init from \"w.safetensors\"")
                let plan = Path.Combine(folder (), "plan.json")
                File.WriteAllText(plan, (freeze [ "plan"; source; "--json" ]).Text)
                let runs = folder ()
                let run () = freeze [ "run"; plan; "--store"; runs ]

                File.Move(weights, weights + ".away")
                let missing = run ()
                equal 1 missing.Code
                contains "which weights start from, is not on this machine" missing.Errors
                isEmpty (Directory.GetFiles(runs, "failure.json", SearchOption.AllDirectories))

                File.Move(weights + ".away", weights)
                equal 0 (run ()).Code
            }
        ]

[<Tests>]
let processes =
    testSequencedGroup "processes"
    <| testList
        "run in processes"
        [
            testTheory
                "a signal ends the step, and the run is said to be interrupted"
                [ "INT"; "TERM" ]
                (fun name ->
                    let store = folder ()
                    let started = start [ "run"; file (long + "seed 1..2"); "--store"; store ]
                    untilStarted store started
                    signal name started
                    let output = finish started
                    equal 1 output.Code
                    contains "interrupted" output.Text
                    // The second one has never begun.
                    contains "waiting" output.Text
                    isEmpty (Directory.GetFiles(store, "result.json", SearchOption.AllDirectories)))

            test "a second process waits for a run, and takes it over where the first is killed" {
                let store, source = folder (), file long
                let first = start [ "run"; source; "--store"; store; "--checkpoint-every"; "0" ]
                untilSaved store
                let second = start [ "run"; source; "--store"; store ]
                contains "waiting for 1 run" (second.StandardError.ReadLine())
                signal "KILL" first
                finish first |> ignore
                let told = second.StandardError.ReadLine()
                matches "going on after step [0-9]+ of epoch [0-9]+" told
                isFalse (told.EndsWith "after step 0 of epoch 1")
                signal "INT" second
                equal 1 (finish second).Code
            }
        ]
