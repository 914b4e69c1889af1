/// freeze plan: shows the runs that files plan, which weights of each are trained, and why.
module Freeze.Cli.Commands.Plan

open System
open Argu
open Freeze
open Freeze.Cli
open Freeze.Cli.Terminal
open Freeze.Cli.Arguments
open Freeze.Cli.PlannedRuns

let private printRun (holders: string -> int) (planned: PlannedRun) =
    PlannedLayers.print planned
    PlannedStages.print holders planned

    for expected in planned.Run.Expected do
        say "expected: %s %g (%s)" expected.Measure expected.Value expected.Source

/// If there are more runs than this, their layers are only shown on request.
let private fewRuns = 3

let private show (arguments: ParseResults<PlanArguments>) (planned: PlannedRun[]) : int =
    let runs = planned |> Array.map _.Run
    let stages = planned |> Array.collect _.Stages.Value
    let holders = stages |> Array.countBy _.Address |> Map.ofArray

    printTable planned
    PlannedStages.printShared stages
    PlannedWork.printRungs runs
    PlannedWork.printStarts (Places.store (arguments.TryGetResult PlanArguments.Store)) planned

    if runs.Length <= fewRuns || arguments.Contains Layers then
        planned |> Array.iter (printRun (fun address -> holders[address]))
    else
        say "%d runs; --layers shows the layers of each." runs.Length

    PlannedWork.printWork planned

    if arguments.Contains PlanArguments.Time then
        PlannedWork.printTimes
            (Places.catalog (arguments.TryGetResult PlanArguments.Data))
            (arguments.GetResult(PlanArguments.Threads, Environment.ProcessorCount))
            runs
    else
        Exit.fine

let run (arguments: ParseResults<PlanArguments>) : int =
    let files =
        arguments.GetResult PlanArguments.Files
        |> List.map (
            Files.loadWith
                (KnownData.here (Places.catalog (arguments.TryGetResult PlanArguments.Data)))
                (arguments.TryGetResult PlanArguments.Profile)
                (arguments.GetResults PlanArguments.Setting)
        )

    Files.printDiagnostics files

    let mistake =
        match threadsOutside (arguments.TryGetResult PlanArguments.Threads) with
        | None when arguments.Contains PlanArguments.Time && arguments.Contains PlanArguments.Json ->
            Some "--time has no JSON: leave out one of --time and --json"
        | outside -> outside

    if Files.hasErrors files then
        Exit.wrongInput
    elif mistake.IsSome then
        Exit.refuse mistake.Value
    else
        let all = files |> Seq.collect _.Runs |> Seq.toArray

        match Files.only (arguments.GetResults PlanArguments.Only) all with
        | Ok chosen ->
            let planned = ofFiles files chosen

            if arguments.Contains PlanArguments.Json then
                printf "%s" (planned |> Array.map _.Run |> PlanFile.ofRuns)
                Exit.fine
            else
                show arguments planned
        | Error reason -> Exit.refuse reason
