/// What freeze plan shows for training stage by stage: what each stage tries, trains and costs, and what runs share.
module Freeze.Cli.PlannedStages

open Freeze
open Freeze.Cli.PlannedRuns
open Freeze.Cli.Tables
open Freeze.Cli.Terminal

/// What each stage of a run tries and costs, and how many of the plan's runs share it.
let private printTable (holders: string -> int) (planned: PlannedRun) =
    let recipe = planned.Run.Recipe
    let stages = planned.Stages.Value

    let parameter read stage =
        let tried = Stages.candidates recipe stage |> Array.map read
        let more = if (Array.distinct tried).Length > 1 then ", …" else ""
        $"{tried[0]:G6}{more}"

    let front (work: StageWork) =
        if work.Prefix = 0L then
            ""
        else
            million work.Prefix + (if work.IsKept then " once" else " each epoch")

    let runs (work: StageWork) =
        match holders work.Address with
        | 1 -> ""
        | several -> $"of {several} runs"

    if stages.Length > 0 then
        say "multiply-adds per image (fixed stages in front, a step), and in all for all candidates:"

        stages
        |> Array.mapi (fun i work -> i + 1, work)
        |> print
            [
                words "stage" (fun (stage, _) -> recipe.Net.Stages[stage - 1].Name)
                numbers "candidates" (fun (_, work) -> string work.Candidates)
                spare 3 (numbers "lr" (fun (stage, _) -> parameter Optimizer.learningRate stage))
                spare 4 (numbers "decay" (fun (stage, _) -> parameter Optimizer.decay stage))
                spare 2 (numbers "in front" (snd >> front))
                numbers "step" (fun (_, work) -> million work.Step.Step)
                numbers "in all" (fun (_, work) -> readable work.Work.Operations)
                spare 1 (words "trained once" (snd >> runs))
            ]

/// The stages that are trained in another way than by their classifier's loss.
let private printLearning (recipe: Recipe) =
    match recipe.Learning with
    | Learning.StageByStage(_, stages) ->
        for stage, learning in Seq.zip recipe.Net.Stages stages do
            match learning with
            | StageLearning.Classify -> ()
            | StageLearning.Solve ridge ->
                say "%s: a classifier in closed form (ridge %g) on random features" stage.Name ridge
            | StageLearning.Reconstruct ->
                say "%s: its weights learn to reconstruct its input, then a classifier is trained" stage.Name
            | StageLearning.ReconstructThenSolve ridge ->
                say
                    "%s: its weights learn to reconstruct its input, then a classifier is solved for (ridge %g)"
                    stage.Name
                    ridge
    | Learning.Together
    | Learning.Ensemble _ -> ()

/// Prints a run's stages; `holders` gives the number of the plan's runs that share a stage.
let print (holders: string -> int) (planned: PlannedRun) =
    printTable holders planned
    printLearning planned.Run.Recipe

/// Prints what runs that train stage by stage share.
let printShared (stages: StageWork[]) =
    let distinct = stages |> Array.distinctBy _.Address

    let operations (stages: StageWork[]) =
        stages |> Array.sumBy _.Work.Operations |> readable

    if stages.Length > 0 then
        say
            "%d stage trainings, %d distinct; %d candidates, %d distinct; %s multiply-adds, %s distinct: equal ones are trained once"
            stages.Length
            distinct.Length
            (stages |> Array.sumBy _.Candidates)
            (distinct |> Array.sumBy _.Candidates)
            (operations stages)
            (operations distinct)
