/// What runs will cost on this machine: some steps of each are taken and timed, nothing is kept of them.
module Freeze.Cli.Forecast

open System
open System.Diagnostics
open Freeze
open Freeze.Language
open Freeze.Runtime
open Freeze.Runtime.Data
open Freeze.Records

type Forecast =
    {
        /// Seconds of a training step.
        Step: float
        /// Of the whole run, judging included.
        Seconds: float
    }

/// About how long each is measured.
let private span = TimeSpan.FromSeconds 2.0

/// Runs that differ in nothing here take the same time: a seed, a start, rates and the number of epochs cost nothing.
let private pace (recipe: Recipe) =
    {|
        Net = recipe.Net
        Data = recipe.Data
        Batch = recipe.Batch
        Precision = recipe.Precision
        Device = recipe.Device
        Augmentations = recipe.Augmentations
        Optimizer = recipe.Optimizer.GetType().Name
        Clips = recipe.Clipping
        Treatments = recipe.Weights |> Array.map _.Treatment
    |}

/// All else takes the time that its arithmetic is of a step's.
let private ofStep (recipe: Recipe) (step: float) : Forecast =
    let cost = Costs.ofWeights recipe.Net recipe.Weights
    let stepOperations = float (max 1L cost.Step) * float recipe.Batch

    {
        Step = step
        Seconds = (Workloads.ofRecipe recipe).Operations / stepOperations * step
    }

/// Measures runs one after the other; of those that cannot be trained the message.
let measure
    (catalog: DataCatalog)
    (threads: int)
    (say: string -> unit)
    (runs: Run[])
    : Result<Forecast, string>[] =
    let step (run: Run) =
        say run.Name

        try
            Ok(1.0 / StepTimer.StepsPerSecond(run, catalog, threads, span))
        with
        | :? RunException
        | :? DataException as error -> Error error.Message

    let once = Memo.by HashIdentity.Structural (fun (run: Run) -> pace run.Recipe) step
    runs |> Array.map (fun run -> once run |> Result.map (ofStep run.Recipe))

/// Bytes that this process has held at most.
let peakMemory () =
    use here = Process.GetCurrentProcess()
    here.PeakWorkingSet64
