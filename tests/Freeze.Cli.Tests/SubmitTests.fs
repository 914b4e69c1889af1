/// freeze submit as far as it needs no Slurm; scripts/slurm-test goes on with a real one.
module Freeze.Cli.Tests.SubmitTests

open System.Diagnostics
open System.IO
open Freeze.Cli.Tests.Command
open Xunit

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

[<Fact>]
let ``the script is one array job over the runs that are to do`` () =
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

    Assert.Equal(0, output.Code)

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
        Assert.Contains($"\n#SBATCH {line}\n", output.Text)

    Assert.True(isShell output.Text)
    Assert.Empty(Directory.GetFileSystemEntries store)

[<Fact>]
let ``tasks leave out the passes that the batch is to do without`` () =
    let output = submit [ "--store"; folder (); "--without"; "slices, prefix" ]
    Assert.Equal(0, output.Code)
    Assert.Contains("'--without' 'slices' '--without' 'prefix' &", output.Text)

[<Theory>]
[<InlineData("a folder with 'quotes' and \"others\"")>]
[<InlineData("$(touch hacked) `touch hacked` ; touch hacked")>]
[<InlineData("%a %j \\ #")>]
let ``paths are quoted`` (name: string) =
    let store = Path.Combine(folder (), name)
    let output = submit [ "--store"; store ]
    Assert.Equal(0, output.Code)
    Assert.True(isShell output.Text)
    Assert.Contains("--store' '" + store.Replace("'", "'\\''"), output.Text)

[<Theory>]
[<InlineData("--store", "/tmp/two\nlines", "control character")>]
[<InlineData("--partition", "a b", "--partition")>]
[<InlineData("--partition", "x\n#SBATCH --uid=0", "--partition")>]
[<InlineData("--time", "soon", "--time")>]
[<InlineData("--max-parallel", "0", "--max-parallel")>]
[<InlineData("--cpus", "0", "--cpus")>]
[<InlineData("--gpus", "1000", "--gpus")>]
let ``what Slurm would take for something else is refused`` (name: string, value: string, message: string) =
    let output = submit [ name; value ]
    Assert.Equal(2, output.Code)
    Assert.Contains(message, output.Errors)
