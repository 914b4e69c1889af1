/// Runs that start from others, from the file to the store.
module Freeze.Cli.Tests.BaseTests

open System.IO
open System.Text.RegularExpressions
open Expecto
open Freeze.Cli.Tests.Command
open Freeze.Tests.Expectations

let private text =
    "data mnist-sample; images 320; test 100 images; batch 64; epochs 2; seed 1..2; optimizer sgd(lr 0.02)
     case head { start from before; fc2: train; rest: fixed }
     case middle { start from before; conv2: train; rest: fixed }
     case before { }
     report { table test accuracy by case }"

let private failing =
    text.Replace("case before { }", "case before { optimizer sgd(lr 900) }")

let private outcomes (output: Output) =
    (items output).EnumerateArray()
    |> Seq.map (fun run -> run.GetProperty("name").GetString(), run.GetProperty("outcome").GetString())
    |> List.ofSeq

/// How many folders of a store are a run that learns everything: a base.
let private started (output: Output) (name: string) =
    Regex.Matches(output.Errors, $@"(?m)^{name}  epoch 1/2").Count

[<Tests>]
let tests =
    testList
        "runs that start from others"
        [
            test "a plan shows each base once, and counts it once" {
                let output = freeze [ "plan"; file text ]
                equal 0 output.Code
                equal 1 (Regex.Matches(output.Text, "(?m)^ *before seed=1 ").Count)
                contains "starts from" output.Text

                let alone = freeze [ "plan"; file text; "--only"; "case=head"; "--only"; "seed=1" ]
                contains "before seed=1" alone.Text

                let work (output: Output) =
                    Regex.Match(output.Text, @"steps on ([\d,]+) images").Groups[1].Value
                // Two bases and four that start from them, of two epochs of 320 images each.
                equal "3,840" (work output)
                equal "1,280" (work alone)
            }

            test "a base is trained first and once, and another command finds all of it done" {
                let store = folder ()
                let source = file text
                let output = freeze [ "run"; source; "--store"; store; "--json" ]
                equal 0 output.Code

                equal
                    [
                        "before seed=1"
                        "before seed=2"
                        "head seed=1"
                        "middle seed=1"
                        "head seed=2"
                        "middle seed=2"
                    ]
                    (outcomes output |> List.map fst)

                equal 1 (started output "before seed=1")

                let again =
                    freeze [ "run"; source; "--store"; store; "--json"; "--only"; "case=head" ]

                equal [ "finished before" ] (outcomes again |> List.map snd |> List.distinct)
                equal 4 (outcomes again).Length
                equal 0 (freeze [ "watch"; source; "--store"; store ]).Code
            }

            test "what starts from a run of another file brings that run along, also from a plan" {
                let source = file text
                let other = Path.Combine(Path.GetDirectoryName source, "tasks.frz")

                File.WriteAllText(
                    other,
                    "data mnist-sample; images 320; test 100 images; epochs 1; start from \"test.frz\" on before; seed 1
                     case one { fc2: train init torch; rest: fixed }; case two { fc2, fc1: train; rest: fixed }"
                        .Replace("seed 1", "seed [1, 2]")
                )

                let store = folder ()
                let plan = Path.Combine(folder (), "plan.json")
                File.WriteAllText(plan, (freeze [ "plan"; other; "--json"; "--only"; "seed=1" ]).Text)
                let output = freeze [ "run"; plan; "--store"; store; "--json" ]
                equal 0 output.Code
                equal [ "test: before seed=1"; "one seed=1"; "two seed=1" ] (outcomes output |> List.map fst)

                // The base's own file finds it done.
                let own =
                    freeze
                        [
                            "run"
                            source
                            "--store"
                            store
                            "--json"
                            "--only"
                            "case=before"
                            "--only"
                            "seed=1"
                        ]

                equal [ "before seed=1", "finished before" ] (outcomes own)

                let status = freeze [ "status"; other; "--store"; store ]
                contains "waiting for test: before seed=2" status.Text
                let shown = freeze [ "show"; "one seed=1"; "--store"; store ]
                contains "starts from test: before seed=1" shown.Text
            }

            test "a base goes on from its own beginning, which others start from" {
                let source =
                    file (
                        text.Replace(
                            "case middle { start from before",
                            "case middle { start from before at epoch 1"
                        )
                    )

                let output =
                    freeze [ "run"; source; "--store"; folder (); "--json"; "--only"; "seed=1" ]

                equal 0 output.Code
                equal "before seed=1 at epoch 1" (fst (outcomes output).Head)
                equal 1 (Regex.Matches(output.Errors, "goes on from ").Count)
                equal 0 (started output "before seed=1")
            }

            test "a failed base is waited for, in every command's words" {
                let store = folder ()
                let source = file failing
                let output = freeze [ "run"; source; "--store"; store; "--json" ]
                equal 1 output.Code

                equal
                    [ "before seed=1", "failed"; "head seed=1", "waiting for before seed=1" ]
                    (outcomes output
                     |> List.filter (fun (name, _) -> name = "before seed=1" || name = "head seed=1"))

                contains "head seed=1 waits for before seed=1, which has failed" output.Errors
                let status = freeze [ "status"; source; "--store"; store ]
                contains "waiting for before seed=2, which has failed" status.Text
                contains "4 waiting, 2 failed" status.Text
                let watched = freeze [ "watch"; source; "--store"; store ]
                equal 1 watched.Code
                contains "4 waiting, 2 failed" watched.Text
                let dry = freeze [ "run"; source; "--store"; store; "--dry-run" ]
                contains "nothing: waits for before seed=1, which has failed" dry.Text

                let submitted =
                    freeze [ "submit"; source; "--store"; store; "--slurm"; "--dry-run" ]

                contains "4 start from a run that has failed" submitted.Errors
                // Each base is tried once more, however many start from it.
                let again = freeze [ "run"; source; "--store"; store; "--retry" ]
                equal 1 again.Code
                equal 2 (Regex.Matches(again.Errors, @"(?m)^before seed=\d failed: ").Count)
            }

            test "Slurm has the bases in a job of their own, which the others wait for" {
                let output =
                    freeze [ "submit"; file text; "--slurm"; "--dry-run"; "--store"; folder () ]

                equal 0 output.Code
                equal 2 (Regex.Matches(output.Text, "#!/bin/bash").Count)

                let bases, others =
                    output.Text.Split "#!/bin/bash" |> fun parts -> parts[1], parts[2]

                contains "--array=0-1\n" bases
                lacks "dependency" bases
                contains "--array=0-3\n" others
                contains "\n#SBATCH --dependency=afterany:" others
            }

            test "Slurm has longer runs behind the shorter ones that they go on from" {
                let source =
                    file "data mnist-sample; seed 1..2; epochs [1, 3, 2]; schedule [constant, cosine]"

                let output =
                    freeze [ "submit"; source; "--slurm"; "--dry-run"; "--store"; folder (); "--json" ]

                equal 0 output.Code

                let jobs =
                    [
                        for job in (json output).GetProperty("jobs").EnumerateArray() ->
                            job.GetProperty("tasks").GetInt32()
                    ]

                // The lengths of a cosine are runs apart.
                equal [ 8; 2; 2 ] jobs
            }

            test "gc keeps what a kept run starts from" {
                let store = folder ()
                let source = file text
                equal 0 (freeze [ "run"; source; "--store"; store ]).Code

                let only =
                    file (
                        text
                            .Replace("case before { }", "")
                            .Replace(
                                "case middle { start from before; conv2: train; rest: fixed }",
                                "case before { }"
                            )
                    )

                let output = freeze [ "gc"; only; "--store"; store; "--yes" ]
                equal 0 output.Code
                contains "2 removed" output.Text
                let again = freeze [ "run"; only; "--store"; store; "--json" ]
                equal [ "finished before" ] (outcomes again |> List.map snd |> List.distinct)

                // A file that names the others alone means the bases too.
                let tasks =
                    file (
                        "start from \"pretrain.frz\" on before; "
                        + text.Replace("start from before; ", "").Replace("case before { }", "")
                    )

                File.WriteAllText(Path.Combine(Path.GetDirectoryName tasks, "pretrain.frz"), text)
                contains "Nothing to remove" (freeze [ "gc"; tasks; "--store"; store; "--yes" ]).Text
            }

            test "a report counts the base once, and of each run what is its own" {
                let store = folder ()
                let source = file text
                let page = Path.Combine(store, "report.html")
                let tables = Path.Combine(store, "report.md")

                equal 0 (freeze [ "run"; source; "--store"; store ]).Code
                equal 0 (freeze [ "report"; source; "--store"; store; "-o"; page; "--markdown"; tables ]).Code
                // LeNet's 431,080 weights, the 5,010 of its head, and the 25,050 of its second convolution.
                contains "| before seed=1 | 431,080 | 2 | 30,060 | 461,140 |" (File.ReadAllText tables)
                contains "461,140" (File.ReadAllText page)
            }
        ]

[<Tests>]
let processes =
    testSequencedGroup "processes"
    <| testList
        "runs that start from others, in processes"
        [
            test "with several jobs a base is trained once, and all ends with the same bytes" {
                let source, one, two = file text, folder (), folder ()
                equal 0 (freeze [ "run"; source; "--store"; one; "--threads"; "1" ]).Code

                let output =
                    freezeProcess [ "run"; source; "--store"; two; "--threads"; "2"; "--jobs"; "2" ]

                equal 0 output.Code
                equal 1 (started output "before seed=1")
                equal 1 (started output "before seed=2")

                for file in Directory.GetFiles(one, "*.json", SearchOption.AllDirectories) do
                    if Path.GetFileName file <> "confusion.json" then
                        equal (File.ReadAllBytes file) (File.ReadAllBytes(file.Replace(one, two)))
            }

            test "with several jobs a failed base is waited for" {
                let output =
                    freezeProcess [ "run"; file failing; "--store"; folder (); "--jobs"; "2"; "--json" ]

                equal 1 output.Code

                equal
                    [ "failed"; "waiting for before seed=1"; "waiting for before seed=2" ]
                    (outcomes output |> List.map snd |> List.distinct |> List.sort)
            }
        ]
