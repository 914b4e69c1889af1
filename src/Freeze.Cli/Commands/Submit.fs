/// freeze submit: the unfinished runs as one array job of Slurm.
module Freeze.Cli.Commands.Submit

open System
open System.ComponentModel
open System.Diagnostics
open System.Globalization
open System.IO
open Argu
open Freeze
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Cli.StoreIndex
open Freeze.Runtime.Results

/// Slurm's usual limit of an array is 1001 tasks; more runs share them.
let private mostTasks = 1000

/// The runs that a job is for: those that nobody is at and that have no outcome yet.
let private toDo (retry: bool) (entries: Entry[]) =
    let isFor (entry: Entry) =
        match entry.State with
        | RunState.Interrupted _
        | RunState.Waiting -> true
        | RunState.Failed _ -> retry
        | RunState.Done _
        | RunState.Running _ -> false

    entries |> Array.map isFor

let private full (path: string) = Path.GetFullPath path

let private jobOf
    (arguments: ParseResults<SubmitArguments>)
    (passes: PassSet)
    (store: string)
    (folder: string)
    tasks
    : Slurm.Job =
    let program, first = Workers.program ()
    let cpus = arguments.GetResult(Cpus, 1)

    {
        Folder = folder
        Tasks = tasks
        MaxParallel = arguments.TryGetResult Max_Parallel
        Partition = arguments.TryGetResult Partition
        Time = arguments.TryGetResult Time
        Cpus = cpus
        Gpus = arguments.GetResult(Gpus, 0)
        Directory = Environment.CurrentDirectory
        // A cluster may start jobs with an empty environment.
        Environment =
            [ "DOTNET_ROOT"; "FREEZE_DATA" ]
            |> List.choose (fun name ->
                match Environment.GetEnvironmentVariable name with
                | null
                | "" -> None
                | value -> Some(name, value))
        Program = program :: first
        Arguments =
            [
                yield! [ "--store"; store; "--threads"; string cpus ]
                match arguments.TryGetResult SubmitArguments.Data with
                | Some data -> yield! [ "--data"; full data ]
                | None -> ()
                yield! PassChoice.toWords passes
            ]
    }

/// The folder of a batch: a plan for each task, which run is whose, and the script.
let private write (job: Slurm.Job) (runs: (Run * string)[]) =
    Directory.CreateDirectory job.Folder |> ignore
    let taskOf index = index % job.Tasks

    for task, own in runs |> Array.indexed |> Array.groupBy (fst >> taskOf) do
        let plan = own |> Array.map (snd >> fst) |> PlanFile.ofRuns
        File.WriteAllText(Path.Combine(job.Folder, $"{task}.json"), plan)

    let tasks = runs |> Array.mapi (fun i (_, hash) -> $"{taskOf i} {hash}")
    File.WriteAllLines(Path.Combine(job.Folder, "tasks.txt"), tasks)
    File.WriteAllText(Path.Combine(job.Folder, "job.sh"), Slurm.script job)

/// Hands the script to Slurm; the number of the job.
let private sbatch (folder: string) : Result<string, string> =
    let info = ProcessStartInfo("sbatch", [ "--parsable"; "job.sh" ])
    // The logs' paths are relative to this.
    info.WorkingDirectory <- folder
    info.RedirectStandardOutput <- true
    info.RedirectStandardError <- true

    try
        use started = Process.Start info
        let errors = started.StandardError.ReadToEndAsync()
        let text = started.StandardOutput.ReadToEnd()
        started.WaitForExit()

        if started.ExitCode = 0 then
            Ok(text.Trim().Split(';')[0])
        else
            Error(errors.Result.Trim())
    with :? Win32Exception ->
        Error "there is no sbatch here: submit from a machine of the cluster; --dry-run prints the script"

let private submit
    (arguments: ParseResults<SubmitArguments>)
    store
    (job: Slurm.Job)
    (entries: Entry[])
    runs
    : int =
    if arguments.Contains SubmitArguments.Retry then
        let cleaner = StoreCleaner store

        for entry in entries do
            if entry.State.IsFailed then
                cleaner.ForgetFailure entry.Hash

    write job runs

    match sbatch job.Folder with
    | Ok number ->
        printfn "Job %s: %d tasks for %d runs; logs in %s." number job.Tasks runs.Length job.Folder
        Exit.fine
    | Error reason ->
        Directory.Delete(job.Folder, recursive = true)
        eprintfn "Slurm took no job: %s" reason
        Exit.runFailed

let private prepare
    (arguments: ParseResults<SubmitArguments>)
    (passes: PassSet)
    (store: string)
    (runs: Run[])
    : int =
    let entries = ofRuns (StoreView store) runs
    let chosen = toDo (arguments.Contains SubmitArguments.Retry) entries

    let own =
        Array.zip runs entries
        |> Array.indexed
        |> Array.filter (fun (i, _) -> chosen[i])
        |> Array.map (fun (_, (run, entry)) -> run, entry.Hash)

    let number state =
        entries |> Array.filter state |> Array.length

    for count, what in
        [
            number _.State.IsDone, "finished"
            number _.State.IsRunning, "under way at other processes"
            (if arguments.Contains SubmitArguments.Retry then
                 0
             else
                 number _.State.IsFailed),
            "failed before; --retry tries them again"
        ] do
        if count > 0 then
            eprintfn "not submitted: %d %s" count what

    let stamp =
        DateTime.UtcNow.ToString("yyyyMMdd-HHmmss-fff", CultureInfo.InvariantCulture)

    let folder = Path.Combine(store, "batches", stamp)
    let job = jobOf arguments passes store folder (min own.Length mostTasks)

    match Slurm.mistake job with
    | Some reason ->
        eprintfn "%s" reason
        Exit.wrongInput
    | None when own.Length = 0 ->
        printfn "Nothing to submit."
        Exit.fine
    | None when arguments.Contains SubmitArguments.Dry_Run ->
        printf "%s" (Slurm.script job)
        Exit.fine
    | None -> submit arguments store job entries own

let run (arguments: ParseResults<SubmitArguments>) : int =
    let store = full (Places.store (arguments.TryGetResult SubmitArguments.Store))

    match PassChoice.ofWords (arguments.GetResults SubmitArguments.Without) with
    | Error reason ->
        eprintfn "%s" reason
        Exit.wrongInput
    | Ok passes ->
        Files.choose
            (KnownData.here (Places.catalog (arguments.TryGetResult SubmitArguments.Data)))
            {
                Paths = arguments.GetResult SubmitArguments.Files
                Profile = arguments.TryGetResult SubmitArguments.Profile
                Set = arguments.GetResults SubmitArguments.Setting
                Only = arguments.GetResults SubmitArguments.Only
            }
        |> Option.filter KnownData.areIdentified
        |> Option.map (prepare arguments passes store)
        |> Option.defaultValue Exit.wrongInput
