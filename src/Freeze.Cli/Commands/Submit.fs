/// freeze submit: the unfinished runs as one array job of Slurm.
module Freeze.Cli.Commands.Submit

open System
open System.IO
open System.Threading
open Argu
open Freeze
open Freeze.Cli
open Freeze.Cli.Terminal
open Freeze.Cli.Arguments
open Freeze.Cli.StoreIndex
open Freeze.Records

/// Slurm's usual limit of an array is 1001 tasks; more runs share them.
let private mostTasks = 1000

/// Why a job is not for a run: it is for those that nobody is at and that have no outcome yet.
let private reasonToLeaveOut (retry: bool) (entry: Entry) : string option =
    match entry.State with
    | RunState.Interrupted _
    | RunState.Waiting -> None
    | RunState.Failed _ when retry -> None
    | RunState.Failed _ -> Some "failed before; --retry tries them again"
    | RunState.Done _ -> Some "finished"
    | RunState.Running _ -> Some "under way at other processes"

let private full (path: string) = Path.GetFullPath path

let private jobOf
    (arguments: ParseResults<SubmitArguments>)
    (passes: PassSet)
    (store: string)
    (tasks: int)
    : Slurm.Job =
    let program, first = Workers.program ()
    let cpus = arguments.GetResult(Cpus, 1)

    {
        Folder = Batches.folder store
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
            |> List.choose (fun name -> Places.variable name |> Option.map (fun value -> name, value))
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

/// Hands the script to Slurm; the number of the job.
let private sbatch (folder: string) : Result<string, string> =
    // The logs' paths are relative to the folder.
    match Programs.text Timeout.InfiniteTimeSpan folder "sbatch" [ "--parsable"; "job.sh" ] with
    | Ok text -> Ok(text.Split(';')[0])
    | Error(Programs.Problem.Failed errors) -> Error errors
    | Error Programs.Problem.NotInstalled ->
        Error "there is no sbatch here: submit from a machine of the cluster; --dry-run prints the script"

/// Runs that the job is not for: how many, and why.
type private LeftOut = { Reason: string; Count: int }

let private printJson (number: string option) (job: Slurm.Job) (runs: (Run * string)[]) (leftOut: LeftOut[]) =
    JsonOutput.print (fun writer ->
        number |> Option.iter (fun number -> writer.WriteString("job", number))
        writer.WriteNumber("tasks", (if runs.Length = 0 then 0 else job.Tasks))

        if number.IsSome then
            writer.WriteString("logs", job.Folder)
        elif runs.Length > 0 then
            writer.WriteString("script", Slurm.script job)

        runs
        |> JsonOutput.field writer "runs" (fun (run, hash) ->
            writer.WriteString("name", run.Name)
            writer.WriteString("hash", hash))

        leftOut
        |> JsonOutput.field writer "leftOut" (fun leftOut ->
            writer.WriteString("reason", leftOut.Reason)
            writer.WriteNumber("runs", leftOut.Count)))

let private submit (isJson: bool) (job: Slurm.Job) (runs: (Run * string)[]) (leftOut: LeftOut[]) : int =
    Batches.write job runs

    match sbatch job.Folder with
    | Ok number when isJson ->
        printJson (Some number) job runs leftOut
        Exit.fine
    | Ok number ->
        say "Job %s: %d tasks for %d runs; logs in %s." number job.Tasks runs.Length job.Folder
        Exit.fine
    | Error reason ->
        Directory.Delete(job.Folder, recursive = true)
        tell "Slurm took no job: %s" reason
        Exit.runFailed

let private prepare
    (arguments: ParseResults<SubmitArguments>)
    (passes: PassSet)
    (store: RunStore)
    (runs: Run[])
    : int =
    let retry = arguments.Contains SubmitArguments.Retry
    let isJson = arguments.Contains SubmitArguments.Json
    let entries = ofRuns store runs

    let own =
        Array.zip runs entries
        |> Array.filter (fun (_, entry) -> (reasonToLeaveOut retry entry).IsNone)
        |> Array.map (fun (run, entry) -> run, entry.Hash)

    let leftOut =
        entries
        |> Array.choose (reasonToLeaveOut retry)
        |> Array.countBy id
        |> Array.map (fun (reason, count) -> { Reason = reason; Count = count })

    if not isJson then
        for leftOut in leftOut do
            tell "not submitted: %d %s" leftOut.Count leftOut.Reason

    let job = jobOf arguments passes store.Folder (min own.Length mostTasks)
    let isDry = arguments.Contains SubmitArguments.Dry_Run

    match Slurm.mistake job with
    | Some reason -> Exit.refuse reason
    | None when isJson && (isDry || own.Length = 0) ->
        printJson None job own leftOut
        Exit.fine
    | None when own.Length = 0 ->
        say "Nothing to submit."
        Exit.fine
    | None when isDry ->
        printf "%s" (Slurm.script job)
        Exit.fine
    | None ->
        if retry then
            forgetFailures store entries

        submit isJson job own leftOut

let run (arguments: ParseResults<SubmitArguments>) : int =
    let store =
        RunStore(full (Places.store (arguments.TryGetResult SubmitArguments.Store)))

    match PassChoice.ofWords (arguments.GetResults SubmitArguments.Without) with
    | Error reason -> Exit.refuse reason
    | Ok passes ->
        Files.choose
            (KnownData.here (Places.catalog (arguments.TryGetResult SubmitArguments.Data)))
            (arguments.TryGetResult SubmitArguments.Profile)
            (arguments.GetResults SubmitArguments.Setting)
            (arguments.GetResults SubmitArguments.Only)
            (arguments.GetResult SubmitArguments.Files)
        |> Option.filter KnownData.areIdentified
        |> Option.map (prepare arguments passes store)
        |> Option.defaultValue Exit.wrongInput
