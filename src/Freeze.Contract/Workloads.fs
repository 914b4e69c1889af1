namespace Freeze

/// How much a run computes from its first epoch to its last.
type Workload =
    {
        /// Images that steps are taken on, counted each time.
        Trained: int64
        /// Images that are only judged, counted each time.
        Judged: int64
        /// Multiply-and-adds of both, in convolutions and linear layers.
        Operations: float
    }

[<RequireQualifiedAccess>]
module Workloads =
    /// How often a run goes through its training images. A net that learns stage by stage takes each candidate of a stage
    /// through the part of it that is the stage's: together as often through the whole as a stage has candidates, on average.
    let private epochs (recipe: Recipe) =
        match recipe.Learning with
        | Learning.Together -> float recipe.Epochs
        | Learning.StageByStage(candidates, _) ->
            float recipe.Epochs * (candidates |> Array.averageBy (Array.length >> float))
        | Learning.Ensemble(members, after, _, _) -> float (after + members * recipe.Epochs)

    /// Of a run that nothing stops early and that shares nothing with others; none where nothing is known of its data.
    let ofRecipe (recipe: Recipe) : Workload =
        let images, tests =
            match DataSource.tryDescribe recipe.Data, recipe.Images with
            | Some set, Images.All -> set.TrainingImages, set.TestImages
            | Some set, Images.First count -> count, set.TestImages
            | None, _ -> 0, 0

        let epochs = epochs recipe

        let heldOut, judged =
            match recipe.Validation with
            | Validation.Test -> 0, epochs * float tests
            | Validation.HeldOut images -> images, epochs * float images + float tests

        let trained = epochs * float (images - heldOut)
        let cost = Costs.ofWeights recipe.Net (PlanFile.weights recipe)

        {
            Trained = int64 trained
            Judged = int64 judged
            Operations = trained * float cost.Step + judged * float cost.Forward
        }
