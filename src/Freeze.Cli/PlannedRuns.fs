/// The runs of a plan with the data for the tables of freeze plan, and the table of all runs.
module Freeze.Cli.PlannedRuns

open System
open System.Collections.Generic
open Freeze
open Freeze.Language
open Freeze.Cli.Tables

/// A run, its hash, its stages if any, and its place in its file.
type PlannedRun =
    {
        Run: Run
        Hash: string
        Address: string
        /// Computed only if a table needs them.
        Stages: Lazy<StageWork[]>
        File: Files.Loaded
        Index: int
    }

/// The chosen runs of files and the runs that they start from, each recipe once.
let ofFiles (files: Files.Loaded list) (chosen: Run[]) : PlannedRun[] =
    let addresses = Addresses()
    let chosen = HashSet(chosen, HashIdentity.Reference)

    let own =
        [|
            for file in files do
                for i in 0 .. file.Runs.Length - 1 do
                    file.Runs[i], file, i
        |]

    let byAddress =
        lazy
            (own
             |> Array.map (fun (run, file, i) -> addresses.Of run.Recipe, (run, file, i))
             |> Array.distinctBy fst
             |> dict)

    // A run of another file has no index in these files.
    let before file (run: Run) =
        Origins.bases run.Recipe
        |> List.map (fun before ->
            match byAddress.Value.TryGetValue(addresses.Of before.Recipe) with
            | true, known -> known
            | false, _ -> Origins.asRun run.Profile before, file, -1)

    [|
        for run, file, i in own do
            if chosen.Contains run then
                yield! before file run
                run, file, i
    |]
    |> Array.Parallel.map (fun (run, file, i) -> addresses.Of run.Recipe, run, file, i)
    |> Array.distinctBy (fun (address, _, _, _) -> address)
    |> Array.map (fun (address, run, file, i) ->
        let recipe = run.Recipe

        {
            Run = run
            Hash =
                if Origins.isIdentified recipe then
                    address
                else
                    Address.needsData
            Address = address
            Stages = lazy Workloads.stages recipe
            File = file
            Index = i
        })

/// Operations relative to those of a full training step, as "0.52x".
let private relative (recipe: Recipe) (operations: int64) =
    let full = Costs.ofFullTraining recipe.Net (PlanFile.weights recipe)
    $"{float operations / float (max 1L full.Step):F2}x"

/// The cost of a step of the whole net, relative to full training.
let relativeStep (recipe: Recipe) : string =
    relative recipe (Costs.ofWeights recipe.Net (PlanFile.weights recipe)).Step

/// The same for stages: one step of each, plus the earlier stages if they are computed again each time.
let private relativeOfStages (planned: PlannedRun) =
    planned.Stages.Value
    |> Array.sumBy (fun stage -> stage.Step.Step + (if stage.IsKept then 0L else stage.Prefix))
    |> relative planned.Run.Recipe

let printTable (planned: PlannedRun[]) =
    // Most runs of a large plan share the same weights, so results are cached.
    let once (compute: Recipe -> 'T) =
        Memo.by HashIdentity.Reference PlanFile.weights compute

    let ofWhole = once relativeStep

    let step (planned: PlannedRun) =
        if planned.Stages.Value.Length = 0 then
            ofWhole planned.Run.Recipe
        else
            relativeOfStages planned

    let counts = once (PlanFile.weights >> Counts.ofWeights)

    let startOf (planned: PlannedRun) =
        Origins.tryBase planned.Run.Recipe
        |> Option.map _.Name
        |> Option.defaultValue ""

    let hasStarts = planned |> Array.exists (startOf >> (<>) "")

    planned
    |> print
        [
            words "run" _.Run.Name
            if hasStarts then
                words "starts from" startOf
            spare 4 (words "net" _.Run.NetName)
            spare 5 (words "data" (fun planned -> DataSource.name planned.Run.Recipe.Data))
            numbers "trained" (fun planned -> count (counts planned.Run.Recipe).Trained)
            spare 2 (numbers "fixed" (fun planned -> count (counts planned.Run.Recipe).Fixed))
            spare 3 (numbers "zero" (fun planned -> count (counts planned.Run.Recipe).Zero))
            numbers "step" step
            spare 1 (words "hash" _.Hash)
        ]
