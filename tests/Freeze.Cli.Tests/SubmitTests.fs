/// freeze submit as far as it needs no Slurm; scripts/slurm-test goes on with a real one.
module Freeze.Cli.Tests.SubmitTests

open System.Diagnostics
open System.IO
open Expecto
open Freeze.Cli.Tests.Command
open Freeze.Tests.Expectations

let private three = "data mnist-sample; images 64; epochs 1; seed 1..3"

let private submit more =
    freeze ([ "submit"; file three; "--slurm"; "--dry-run" ] @ more)

/// What a shell makes of a script's syntax.
let private isShell (script: string) =
    let info = ProcessStartInfo("bash", [ "-n" ])
    info.RedirectStandardInput <- true
    use bash = Process.Start info
    bash.StandardInput.Write script
    bash.StandardInput.Close()
    bash.WaitForExit()
    bash.ExitCode = 0

[<Tests>]
let tests =
    testList
        "submit"
        [
            test "the script is one array job over the runs that are to do" {
                let store = folder ()

                let output =
                    submit
                        [
                            "--store"
                            store
                            "--max-parallel"
                            "2"
                            "--partition"
                            "gpu"
                            "--time"
                            "1-02:00:00"
                            "--cpus"
                            "4"
                            "--gpus"
                            "1"
                        ]

                equal 0 output.Code

                for line in
                    [
                        "--array=0-2%2"
                        "--requeue"
                        "--open-mode=append"
                        "--signal=B:USR1@60"
                        "--partition=gpu"
                        "--time=1-02:00:00"
                        "--cpus-per-task=4"
                        "--gpus=1"
                    ] do
                    contains $"\n#SBATCH {line}\n" output.Text

                isTrue (isShell output.Text)
                isEmpty (Directory.GetFileSystemEntries store)
            }

            test "tasks leave out the passes that the batch is to do without" {
                let output = submit [ "--store"; folder (); "--without"; "slices, prefix" ]
                equal 0 output.Code
                contains "'--without' 'slices' '--without' 'prefix' &" output.Text
            }

            testTheory
                "paths are quoted"
                [
                    "a folder with 'quotes' and \"others\""
                    "$(touch hacked) `touch hacked` ; touch hacked"
                    "%a %j \\ #"
                ]
                (fun name ->
                    let store = Path.Combine(folder (), name)
                    let output = submit [ "--store"; store ]
                    equal 0 output.Code
                    isTrue (isShell output.Text)
                    contains ("--store' '" + store.Replace("'", "'\\''")) output.Text)

            testTheory
                "what Slurm would take for something else is refused"
                [
                    "--store", "/tmp/two\nlines", "control character"
                    "--partition", "a b", "--partition"
                    "--partition", "x\n#SBATCH --uid=0", "--partition"
                    "--time", "soon", "--time"
                    "--max-parallel", "0", "--max-parallel"
                    "--cpus", "0", "--cpus"
                    "--gpus", "1000", "--gpus"
                ]
                (fun (name, value, message) ->
                    let output = submit [ name; value ]
                    refused message output)
        ]
