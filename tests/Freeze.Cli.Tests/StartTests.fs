/// ./freeze, the command of the README.
module Freeze.Cli.Tests.StartTests

open System
open System.Diagnostics
open System.IO
open Expecto
open Freeze
open Freeze.Cli.Tests.Command
open Freeze.Tests.Expectations

let private freezeScript (arguments: string list) =
    let info = ProcessStartInfo(Path.Combine(root, "freeze"), arguments)
    info.RedirectStandardOutput <- true
    info.RedirectStandardError <- true
    // From elsewhere, as with the script on the PATH.
    info.WorkingDirectory <- Path.GetTempPath()
    finish (Process.Start info)

/// The libraries that a command has loaded, as the system's loader tells.
let private loadedBy (arguments: string list) : string =
    let log = Path.Combine(folder (), "libraries")

    freezeProcessWith [ "LD_DEBUG", "files"; "LD_DEBUG_OUTPUT", log ] arguments
    |> ignore

    Directory.GetFiles(Path.GetDirectoryName log, "libraries.*")
    |> Array.map File.ReadAllText
    |> String.concat "\n"

[<Tests>]
let processes =
    testSequencedGroup "processes"
    <| testList
        "start"
        [
            test "a second start builds nothing and passes arguments and exit codes on" {
                let built = Path.Combine(root, "artifacts", "publish", ".built")
                let before = File.GetLastWriteTimeUtc built
                let output = freezeScript [ "check"; file "epochs 0" ]
                equal 2 output.Code
                lacks "building" output.Errors
                contains "FRZ021" output.Errors
                equal before (File.GetLastWriteTimeUtc built)
            }

            test "a run trains on all cores" {
                let store = folder ()
                equal 0 (freezeScript [ "run"; file quick; "--store"; store ]).Code

                let result =
                    Directory.GetFiles(store, "result.json", SearchOption.AllDirectories)
                    |> Array.exactlyOne
                    |> File.ReadAllText
                    |> Json.ofText<RunResult>

                equal Environment.ProcessorCount result.Threads
            }

            testTheory
                "a process prints what its command writes, and ends with its code"
                [ "plan", 0; "run --store /proc/freeze", 2; "check --profile none", 2 ]
                (fun (command, code) ->
                    let call = List.ofArray (command.Split ' ') @ [ file quick ]
                    let output = freezeProcess call
                    equal code output.Code
                    equal (freeze call) output)

            testTheory
                "only commands that compute load libtorch"
                [
                    "check", false
                    "fmt --check", false
                    "plan", false
                    "status", false
                    "report --no-maps --output", false
                    "gc", false
                    "run --store", true
                ]
                (fun (command, computes) ->
                    let words = command.Split ' ' |> List.ofArray
                    let source = file quick

                    let target =
                        match List.last words with
                        | "--store" -> [ folder () ]
                        | "--output" -> [ Path.Combine(folder (), "report.html") ]
                        | _ -> []

                    let loaded = loadedBy (words @ target @ [ source ])
                    contains "libcoreclr.so" loaded
                    equal computes (loaded.Contains "libtorch_cpu.so"))
        ]
