/// The runs of a plan in total: where they start, what their search adds, the computations and the time.
module Freeze.Cli.PlannedWork

open System
open System.IO
open Freeze
open Freeze.Cli.PlannedRuns
open Freeze.Cli.Tables
open Freeze.Cli.Terminal
open Freeze.Records
open Freeze.Runtime
open Freeze.Runtime.Data

/// Prints the later rungs of a halving search.
let printRungs (runs: Run[]) =
    let rec behind times (left: int) =
        if left = 1 then
            []
        else
            let next = max 1 (left / Searches.keptOneOf)
            (times * Searches.keptOneOf, next) :: behind (times * Searches.keptOneOf) next

    let halving =
        runs
        |> Array.choose (fun run -> Searches.tryPlace run |> Option.map (fun place -> place, run))
        |> Array.filter (fun (place, _) -> place.Rung > 0)
        |> Array.countBy (fun (place, run) -> place.Search, run.Axes)

    match halving |> Array.map snd |> Array.distinct with
    | [| candidates |] when candidates > 1 ->
        let rungs =
            behind 1 candidates
            |> List.map (fun (times, left) -> $"{left} with {times}x the epochs")
            |> String.concat ", "

        say "of each %d candidates the best go on: %s" candidates rungs
    | _ -> ()

/// Prints the runs that continue from a shorter run in the store.
let printStarts (folder: string) (planned: PlannedRun[]) =
    try
        let store = RunStore folder
        let goesOnFrom = StoreIndex.goesOnFrom store

        for planned in planned do
            if planned.Hash <> Address.needsData && not (store.FilesOf planned.Hash).IsFinished then
                goesOnFrom planned.Run
                |> Option.iter (fun shorter ->
                    say "%s goes on from %s" (line planned.Run.Name) (StoreIndex.asStart shorter))
    with
    | :? RunException
    | :? IOException
    | :? UnauthorizedAccessException as error -> tell "%s" error.Message

/// What several runs share is trained once, and counted once.
let printWork (planned: PlannedRun[]) =
    let parts =
        planned
        |> Array.collect (fun planned ->
            Workloads.parts planned.Address planned.Run.Recipe planned.Stages.Value)

    let distinct = parts |> Array.distinctBy fst
    let work = distinct |> Seq.map snd |> Workloads.sum

    let apart =
        if distinct.Length < parts.Length then
            let alone = parts |> Seq.map snd |> Workloads.sum
            $"; {readable alone.Operations} if runs shared nothing"
        else
            ""

    say
        "%s multiply-adds in all: steps on %s images, %s evaluated%s"
        (readable work.Operations)
        (count work.Trained)
        (count work.Evaluated)
        apart

/// Estimates the total time on this machine, from some steps of each run.
let printTimes (catalog: DataCatalog) (threads: int) (runs: Run[]) : int =
    let announce name = tell "timing steps of %s" (line name)

    let forecasts = Forecast.measure catalog threads announce runs

    let forecast show (_, forecast: Result<Forecast.Forecast, string>) =
        forecast |> Result.map show |> Result.defaultValue "–"

    Array.zip runs forecasts
    |> print
        [
            words "run" (fun (run, _) -> run.Name)
            numbers "ms a step" (forecast (fun forecast -> $"{1000.0 * forecast.Step:F0}"))
            numbers "time" (forecast (fun forecast -> duration forecast.Seconds))
        ]

    let known = forecasts |> Array.choose Result.toOption

    say
        "%s for %d of %d runs, one after the other on %d threads of this machine, less what is computed once, shared or stopped early; %s of memory at most"
        (duration (known |> Array.sumBy _.Seconds))
        known.Length
        runs.Length
        threads
        (Machine.Readable(Forecast.peakMemory ()))

    let problems =
        forecasts
        |> Array.choose (function
            | Error message -> Some message
            | Ok _ -> None)
        |> Array.distinct

    for problem in problems do
        tell "%s" problem

    Exit.ofSuccess (problems.Length = 0)
