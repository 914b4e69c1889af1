namespace Freeze

/// The trainings that learning stage by stage is made of. What two of them have in common is trained once.
[<RequireQualifiedAccess>]
module Stages =
    /// The recipe of a net's stages up to one, from 1: all that the stage's result depends on, and nothing else.
    let upTo (recipe: Recipe) (stage: int) : Recipe =
        let net =
            {
                Nodes = recipe.Net.Nodes[.. recipe.Net.Stages[stage - 1].Output]
                Stages = recipe.Net.Stages[.. stage - 1]
            }

        let layers = net.Nodes |> Array.map _.Name |> Set.ofArray

        { recipe with
            Net = net
            Weights = recipe.Weights |> Array.filter (fun plan -> layers.Contains plan.Weight.Layer)
            FrozenStatistics = recipe.FrozenStatistics |> Array.filter layers.Contains
            Learning =
                match recipe.Learning with
                | Learning.StageByStage candidates -> Learning.StageByStage candidates[.. stage - 1]
                | other -> other
        }

    /// Of each stage of a run its address and how many candidates it tries.
    let ofRun (run: Run) : (string * int)[] =
        match run.Recipe.Learning with
        | Learning.StageByStage candidates ->
            candidates
            |> Array.mapi (fun i tried -> Address.ofRecipe (upTo run.Recipe (i + 1)), tried.Length)
        | Learning.Together
        | Learning.Ensemble _ -> [||]
