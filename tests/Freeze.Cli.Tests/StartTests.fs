/// ./freeze, the command of the README.
module Freeze.Cli.Tests.StartTests

open System
open System.Diagnostics
open System.IO
open System.Text.RegularExpressions
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

/// The numbers of a printed line, each with the word before it and what follows it at once; and the line without them.
let private numbers (line: string) =
    let pattern = @"(\w* +)(\d[\d,.]*)(%| images/s|)"

    let found =
        [
            for number in Regex.Matches(line, pattern) ->
                number.Groups[1].Value.Trim(), number.Groups[2].Value, number.Groups[3].Value
        ]

    found, Regex.Replace(Regex.Replace(line, pattern, "$1#$3"), " +", " ")

/// Demands that a line of the README is what was printed: words and counts to the letter. Another processor rounds otherwise, which
/// moves an accuracy by some images, and takes another time.
let private agrees (shown: string) (printed: string) =
    let ours, words = numbers shown
    let theirs, others = numbers printed
    equal words others

    for (before, one, unit), (_, other, _) in List.zip ours theirs do
        match before, unit with
        | _, "%" -> between (float one - 1.0) (float one + 1.0) (float other)
        | "loss", _ -> between (float one - 0.02) (float one + 0.02) (float other)
        | _, " images/s" -> ()
        | _ when one.Contains '.' -> between 0.0 1e4 (float other)
        | _ -> equal one other

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

            test "the README's first command prints what the README shows, and trains on all cores" {
                let store = folder ()

                let output =
                    freezeScript
                        [
                            "run"
                            Path.Combine(root, "dsl-examples", "quickstart.frz")
                            "--store"
                            store
                        ]

                equal 0 output.Code

                let lines (text: string) (start: string) =
                    text.Split '\n' |> Array.filter _.StartsWith(start)

                let readme = File.ReadAllText(Path.Combine(root, "README.md"))

                agrees
                    (lines readme "quickstart  epoch 3/3 " |> Array.exactlyOne)
                    (lines output.Errors "quickstart  epoch 3/3 " |> Array.exactlyOne)

                for start in [ "run  "; "quickstart  " ] do
                    agrees
                        (lines readme start
                         |> Array.filter (fun line -> not (line.Contains "epoch 3"))
                         |> Array.exactlyOne)
                        (lines output.Text start |> Array.exactlyOne)

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
