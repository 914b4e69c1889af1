/// freeze status, show, gc and export.
module Freeze.Cli.Tests.StatusTests

open System.IO
open System.Text.Json
open System.Threading
open Expecto
open Freeze
open Freeze.Cli.Tests.Command
open Freeze.Tests.Expectations

let private two =
    quick.Replace("images 640", "images 128").Replace("lr 0.02", "lr [900, 0.02]")

let private folders (store: string) =
    Directory.GetDirectories store |> Array.map Path.GetFileName |> Array.sort

let private states (output: Output) =
    (items output).EnumerateArray()
    |> Seq.map _.GetProperty("state").GetString()
    |> List.ofSeq

[<Tests>]
let tests =
    testList
        "status, show, gc and export"
        [
            test "without files status lists the store, and an empty one is said to be empty" {
                contains "holds no run" (freeze [ "status"; "--store"; folder () ]).Text
                contains "holds no run" (freeze [ "status"; "--store"; "/nonesuch" ]).Text
            }

            test "show finds a run by hash, beginning and name, and export takes its weights away" {
                let store, source = folder (), file two
                freeze [ "run"; source; "--store"; store ] |> ignore

                let hashOf state =
                    (items (freeze [ "status"; "--store"; store; "--json" ])).EnumerateArray()
                    |> Seq.find (fun run -> run.GetProperty("state").GetString() = state)
                    |> _.GetProperty("hash").GetString()

                let show run =
                    freeze [ "show"; run; "--store"; store ]

                let hash = hashOf "done"

                for name in [ hash; hash.Substring(0, 8); "lr=0.02" ] do
                    let output = show name
                    equal 0 output.Code
                    contains hash output.Text
                    contains "test: accuracy" output.Text
                    contains "last.safetensors" output.Text

                contains "diverged" (show (hashOf "failed")).Text
                equal 2 (show "nonesuch").Code
                equal 2 (show "").Code

                let target = Path.Combine(folder (), "weights.safetensors")

                let export run more =
                    freeze ([ "export"; run; "--safetensors"; target; "--store"; store ] @ more)

                equal 0 (export hash []).Code

                equal
                    (File.ReadAllBytes(Path.Combine(store, hash, "last.safetensors")))
                    (File.ReadAllBytes target)

                contains "--force" (export hash []).Errors
                equal 0 (export hash [ "--force" ]).Code
                contains "not finished" (export (hashOf "failed") [ "--force" ]).Errors
            }

            test "the best weights are shown, and exported when asked for" {
                let store = folder ()

                let source =
                    file (quick.Replace("epochs 1", "epochs 3; validate 64; keep [last, best]"))

                let output = freeze [ "run"; source; "--store"; store ]
                equal 0 output.Code
                contains "test of best" output.Text
                let target = Path.Combine(folder (), "best.safetensors")

                let export run =
                    freeze
                        [
                            "export"
                            run
                            "--best"
                            "--safetensors"
                            target
                            "--store"
                            store
                            "--force"
                        ]

                let best =
                    Directory.GetFiles(store, "best.safetensors", SearchOption.AllDirectories)
                    |> Array.exactlyOne

                equal 0 (export "keep=best").Code
                equal (File.ReadAllBytes best) (File.ReadAllBytes target)
                let shown = freeze [ "show"; "keep=best"; "--store"; store ]
                matches @"kept too: epoch [1-3], the best by validation accuracy; test accuracy \d" shown.Text
                contains "best.safetensors" shown.Text

                let without = export "keep=last"
                refused "keep best" without
                lacks "kept too" (freeze [ "show"; "keep=last"; "--store"; store ]).Text

                let content = File.ReadAllBytes best
                content[content.Length - 1] <- content[content.Length - 1] ^^^ 1uy
                File.WriteAllBytes(best, content)
                let damaged = export "keep=best"
                refused "damaged" damaged
            }

            test
                "a longer run goes on from a shorter one, says so before and after, and gc --ends takes that away" {
                let store = folder ()
                let text = quick.Replace("images 640", "images 128")
                let short, long = file text, file (text.Replace("epochs 1", "epochs 3"))
                equal 0 (freeze [ "run"; short; "--store"; store ]).Code
                let hash = folders store |> Array.find (fun name -> name.Length = 16)

                let plan path =
                    (freeze [ "plan"; path; "--store"; store ]).Text

                let dry path =
                    (freeze [ "run"; path; "--store"; store; "--dry-run" ]).Text

                let start = $"test, {hash} (1 epoch)"
                contains $"test goes on from {start}" (plan long)
                contains $"go on from {start}" (dry long)
                lacks "go on from" (dry short + dry (file (text.Replace("epochs 1", "epochs 3; seed 2"))))
                lacks "goes on from" (freeze [ "plan"; long; "--store"; folder () ]).Text

                equal 0 (freeze [ "gc"; short; "--store"; store; "--ends"; "--dry-run" ]).Code
                let output = freeze [ "run"; long; "--store"; store ]
                contains $"goes on from {hash} (1 epoch)" output.Errors
                lacks "epoch 1/3" output.Errors
                lacks "goes on from" (plan long)

                let longer =
                    folders store |> Array.find (fun name -> name.Length = 16 && name <> hash)

                contains
                    $"epochs 1 to 1 were trained by {hash}"
                    (freeze [ "show"; longer; "--store"; store ]).Text

                let gc = freeze [ "gc"; short; long; "--store"; store; "--ends" ]
                contains "2 ends removed" gc.Text
                isEmpty (Directory.GetFiles(store, "end.safetensors", SearchOption.AllDirectories))
                contains "nothing: finished" (dry long)
                contains "start" (dry (file (text.Replace("epochs 1", "epochs 4"))))
            }

            // Plans come from other programs too: what a run is called may be anything.
            test "names that look like paths, commands or terminal codes are only names" {
                let store = folder ()

                let plan =
                    (freeze [ "plan"; "--json"; file (quick.Replace("images 640", "images 64")) ]).Text

                let run = PlanFile.ofText plan |> Array.exactlyOne

                let names =
                    [|
                        "../../x"
                        "$(touch hacked)"
                        "two\nlines; touch hacked"
                        "\027[31mred"
                        "'; touch hacked; '"
                        "-rf"
                        String.replicate 300 "n"
                    |]

                let runs =
                    names
                    |> Array.mapi (fun i name ->
                        { run with
                            Name = name
                            Recipe = { run.Recipe with Seed = int64 i }
                        })

                let path = Path.Combine(folder (), "plan.json")
                File.WriteAllText(path, PlanFile.ofRuns runs)
                let work = folder ()

                let freeze arguments =
                    freezeIn work (arguments @ [ "--store"; store ])

                let ran = freeze [ "run"; path ]
                equal 0 ran.Code
                let status = freeze [ "status"; path ]
                let submitted = freeze [ "submit"; path; "--slurm"; "--set"; "seed=9"; "--dry-run" ]
                equal 2 submitted.Code

                for output in [ ran; status; freeze [ "show"; names[2] ]; freeze [ "show"; names[3] ] ] do
                    lacks "\027" (output.Text + output.Errors)
                    lacks "two\nlines" (output.Text + output.Errors)

                equal names.Length (Directory.GetDirectories(store).Length)

                for name in folders store do
                    matches "^[0-9a-f]{16}$" name

                isEmpty (Directory.GetFileSystemEntries work)

                let told =
                    (items (freeze [ "status"; path; "--json" ])).EnumerateArray()
                    |> Seq.map _.GetProperty("name").GetString()
                    |> Array.ofSeq

                equal names told
            }
        ]

[<Tests>]
let processes =
    testSequencedGroup "processes"
    <| testList
        "status, show, gc and export in processes"
        [
            test "status tells what is done, failed, running, interrupted and waiting" {
                let store = folder ()
                let source = file (two.Replace("0.02]", "0.02, 0.03]"))

                equal
                    1
                    (freeze [ "run"; source; "--store"; store; "--only"; "lr=900"; "--only"; "lr=0.02" ]).Code

                let status = freeze [ "status"; source; "--store"; store; "--json" ]
                equal [ "failed"; "done"; "waiting" ] (states status)
                contains "diverged" ((items status).[0].GetProperty("message").GetString())
                between 0.0 1.0 ((items status).[1].GetProperty("testAccuracy").GetDouble())

                let text = (freeze [ "status"; source; "--store"; store ]).Text
                contains "1 done, 1 waiting, 1 failed" text

                let long = file (quick.Replace("epochs 1", "epochs 10000"))
                let started = start [ "run"; long; "--store"; store ]

                while Directory.GetFiles(store, "times.jsonl", SearchOption.AllDirectories)
                      |> Array.filter (fun path -> FileInfo(path).Length > 0L)
                      |> Array.length
                        <
                        2 do
                    Thread.Sleep 50

                let running = (items (freeze [ "status"; long; "--store"; store; "--json" ])).[0]
                equal "running" (running.GetProperty("state").GetString())
                contains $"process {started.Id} of " (running.GetProperty("holder").GetString())
                between 1 9999 (running.GetProperty("epochs").GetInt32())
                between 1.0 1e7 (running.GetProperty("secondsLeft").GetDouble())

                matches
                    "since 20[0-9-]+ [0-9:]+ at process"
                    (freeze [ "status"; long; "--store"; store ]).Text

                // What runs is not collected, and nothing but runs is.
                let kept = freeze [ "gc"; source; "--store"; store; "--yes" ]
                contains "is kept" kept.Errors
                lacks "the files mean every run" kept.Text
                isFalse started.HasExited

                started.Kill()
                finish started |> ignore

                equal [ "interrupted" ] (states (freeze [ "status"; long; "--store"; store; "--json" ]))
            }

            test "gc removes what no file means, under no profile either, and nothing else" {
                let store = folder ()
                let text = quick.Replace("images 640", "images 128")
                let source = file (text + "profile short { seed 2 }")
                let other = file (text + "seed 3")

                for arguments in [ [ source ]; [ source; "--profile"; "short" ]; [ other ] ] do
                    equal 0 (freeze ([ "run"; "--store"; store ] @ arguments)).Code

                let outside = folder ()
                File.WriteAllText(Path.Combine(outside, "kept"), "no run's")

                Directory.CreateSymbolicLink(Path.Combine(store, "0123456789abcdef"), outside)
                |> ignore

                Directory.CreateDirectory(Path.Combine(store, "notes")) |> ignore
                File.WriteAllText(Path.Combine(store, "notes.txt"), "")
                let before = folders store
                equal 5 before.Length

                let dry = freeze [ "gc"; source; "--store"; store; "--dry-run" ]
                equal 0 dry.Code
                contains "would be removed" dry.Text
                // Where nobody can be asked.
                equal 2 (freezeProcess [ "gc"; source; "--store"; store ]).Code
                equal 2 (freeze [ "gc"; file "conv9: fixed"; "--store"; store; "--yes" ]).Code
                equal before (folders store)

                let done' = freeze [ "gc"; source; "--store"; store; "--yes" ]
                contains "1 removed" done'.Text
                contains "it is not the folder of a run" done'.Errors
                // What could not be removed is no room that was won.
                let again = json (freeze [ "gc"; source; "--store"; store; "--yes"; "--json" ])
                equal 0L (again.GetProperty("bytes").GetInt64())
                equal 4 (folders store).Length
                isTrue (File.Exists(Path.Combine(outside, "kept")))
                isTrue (File.Exists(Path.Combine(store, "notes.txt")))

                equal
                    [ "done"; "done" ]
                    (states (freeze [ "status"; source; "--set"; "seed=[1, 2]"; "--store"; store; "--json" ]))
            }
        ]
