/// The Slurm batches of a store, one folder each: a plan per task, the task of each run, the script and the logs.
module Freeze.Cli.Batches

open System
open System.Globalization
open System.IO
open Freeze

let private foldersOf (store: string) = Path.Combine(store, "batches")
let private tasksOf (batch: string) = Path.Combine(batch, "tasks.txt")

/// The folder for a new batch.
let folder (store: string) : string =
    let stamp =
        DateTime.UtcNow.ToString("yyyyMMdd-HHmmss-fff", CultureInfo.InvariantCulture)

    Path.Combine(foldersOf store, stamp)

let write (job: Slurm.Job) (runs: (Run * string)[]) =
    Directory.CreateDirectory job.Folder |> ignore
    let taskOf index = index % job.Tasks

    for task, own in runs |> Array.indexed |> Array.groupBy (fst >> taskOf) do
        let plan = own |> Array.map (snd >> fst) |> PlanFile.ofRuns
        File.WriteAllText(Path.Combine(job.Folder, $"{task}.json"), plan)

    File.WriteAllLines(tasksOf job.Folder, runs |> Array.mapi (fun i (_, hash) -> $"{taskOf i} {hash}"))
    File.WriteAllText(Path.Combine(job.Folder, "job.sh"), Slurm.script job)

/// For each run's hash, the log of the newest job that contains it.
let logs (store: string) : Map<string, string> =
    let batches = foldersOf store

    Map.ofList
        [
            if Directory.Exists batches then
                for batch in Directory.EnumerateDirectories batches |> Seq.sort do
                    if File.Exists(tasksOf batch) then
                        for line in File.ReadLines(tasksOf batch) do
                            match line.Split ' ' with
                            | [| task; hash |] when task |> Seq.forall Char.IsAsciiDigit ->
                                hash, Path.Combine(batch, $"log-{task}.txt")
                            | _ -> ()
        ]
