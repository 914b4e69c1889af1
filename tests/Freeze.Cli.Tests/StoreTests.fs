/// Stores that cannot take what is written, and files that are not whole.
module Freeze.Cli.Tests.StoreTests

open System.Diagnostics
open System.IO
open System.Threading
open Expecto
open Freeze
open Freeze.Cli.Tests.Command
open Freeze.Tests.Expectations

let private long =
    quick.Replace("epochs 1", "epochs 6").Replace("images 640", "images 320")

let private only (store: string) =
    Directory.GetDirectories store |> Array.exactlyOne

/// Freeze as `"$@"` of a script; `before` is what starts the shell.
let private inShell (before: string list) (script: string) (arguments: string list) : Output =
    let words = before @ [ "bash"; "-c"; script; "bash"; "dotnet"; program ] @ arguments
    let info = ProcessStartInfo(words.Head, words.Tail)
    info.RedirectStandardOutput <- true
    info.RedirectStandardError <- true
    info.RedirectStandardInput <- true
    info.WorkingDirectory <- root
    let started = Process.Start info
    started.StandardInput.Close()
    finish started

/// Freeze with a small file system at the store, which nobody else sees; skipped where none may be mounted.
let private onFileSystem (store: string) (options: string) (after: string) (arguments: string list) : Output =
    let script =
        $"mount -t tmpfs -o {options} none {store} || exit 77; \"$@\"; code=$?; {after}; exit $code"

    let output = inShell [ "unshare"; "--mount" ] script arguments

    if output.Code = 77 || output.Errors.Contains "unshare:" then
        skiptest $"no file system may be mounted here: {output.Errors}"

    output

let private files (store: string) name =
    Directory.GetFiles(store, name, SearchOption.AllDirectories)

[<Tests>]
let tests =
    testList
        "stores"
        [
            testTheory
                "a store of another format is refused by every command"
                [
                    """{"format":2}""", "format 2"
                    """{"format":""", "does not tell the store's format"
                ]
                (fun (content, message) ->
                    let store, source = folder (), file quick
                    File.WriteAllText(Path.Combine(store, "store.json"), content)

                    for arguments in
                        [ [ "run"; source ]; [ "status" ]; [ "show"; "x" ]; [ "gc"; source; "--yes" ] ] do
                        let output = freeze (arguments @ [ "--store"; store ])
                        refused message output
                        contains "--store" output.Errors

                    equal
                        [| "store.json" |]
                        (Directory.GetFileSystemEntries store |> Array.map Path.GetFileName))
        ]

[<Tests>]
let processes =
    testSequencedGroup "processes"
    <| testList
        "stores in processes"
        [
            test "a file-size limit is a failure that says so, and the run goes on once it is lifted" {
                let store, source = folder (), file long
                let arguments = [ "run"; source; "--store"; store; "--checkpoint-every"; "0" ]

                // 1 MB: less than LeNet's weights. The limit is the shell's, so what .NET itself writes is under it too.
                let limited =
                    inShell [] "ulimit -f 1024; export DOTNET_EnableWriteXorExecute=0; exec \"$@\"" arguments

                equal 1 limited.Code
                contains "a file has reached the size that this user or file system allows" limited.Errors
                contains "ulimit -f" limited.Errors
                isEmpty (files store "*.part")
                isEmpty (files store "failure.json")

                equal 0 (freeze arguments).Code
            }

            test "a full disk ends the batch with one message, and nothing is broken" {
                let store = folder ()
                let source = file (long.Replace("lr 0.02", "lr [0.02, 0.03, 0.04]"))

                // Two checkpoints of LeNet with momentum do not fit into 4 MB.
                let output =
                    onFileSystem
                        store
                        "size=4m"
                        $"find {store} -name '*.part' -o -name failure.json -o -name result.json"
                        [ "run"; source; "--store"; store; "--checkpoint-every"; "0" ]

                equal 1 output.Code

                Seq.exactlyOne (
                    System.Text.RegularExpressions.Regex.Matches(output.Errors, "the disk is full")
                )
                |> ignore

                contains "free space or name another store" output.Errors
                lacks ".part" output.Text
                lacks ".json" output.Text
            }

            test "a store on a file system that can only be read is a failure with a way out" {
                let store = folder ()

                let output = onFileSystem store "ro" "true" [ "run"; file quick; "--store"; store ]

                refused "runs cannot be kept in" output
                contains "--store" output.Errors
            }

            test "what a killed process has half written is written again" {
                let store, source = folder (), file long
                let arguments = [ "run"; source; "--store"; store; "--checkpoint-every"; "0" ]
                let whole = folder ()
                equal 0 (freeze [ "run"; source; "--store"; whole ]).Code

                let started = start arguments

                while files store "checkpoint-before.safetensors" |> Array.isEmpty do
                    Thread.Sleep 20

                started.Kill()
                finish started |> ignore
                let run = only store

                for name in [ "metrics.jsonl"; "times.jsonl" ] do
                    File.AppendAllText(Path.Combine(run, name), "{\"epoch\":7,\"trainingLo")

                File.WriteAllText(Path.Combine(run, "checkpoint.safetensors.0.part"), "half a file")

                contains "interrupted" (freeze [ "status"; "--store"; store ]).Text
                equal 0 (freeze arguments).Code

                for name in [ "plan.json"; "metrics.jsonl"; "last.safetensors"; "result.json" ] do
                    equal
                        (File.ReadAllBytes(Path.Combine(only whole, name)))
                        (File.ReadAllBytes(Path.Combine(run, name)))

                isEmpty (files store "*.part")
            }

            test "a run stopped by SIGTERM is saved in mid-epoch and says so" {
                let store = folder ()

                let source =
                    file (quick.Replace("epochs 1", "epochs 10000").Replace("images 640", "images 6000"))

                let started = start [ "run"; source; "--store"; store ]

                while files store "metrics.jsonl" |> Array.isEmpty do
                    Thread.Sleep 50

                use kill = Process.Start("kill", [ "-TERM"; string started.Id ])
                kill.WaitForExit()
                let output = finish started
                equal 1 output.Code
                contains "Stopped and saved" output.Text
                Seq.exactlyOne (files store "checkpoint.safetensors") |> ignore
                isEmpty (files store "claim-*")
            }
        ]
