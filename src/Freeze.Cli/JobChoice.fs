/// How many runs `--jobs auto` trains side by side: measured once for a net on a processor and kept in the store, since the
/// number of threads of a run decides its last bits.
module Freeze.Cli.JobChoice

open System
open System.Diagnostics
open System.IO
open System.Security.Cryptography
open Freeze

/// What a choice holds for.
type Case =
    {
        /// SHA-256 of the net's JSON.
        Net: string
        Batch: int
        Precision: Precision
        Processor: string
        /// Of the whole machine, as far as Freeze may use it.
        Threads: int
    }

type Choice =
    {
        Case: Case
        /// Steps a second of one run with all threads.
        OneRun: float
        /// Of as many runs of one thread each as there are threads, together.
        SideBySide: float
        Jobs: int
    }

let private hash (value: 'T) =
    Convert.ToHexStringLower(SHA256.HashData(Json.toBytes value))

/// The processor as the system calls it.
let private processor () =
    let info = "/proc/cpuinfo"

    let named =
        if File.Exists info then
            File.ReadLines info
            |> Seq.tryFind _.StartsWith("model name")
            |> Option.map (fun line -> line.Substring(line.IndexOf ':' + 1).Trim())
        else
            None

    named
    |> Option.defaultWith (fun () -> string Runtime.InteropServices.RuntimeInformation.ProcessArchitecture)

let private caseOf (run: Run) threads : Case =
    {
        Net = hash run.Recipe.Net
        Batch = run.Recipe.Batch
        Precision = run.Recipe.Precision
        Processor = processor ()
        Threads = threads
    }

/// Side by side where that takes more steps a second.
let choose (case: Case) oneRun sideBySide : Choice =
    {
        Case = case
        OneRun = oneRun
        SideBySide = sideBySide
        Jobs = if sideBySide > oneRun then case.Threads else 1
    }

let private tryRead (path: string) (case: Case) : Choice option =
    try
        let known = Json.ofText<Choice>(File.ReadAllText path)
        if known.Case = case then Some known else None
    with
    | :? FileNotFoundException
    | :? DirectoryNotFoundException
    | Json.JsonMismatch _ -> None

/// Written once: where another process has been faster, its choice is the one that holds.
let private keep (path: string) (choice: Choice) : Choice =
    Directory.CreateDirectory(Path.GetDirectoryName path) |> ignore
    let beside = $"{path}.{Guid.NewGuid():N}.part"
    File.WriteAllText(beside, Json.toText choice + "\n")

    match tryRead path choice.Case with
    | Some known ->
        File.Delete beside
        known
    | None ->
        File.Move(beside, path, overwrite = true)
        tryRead path choice.Case |> Option.defaultValue choice

/// Steps a second of so many processes at once, each with `threads`; nothing where one of them could not say.
let private measure (start: int -> Process) count threads : float option =
    let processes = List.init count (fun _ -> start threads)

    let speeds =
        processes
        |> List.map (fun running ->
            use running = running
            let text = running.StandardOutput.ReadToEnd()
            running.WaitForExit()

            match Double.TryParse(text, Globalization.CultureInfo.InvariantCulture) with
            | true, speed when running.ExitCode = 0 -> Some speed
            | _ -> None)

    if List.forall Option.isSome speeds then
        Some(List.sumBy Option.get speeds)
    else
        None

/// The jobs for runs of which this is the first. `start` starts a process that times the steps of that run with so many
/// threads. Where that fails, as the run itself then will, one run at a time.
let jobs (store: string) (start: int -> Process) (threads: int) (run: Run) : int =
    let case = caseOf run threads
    let path = Path.Combine(store, "jobs", (hash case).Substring(0, 16) + ".json")

    let measured () =
        eprintfn "measuring, once, whether runs of %s are faster side by side" (Tables.line run.NetName)

        match measure start 1 threads, measure start threads 1 with
        | Some oneRun, Some sideBySide -> Some(keep path (choose case oneRun sideBySide))
        | _ -> None

    match tryRead path case |> Option.orElseWith measured with
    | Some choice ->
        eprintfn
            "one run on %d threads: %.1f steps/s; %d runs on one thread each: %.1f steps/s"
            threads
            choice.OneRun
            threads
            choice.SideBySide

        choice.Jobs
    | None ->
        eprintfn "that could not be measured: one run at a time"
        1
