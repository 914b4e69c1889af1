/// ./freeze, the command of the README.
module Freeze.Cli.Tests.StartTests

open System.Diagnostics
open System.IO
open Freeze.Cli.Tests.Command
open Xunit

let private freezeScript (arguments: string list) =
    let info = ProcessStartInfo(Path.Combine(root, "freeze"), arguments)
    info.RedirectStandardOutput <- true
    info.RedirectStandardError <- true
    // From elsewhere, as with the script on the PATH.
    info.WorkingDirectory <- Path.GetTempPath()
    finish (Process.Start info)

[<Fact>]
let ``a second start builds nothing and passes arguments and exit codes on`` () =
    let built = Path.Combine(root, "artifacts", "publish", ".built")
    let before = File.GetLastWriteTimeUtc built
    let output = freezeScript [ "check"; file "epochs 0" ]
    Assert.Equal(2, output.Code)
    Assert.DoesNotContain("building", output.Errors)
    Assert.Contains("FRZ021", output.Errors)
    Assert.Equal(before, File.GetLastWriteTimeUtc built)

/// The libraries that a command has loaded, as the system's loader tells.
let private loadedBy (arguments: string list) : string =
    let log = Path.Combine(folder (), "libraries")

    freezeProcessWith [ "LD_DEBUG", "files"; "LD_DEBUG_OUTPUT", log ] arguments
    |> ignore

    Directory.GetFiles(Path.GetDirectoryName log, "libraries.*")
    |> Array.map File.ReadAllText
    |> String.concat "\n"

[<Theory>]
[<InlineData("check", false)>]
[<InlineData("fmt --check", false)>]
[<InlineData("plan", false)>]
[<InlineData("status", false)>]
[<InlineData("report --no-maps --output", false)>]
[<InlineData("gc", false)>]
[<InlineData("run --store", true)>]
let ``only commands that compute load libtorch`` (command: string, computes: bool) =
    let words = command.Split ' ' |> List.ofArray
    let source = file quick

    let target =
        match List.last words with
        | "--store" -> [ folder () ]
        | "--output" -> [ Path.Combine(folder (), "report.html") ]
        | _ -> []

    let loaded = loadedBy (words @ target @ [ source ])
    Assert.Contains("libcoreclr.so", loaded)
    Assert.Equal(computes, loaded.Contains "libtorch_cpu.so")
