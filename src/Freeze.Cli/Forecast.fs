/// Estimates the cost of runs on this machine: times some steps of each; nothing of them is stored.
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
        /// Seconds per training step.
        Step: float
        /// Seconds for the whole run, including evaluation.
        Seconds: float
    }

/// Approximate time to measure each run.
let private span = TimeSpan.FromSeconds 2.0

/// What determines the time of a step: seed, start, rates and number of epochs do not.
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

/// Everything else is assumed to take time in proportion to its arithmetic.
let private ofStep (recipe: Recipe) (step: float) : Forecast =
    let cost = Costs.ofWeights recipe.Net recipe.Weights
    let stepOperations = float (max 1L cost.Step) * float recipe.Batch

    {
        Step = step
        Seconds = (Workloads.ofRecipe recipe).Operations / stepOperations * step
    }

/// Measures runs one after the other; gives an error message for runs that cannot be trained.
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

/// The peak memory of this process, in bytes.
let peakMemory () =
    use here = Process.GetCurrentProcess()
    here.PeakWorkingSet64
