/// Writes the script of one array job.
module Freeze.Cli.Slurm

open System
open System.Text.RegularExpressions

type Job =
    {
        /// The folder of the batch: task n trains the runs in n.json and logs to log-n.txt.
        Folder: string
        Tasks: int
        /// The job that it waits for.
        After: string option
        MaxParallel: int option
        Partition: string option
        Time: string option
        Cpus: int
        Gpus: int
        /// The base of the plan's relative paths.
        Directory: string
        Environment: (string * string) list
        /// The program with its first arguments, and the arguments after the plan.
        Program: string list
        Arguments: string list
    }

/// Quotes a text for a shell script.
let quote (text: string) = "'" + text.Replace("'", "'\\''") + "'"

/// Slurm reads options line by line, and people read the logs: no honest path contains control characters.
let private isSafe (text: string) = not (Seq.exists Char.IsControl text)

/// What is wrong with a job, if anything.
let mistake (job: Job) : string option =
    let texts =
        [ job.Folder; job.Directory ]
        @ job.Program
        @ job.Arguments
        @ List.map snd job.Environment

    let unlike (name: string) pattern what (value: string option) =
        match value with
        | Some value when not (Regex.IsMatch(value, pattern)) ->
            Some $"{name} '{Tables.line value}': expected {what}"
        | _ -> None

    [
        texts
        |> List.tryFind (isSafe >> not)
        |> Option.map (fun path ->
            $"'{Tables.line path}' holds a control character: freeze submit takes no such path")
        unlike "--partition" @"\A[A-Za-z0-9_.,-]+\z" "the name of a partition" job.Partition
        unlike
            "--time"
            @"\A[0-9]+(-[0-9]+)?(:[0-9]+){0,2}\z"
            "minutes, or hours:minutes:seconds as Slurm writes it"
            job.Time
        Arguments.outside "--max-parallel" 1 100_000 job.MaxParallel
        Arguments.outside "--cpus" 1 1024 (Some job.Cpus)
        Arguments.outside "--gpus" 0 64 (Some job.Gpus)
    ]
    |> List.tryPick id

/// Slurm signals the script a minute before a time limit: the run saves, and the task is queued again. After preemption or
/// `scancel`, the one who ended the job decides whether it is queued again.
let script (job: Job) : string =
    let option name value = $"#SBATCH --{name}={value}"

    let array =
        match job.MaxParallel with
        | Some most -> $"0-{job.Tasks - 1}%%{most}"
        | None -> $"0-{job.Tasks - 1}"

    [
        "#!/bin/bash"
        "# Written by freeze submit. Each task trains its share of the runs; what an earlier attempt has done is not done again."
        option "job-name" "freeze"
        option "array" array
        "#SBATCH --requeue"
        option "open-mode" "append"
        option "signal" "B:USR1@60"
        option "output" "log-%a.txt"
        option "ntasks" "1"
        option "cpus-per-task" (string job.Cpus)
        yield! job.Partition |> Option.map (option "partition") |> Option.toList
        yield! job.Time |> Option.map (option "time") |> Option.toList
        // In any case: a run that starts from a failed run reports that itself.
        yield!
            job.After
            |> Option.map (fun before -> option "dependency" $"afterany:{before}")
            |> Option.toList
        if job.Gpus > 0 then
            option "gpus" (string job.Gpus)
        ""
        $"cd -- {quote job.Directory} || exit 1"
        for name, value in job.Environment do
            $"export {name}={quote value}"
        "echo \"attempt $((${SLURM_RESTART_COUNT:-0} + 1)) on $(uname -n), $(date)\""
        let program = job.Program |> List.map quote |> String.concat " "
        let arguments = job.Arguments |> List.map quote |> String.concat " "
        let folder = quote (job.Folder + "/")
        $"{program} run {folder}\"$SLURM_ARRAY_TASK_ID\".json {arguments} &"
        "run=$!"
        "limit="
        "trap 'limit=1; kill -TERM \"$run\" 2>/dev/null' USR1"
        "trap 'kill -TERM \"$run\" 2>/dev/null' TERM"
        "wait \"$run\""
        "while kill -0 \"$run\" 2>/dev/null; do wait \"$run\"; done"
        "wait \"$run\""
        "code=$?"
        "if [[ -n $limit && $code != 0 ]] && ((${SLURM_RESTART_COUNT:-0} < 500)); then"
        "    echo \"the time limit is near: saved, and queued again\""
        "    exec scontrol requeue \"${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID\""
        "fi"
        "exit \"$code\""
        ""
    ]
    |> String.concat "\n"
