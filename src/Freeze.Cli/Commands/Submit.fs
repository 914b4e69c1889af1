/// freeze submit: submits the unfinished runs as array jobs to Slurm.
module Freeze.Cli.Commands.Submit

open System
open System.Collections.Generic
open System.IO
open System.Threading
open Argu
open Freeze
open Freeze.Cli
open Freeze.Language
open Freeze.Cli.Terminal
open Freeze.Cli.Arguments
open Freeze.Cli.StoreIndex
open Freeze.Records

/// Slurm's default limit is 1001 tasks per array; more runs share tasks.
let private mostTasks = 1000

/// Why a run is left out: jobs are for runs that are not running and have no outcome yet.
let private reasonToLeaveOut (retry: bool) (entry: Entry) : string option =
    match entry.State with
    | RunState.Interrupted _
    | RunState.WaitingFor(_, false)
    | RunState.Waiting -> None
    | RunState.WaitingFor _ when retry -> None
    | RunState.WaitingFor _ -> Some "start from a run that has failed"
    | RunState.Failed _ when retry -> None
    | RunState.Failed _ -> Some "failed before; --retry tries them again"
    | RunState.Done _ -> Some "finished"
    | RunState.Running _ -> Some "running in other processes"

let private full (path: string) = Path.GetFullPath path

let private jobOf
    (arguments: ParseResults<SubmitArguments>)
    (passes: PassSet)
    (store: string)
    (tasks: int)
    (before: string option)
    : Slurm.Job =
    let program, first = Workers.program ()
    let cpus = arguments.GetResult(Cpus, 1)

    {
        Folder = Batches.folder store
        Tasks = tasks
        After = before
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

/// Submits the script to Slurm; returns the number of the job.
let private sbatch (folder: string) : Result<string, string> =
    // The logs' paths are relative to the folder.
    match Programs.text Timeout.InfiniteTimeSpan folder "sbatch" [ "--parsable"; "job.sh" ] with
    | Ok text -> Ok(text.Split(';')[0])
    | Error(Programs.Problem.Failed errors) -> Error errors
    | Error Programs.Problem.NotInstalled ->
        Error "there is no sbatch here: submit from a machine of the cluster; --dry-run prints the script"

/// How many runs are left out of the jobs, and why.
type private LeftOut = { Reason: string; Count: int }

/// A job and its runs; its number if Slurm has accepted it.
type private Submitted =
    {
        Job: Slurm.Job
        Runs: (Run * string)[]
        Number: string option
    }

let private printJson (jobs: Submitted[]) (leftOut: LeftOut[]) =
    JsonOutput.print (fun writer ->
        jobs
        |> JsonOutput.field writer "jobs" (fun submitted ->
            submitted.Number
            |> Option.iter (fun number -> writer.WriteString("job", number))

            writer.WriteNumber("tasks", submitted.Job.Tasks)

            match submitted.Number with
            | Some _ -> writer.WriteString("logs", submitted.Job.Folder)
            | None -> writer.WriteString("script", Slurm.script submitted.Job)

            submitted.Runs
            |> JsonOutput.field writer "runs" (fun (run, hash) ->
                writer.WriteString("name", run.Name)
                writer.WriteString("hash", hash)))

        leftOut
        |> JsonOutput.field writer "leftOut" (fun leftOut ->
            writer.WriteString("reason", leftOut.Reason)
            writer.WriteNumber("runs", leftOut.Count)))

/// The number of the accepted job, or None after printing why Slurm refused it.
let private submit (job: Slurm.Job) (runs: (Run * string)[]) : string option =
    Batches.write job runs

    match sbatch job.Folder with
    | Ok number -> Some number
    | Error reason ->
        Directory.Delete(job.Folder, recursive = true)
        tell "Slurm refused the job: %s" reason
        None

/// Splits the batch into jobs in the order in which Slurm must run them: a run's job comes after those of the runs in the batch
/// that it starts from or continues.
let private inOrder (runs: (Run * string)[]) : (Run * string)[] list =
    let byHash = runs |> Seq.map (fun (run, hash) -> hash, run.Recipe) |> Map.ofSeq
    let lengths = runs |> Seq.map (fun (run, _) -> run.Recipe.Epochs) |> Set.ofSeq
    let addresses = Addresses()
    let steps = Dictionary<string, int>()

    let before (recipe: Recipe) =
        [
            for before in Origins.bases recipe -> before.Recipe
            yield! lengths |> Seq.choose (fun epochs -> Continuations.tryFirst epochs recipe)
        ]
        |> List.map addresses.Of
        |> List.filter byHash.ContainsKey

    let rec step (hash: string) : int =
        Memo.find steps hash (fun () ->
            before byHash[hash] |> List.fold (fun most other -> max most (1 + step other)) 0)

    runs
    |> Array.groupBy (snd >> step)
    |> Array.sortBy fst
    |> Array.map snd
    |> List.ofArray

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

    let job before (runs: (Run * string)[]) =
        jobOf arguments passes store.Folder (min runs.Length mostTasks) before

    let ordered = inOrder own

    let planned () =
        [|
            for i, runs in List.indexed ordered ->
                {
                    Job = job (if i = 0 then None else Some "JOB-BEFORE") runs
                    Runs = runs
                    Number = None
                }
        |]

    // A refused job ends the batch: later jobs would wait for ever.
    let rec submitAll (before: Submitted list) (others: (Run * string)[] list) =
        match others with
        | [] -> Exit.fine, before
        | runs :: others ->
            let job = job (before |> List.tryHead |> Option.bind _.Number) runs

            match submit job runs with
            | None -> Exit.runFailed, before
            | number ->
                let submitted =
                    {
                        Job = job
                        Runs = runs
                        Number = number
                    }

                if not isJson then
                    say
                        "Job %s: %d tasks for %d runs; logs in %s."
                        number.Value
                        job.Tasks
                        runs.Length
                        job.Folder

                submitAll (submitted :: before) others

    match Slurm.mistake (job None own) with
    | Some reason -> Exit.refuse reason
    | None when isJson && (own.Length = 0 || arguments.Contains SubmitArguments.Dry_Run) ->
        printJson (planned ()) leftOut
        Exit.fine
    | None when own.Length = 0 ->
        say "Nothing to submit."
        Exit.fine
    | None when arguments.Contains SubmitArguments.Dry_Run ->
        for planned in planned () do
            printf "%s" (Slurm.script planned.Job)

        Exit.fine
    | None ->
        if retry then
            forgetFailures store entries

        let code, submitted = submitAll [] ordered

        if isJson then
            printJson (submitted |> List.rev |> Array.ofList) leftOut

        code

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
        |> Option.map Files.withBases
        |> Option.filter KnownData.areIdentified
        |> Option.map (prepare arguments passes store)
        |> Option.defaultValue Exit.wrongInput
