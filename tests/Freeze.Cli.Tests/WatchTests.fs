/// freeze watch: a batch as it goes on.
module Freeze.Cli.Tests.WatchTests

open System
open System.Diagnostics
open System.IO
open System.Threading
open Expecto
open Freeze
open Freeze.Cli
open Freeze.Cli.StoreIndex
open Freeze.Cli.Tests.Command
open Freeze.Cli.Watching
open Freeze.Records
open Freeze.Tests.Expectations

let private small = quick.Replace("images 640", "images 128")

let private lines (output: Output) =
    output.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)

/// Waits for a run in a store to have recorded an epoch.
let private awaitEpoch (store: string) =
    while Directory.GetFiles(store, "times.jsonl", SearchOption.AllDirectories)
          |> Array.exists (fun path -> FileInfo(path).Length > 0L)
          |> not do
        Thread.Sleep 50

/// Starts freeze on a terminal of its own, and gives the process and what it draws in the end.
let private onTerminal (arguments: string list) =
    let command =
        "dotnet" :: program :: arguments
        |> List.map (sprintf "'%s'")
        |> String.concat " "

    let info =
        ProcessStartInfo("script", [ "-qec"; $"stty rows 12 cols 100; exec {command}"; "/dev/null" ])

    info.RedirectStandardOutput <- true
    info.RedirectStandardInput <- true
    info.Environment["TERM"] <- "xterm-256color"
    let started = Process.Start info
    started, started.StandardOutput.ReadToEndAsync()

let private entry (number: int) state =
    {
        Name = $"seed={number}"
        Hash = number.ToString "x16"
        Epochs = 10
        State = state
        Bases = []
    }

/// What a wide terminal shows of a board.
let private shown (board: Board) =
    WatchView.lines 120 false board |> String.concat "\n"

/// Records as a finished run leaves them, as far as watching reads them.
let private finishedRun (store: string) (number: int) (ended: DateTime) =
    let hash = number.ToString "x16"
    let folder = Path.Combine(store, hash)
    Directory.CreateDirectory folder |> ignore
    let path = Path.Combine(folder, "result.json")

    File.WriteAllText(
        path,
        $"{{\"hash\":\"{hash}\",\"name\":\"run {number}\",\"epochs\":[],\"testAccuracy\":0.9}}"
    )

    File.SetLastWriteTimeUtc(path, ended)

[<Tests>]
let tests =
    testList
        "watch"
        [
            test "a batch in which a run fails ends with 1, and one that has ended is told at once" {
                let store, source = folder (), file (small.Replace("lr 0.02", "lr [900, 0.02]"))
                freeze [ "run"; source; "--store"; store ] |> ignore
                let watched = freeze [ "watch"; source; "--store"; store ]
                equal 1 watched.Code
                equal [| "1 done, 1 failed" |] (lines watched)
                equal 1 (freeze [ "watch"; "--store"; store ]).Code
                equal 0 (freeze [ "watch"; source; "--only"; "lr=0.02"; "--store"; store ]).Code
                contains "holds no run" (freeze [ "watch"; "--store"; folder () ]).Text
            }

            test "a search that halves is over when its last rung is" {
                let store = folder ()

                let source =
                    file (
                        "data mnist-sample; images 128; test 100 images; batch 64; epochs 1; optimizer sgd\n"
                        + "search halving 3 by validation accuracy\nlr ~ 0.02 * 10^normal(0, 0.1)"
                    )

                equal 0 (freeze [ "run"; source; "--store"; store ]).Code
                let watched = freeze [ "watch"; source; "--store"; store ]
                equal "4 done" (Array.last (lines watched))
            }

            test "a run under way shows its newest epoch, how long it will take, and who has it" {
                let attempt =
                    {
                        Holder = "process 12 of node7"
                        Since = ""
                        Epochs = 3
                        Left = 140.0
                        Silent = 0.0
                    }

                let epoch number accuracy =
                    {
                        Epoch = number
                        TrainingLoss = 1.0
                        TrainingAccuracy = 0.5
                        ValidationLoss = 0.25
                        ValidationAccuracy = accuracy
                    }

                let entry = entry 1 (RunState.Running attempt)

                let text =
                    shown
                        {
                            Entries = [| entry |]
                            Rows =
                                [
                                    {
                                        Entry = entry
                                        Part = "member 2 of 3"
                                        Epochs = [| epoch 1 0.5; epoch 2 0.8; epoch 3 0.9 |]
                                    }
                                ]
                            IsOver = false
                        }

                matches
                    @"seed=1 +running +3/10 +90\.00% +0\.2500 +█▃▁ +member 2 of 3, 2 min left, process 12 of node7"
                    text
            }

            test "a run made of several trainings is at the first that has not ended" {
                let store = folder ()

                let source =
                    file (
                        small.Replace("(lr 0.02)", "")
                        + "learn stage by stage; search random 2 per stage by validation accuracy; lr ~ 0.02 * 10^normal(0, 0.1)\n"
                        + "validate 32; net long\nnet long { stage 1 { conv 4 3x3; relu; maxpool 4 }; stage 2 { conv 8 3x3; relu }\n"
                        + "classifier: linear classes }"
                    )

                let ran = freeze [ "run"; source; "--store"; store ]
                Expect.isTrue (ran.Code = 0) ran.Errors

                let run =
                    PlanFile.ofText (freeze [ "plan"; "--json"; source ]).Text |> Array.exactlyOne

                let parts = RunParts.ofRun (RunStore store) (Address.ofRecipe run.Recipe) run
                // Two are drawn for each stage, and the start of the search is tried as well.
                equal (2 * 3) parts.Length
                Expect.isTrue (RunParts.current parts).IsNone "all candidates of all stages have ended"

                // As if the last candidate were under way.
                File.Delete(Path.Combine(parts[5].Files.Folder, "result.json"))
                let current = RunParts.current parts |> Option.get
                equal "stage 2 of 2, candidate 3 of 3" current.Name
                isTrue (File.Exists(Path.Combine(current.Files.Folder, "metrics.jsonl")))
            }

            test "the curve has the last of the epochs that share a bar" {
                equal "" (WatchView.sparkline [||])
                equal "▁▁" (WatchView.sparkline [| 0.5; 0.5 |])
                equal "▁▅█" (WatchView.sparkline [| 0.0; 0.5; nan; 1.0 |])
                let long = WatchView.sparkline (Array.init 1000 (fun i -> 1000.0 - float i))
                equal 14 long.Length
                endsWith "▁" long
            }

            test "of many runs the newest have rows, and the others are counted" {
                let store = folder ()
                let start = DateTime(2026, 3, 1, 0, 0, 0, DateTimeKind.Utc)

                // The last of the list ended first.
                for number in 1..2000 do
                    finishedRun store number (start.AddMinutes(float -number))

                let follower = Follower(RunStore store, None)
                let board = follower.Look 3
                equal 2000 board.Entries.Length
                equal [ "run 1"; "run 2"; "run 3" ] (board.Rows |> List.map _.Entry.Name)
                contains "and 1,997 more: 1,997 done" (shown board)
                contains "2,000 done" (shown board)

                // One that ends later is seen by the next look.
                finishedRun store 2001 (start.AddMinutes 1.0)
                let later = follower.Look 3
                equal [ "run 2001"; "run 1"; "run 2" ] (later.Rows |> List.map _.Entry.Name)
                equal [ "2,001 done" ] (WatchView.changes (Some board) { later with Rows = [] })
            }
        ]

[<Tests>]
let processes =
    testSequencedGroup "processes"
    <| testList
        "watch in processes"
        [
            test "a batch is followed from another process to its end, in lines without control codes" {
                let store = folder ()

                let source =
                    file (quick.Replace("epochs 1", "epochs 6").Replace("lr 0.02", "lr [0.01, 0.02]"))

                let ran = start [ "run"; source; "--store"; store ]
                let number = ran.Id
                let watched = freezeProcess [ "watch"; source; "--store"; store ]
                equal 0 (finish ran).Code
                equal 0 watched.Code
                equal "2 done" (Array.last (lines watched))
                lacks "\027" watched.Text

                for lr in [ "lr=0.01"; "lr=0.02" ] do
                    exists
                        (fun (line: string) ->
                            line.StartsWith(lr + "  done  6  accuracy ") && line.Contains "test ")
                        (lines watched)

                matches $"running  .*process {number} of " watched.Text
            }

            test "on a terminal the table is drawn until the end, with a curve for each run" {
                needsTerminal ()
                let store, source = folder (), file (small.Replace("epochs 1", "epochs 3"))
                equal 0 (freeze [ "run"; source; "--store"; store ]).Code
                let started, drawn = onTerminal [ "watch"; source; "--store"; store ]
                isTrue (started.WaitForExit(TimeSpan.FromMinutes 1.0))
                equal 0 started.ExitCode
                contains "accuracy" drawn.Result
                matches "[▁█]" drawn.Result
                contains "1 done" drawn.Result
                // The cursor is hidden while the table is drawn, and shown again.
                endsWith "\027[?25h" (drawn.Result.TrimEnd())
            }

            test "Ctrl-C ends the watching, gives the cursor back and leaves the run alone" {
                needsTerminal ()
                let store, source = folder (), file (quick.Replace("epochs 1", "epochs 10000"))
                let ran = start [ "run"; source; "--store"; store ]
                awaitEpoch store
                let started, drawn = onTerminal [ "watch"; source; "--store"; store ]
                Thread.Sleep 2000
                // As the terminal's own Ctrl-C: the byte goes to the line discipline.
                started.StandardInput.Write '\003'
                started.StandardInput.Flush()
                Expect.isTrue (started.WaitForExit(TimeSpan.FromMinutes 1.0)) "watch did not end"
                equal 1 started.ExitCode
                contains "running" drawn.Result
                endsWith "\027[?25h" (drawn.Result.TrimEnd())
                isFalse ran.HasExited
                ran.Kill()
                finish ran |> ignore
            }
        ]
