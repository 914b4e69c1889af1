/// Runners that are killed again and again leave what undisturbed ones leave.
module Freeze.Cli.Tests.KillTests

open System
open System.Collections.Generic
open System.Diagnostics
open System.IO
open System.Threading
open Expecto
open Freeze.Cli.Tests.Command
open Freeze.Tests.Expectations

/// Ten runs of a second or less; saved after every step, so that kills fall into writing too.
let private batch =
    "data mnist-sample; images 192; test 100 images; batch 64; epochs 3; net lenet; seed 1..5
     optimizer sgd(lr [0.02, 0.05], momentum 0.9)"

/// Few by default, since each costs the start of a process; `scripts/kill-test 1000` sets another number.
let private kills =
    match Environment.GetEnvironmentVariable "FREEZE_KILLS" with
    | null
    | "" -> 4
    | number -> int number

let private run source store =
    [ "run"; source; "--store"; store; "--threads"; "1"; "--checkpoint-every"; "0" ]

/// A runner whose output nobody waits for.
let private runner source store : Process =
    let started = start (run source store)
    started.StandardOutput.ReadToEndAsync() |> ignore
    started.StandardError.ReadToEndAsync() |> ignore
    started

let private hashes (store: string) =
    Directory.GetDirectories store |> Array.map Path.GetFileName |> Array.sort

/// Of every run the same files with the same bytes, but for the times.
let private assertSame (whole: string) (store: string) =
    equal (hashes whole) (hashes store)

    for hash in hashes whole do
        // A process that was killed behind its result leaves its claim, which is no file of the run.
        let names store =
            Directory.GetFiles(Path.Combine(store, hash))
            |> Array.map Path.GetFileName
            |> Array.filter (fun name -> not (name.StartsWith "claim-"))
            |> Array.sort

        equal (names whole) (names store)

        for name in names whole |> Array.filter ((<>) "times.jsonl") do
            let content store =
                File.ReadAllBytes(Path.Combine(store, hash, name))

            Expect.isTrue (content whole = content store) $"{hash}/{name} differs"

/// A run that has a result is not trained again: the file stays the one that was first seen.
let private assertOnce (seen: Dictionary<string, DateTime>) (store: string) =
    for result in Directory.GetFiles(store, "result.json", SearchOption.AllDirectories) do
        let written = File.GetLastWriteTimeUtc result

        if not (seen.TryAdd(result, written)) then
            equal seen[result] written

/// Two runners at one store, killed and started again until the batch is done or `most` kills are; how many those were.
let private disturb (random: Random) source (store: string) (most: int) : int =
    let runners = Array.init 2 (fun _ -> runner source store)
    let seen = Dictionary<string, DateTime>()
    let mutable killed = 0
    let mutable pauses = 0

    while killed < most && seen.Count < 10 do
        // A runner trains after about a second: some are killed before that, some in the midst of a run, some between.
        Thread.Sleep(random.Next(100, 2000))
        pauses <- pauses + 1
        between 0 1000 pauses
        assertOnce seen store
        let i = random.Next 2

        if not runners[i].HasExited then
            runners[i].Kill()
            killed <- killed + 1

        runners[i].WaitForExit()
        runners[i].Dispose()
        runners[i] <- runner source store

    for runner in runners do
        Expect.isTrue (runner.WaitForExit(TimeSpan.FromMinutes 5.0)) "a runner did not end"
        equal 0 runner.ExitCode
        runner.Dispose()

    assertOnce seen store
    killed

/// Five epochs of 10 steps for each of two stages; saved after every step.
let private stages =
    "data mnist-sample; images 360; test 100 images; validate 40; batch 32; epochs 5; learn stage by stage; optimizer sgd(lr 0.02)
     net two { stage 1 { conv 8 5x5; relu; maxpool 2 }; stage 2 { conv 16 5x5; relu; maxpool 2 }; fc: linear classes }
     net two"

/// Where a condition holds within a minute.
let private await (condition: unit -> bool) =
    let clock = Stopwatch.StartNew()

    while not (condition ()) do
        Expect.isTrue (clock.Elapsed < TimeSpan.FromMinutes 1.0) "what is waited for did not come"
        Thread.Sleep 5

[<Tests>]
let processes =
    testSequencedGroup "kills"
    <| testList
        "kills"
        [
            test "runners killed at random moments leave the bytes of an undisturbed batch" {
                let source, whole, random = file batch, folder (), Random 1
                equal 0 (freezeProcess (run source whole)).Code

                let rec go rounds left =
                    if left > 0 then
                        let store = folder ()
                        let killed = disturb random source store left
                        assertSame whole store
                        Directory.Delete(store, recursive = true)
                        // A batch that is done before a single kill would go on for ever.
                        between 0 (10 + kills) rounds
                        go (rounds + 1) (left - killed)

                go 0 kills
            }

            test "a process killed in the midst of the second stage has trained the first for good" {
                let source, whole, store = file stages, folder (), folder ()
                equal 0 (freezeProcess (run source whole)).Code
                let killed = runner source store

                let finishedStages () =
                    let folder = Path.Combine(store, "stages")

                    if Directory.Exists folder then
                        Directory.GetFiles(folder, "stage.json", SearchOption.AllDirectories)
                    else
                        [||]

                /// The folders of candidates that are under way.
                let underWay () =
                    Directory.GetFiles(store, "checkpoint*.safetensors", SearchOption.AllDirectories)
                    |> Array.map Path.GetDirectoryName
                    |> Array.distinct
                    |> Array.filter (fun path -> not (File.Exists(Path.Combine(path, "..", "stage.json"))))

                await (fun () -> (finishedStages ()).Length = 1 && (underWay ()).Length = 1)
                killed.Kill()
                killed.WaitForExit()
                killed.Dispose()

                let first = (finishedStages ()) |> Array.exactlyOne |> Path.GetDirectoryName
                Seq.exactlyOne (underWay ()) |> ignore

                let records (stage: string) =
                    Directory.GetFiles(stage, "*", SearchOption.AllDirectories)
                    |> Array.filter (fun path -> Path.GetFileName path <> "claim-1")
                    |> Array.sort
                    |> Array.map (fun path -> path, File.GetLastWriteTimeUtc path)

                let before = records first
                let again = freeze (run source store)
                equal 0 again.Code

                // Not a file of the first stage was written again, and the second went on where it was.
                equal before (records first)
                lacks "stage 1 of 2" again.Errors
                contains "stage 2 of 2" again.Errors
                matches "going on after step [0-9]+ of epoch [1-5]" again.Errors

                for stage in hashes (Path.Combine(whole, "stages")) do
                    for file in [ "stage.json"; "last.safetensors" ] do
                        let content (store: string) =
                            File.ReadAllBytes(Path.Combine(store, "stages", stage, file))

                        equal (content whole) (content store)

                let isRun (folder: string) =
                    folder <> "stages" && folder <> "features"

                for hash in hashes whole |> Array.filter isRun do
                    for file in [ "last.safetensors"; "metrics.jsonl"; "result.json" ] do
                        let content (store: string) =
                            File.ReadAllBytes(Path.Combine(store, hash, file))

                        equal (content whole) (content store)
            }
        ]
