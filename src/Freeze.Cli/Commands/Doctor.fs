/// freeze doctor: what this machine has for runs, reports and batches, and how to get the rest.
module Freeze.Cli.Commands.Doctor

open System
open System.IO
open System.Runtime.InteropServices
open Argu
open Freeze.Cli
open Freeze.Cli.Arguments
open Freeze.Cli.Tables
open Freeze.Cli.Terminal
open Freeze.Runtime
open Freeze.Runtime.Data

[<RequireQualifiedAccess>]
type private State =
    | Fine
    /// Some feature is unavailable without it; runs are not affected.
    | Missing
    /// No run can be trained without it.
    | Needed

type private Finding =
    {
        Topic: string
        State: State
        Found: string
        /// How to get it if it is missing, or "".
        HowToGet: string
    }

let private finding state topic text howToGet =
    {
        Topic = topic
        State = state
        Found = text
        HowToGet = howToGet
    }

let private found topic text = finding State.Fine topic text ""
let private missing = finding State.Missing

let private libtorch (engine: Engine) =
    match engine.Version with
    | null -> finding State.Needed "libtorch" $"cannot be loaded: {engine.Problem}" Machine.HowToGetEngine
    | version -> found "libtorch" version

/// The GPUs listed by their driver.
let private cards () =
    Programs.text
        (TimeSpan.FromSeconds 10.0)
        ""
        "nvidia-smi"
        [ "--query-gpu=name,memory.total,memory.free"; "--format=csv,noheader" ]
    |> Result.toOption

let private gpus (engine: Engine) =
    match cards (), engine.Gpus with
    | None, 0 -> missing "GPU" "none: runs are trained on the processor" ""
    | Some cards, 0 ->
        missing "GPU" $"{line cards}; this libtorch cannot use it" "build for CUDA: docs/gpu.md"
    | Some cards, _ -> found "GPU" (line cards)
    | None, count -> found "GPU" $"{count}"

/// The paths of the libraries in use, and of those that make them faster.
let private libraries (engine: Engine) =
    [
        if engine.Folder <> "" then
            found "libraries" engine.Folder

        if engine.Patched <> "" then
            found "libraries" engine.Patched

        if engine.Kernels <> "" then
            found "kernels" engine.Kernels
        elif engine.Version <> null then
            missing
                "kernels"
                $"{engine.KernelsProblem}: training large nets takes twice as long"
                "scripts/setup builds them if g++ is installed (sudo apt-get install g++)"
    ]

let private data (catalog: DataCatalog) =
    [
        for state in catalog.States() do
            match state.Place with
            | null -> missing "data" $"no {state.Set.Name}" state.HowToGet
            | place -> found "data" $"{state.Set.Name}: {place}"
    ]

let private programs () =
    let program topic names howToGet what =
        match names |> List.tryPick Programs.find with
        | Some path -> found topic path
        | None -> missing topic $"none: {what}" howToGet

    [
        program
            "browser"
            [ "chromium"; "chromium-browser"; "google-chrome" ]
            "sudo apt-get install chromium"
            "the tests draw no reports"
        program
            "Slurm"
            [ "sbatch" ]
            "sudo apt-get install slurm-client, on a node of a cluster"
            "no freeze submit"
    ]

let private findings version (catalog: DataCatalog) =
    let engine = Machine.Engine

    [
        found "Freeze" version
        found ".NET" RuntimeInformation.FrameworkDescription
        libtorch engine
        found "processor" Machine.Processor
        found "threads" (string Environment.ProcessorCount)
        found "memory" (Machine.Readable Machine.Memory)
        gpus engine
        yield! libraries engine
        yield! data catalog
        yield! programs ()
    ]

let private word (state: State) =
    match state with
    | State.Fine -> "fine"
    | State.Missing -> "missing"
    | State.Needed -> "needed"

let private printTable (findings: Finding list) =
    findings
    |> print
        [
            words "what" _.Topic
            words "" (fun finding -> if finding.State.IsFine then "" else word finding.State)
            prose "found" _.Found
        ]

    for finding in findings do
        if finding.HowToGet <> "" then
            say "%s, %s: %s" finding.Topic (line finding.Found) finding.HowToGet

let private printJson (findings: Finding list) =
    findings
    |> JsonOutput.printItems "findings" (fun writer finding ->
        writer.WriteString("what", finding.Topic)
        writer.WriteString("state", word finding.State)
        writer.WriteString("found", finding.Found)

        if finding.HowToGet <> "" then
            writer.WriteString("howToGet", finding.HowToGet))

/// Returns 0 if runs are possible.
let run (version: string) (arguments: ParseResults<DoctorArguments>) : int =
    let findings =
        findings version (Places.catalog (arguments.TryGetResult DoctorArguments.Data))

    if arguments.Contains DoctorArguments.Json then
        printJson findings
    else
        printTable findings

    findings
    |> List.forall (fun finding -> not finding.State.IsNeeded)
    |> Exit.ofSuccess
