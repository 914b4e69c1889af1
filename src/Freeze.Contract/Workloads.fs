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
    /// The weights under which a run goes through its training images, and how often. A net that learns stage by stage takes
    /// each candidate of a stage through the part of it that is the stage's: together as often through the whole as a stage
    /// has candidates, on average.
    let private trainings (recipe: Recipe) : (WeightPlan[] * float) list =
        let epochs = float recipe.Epochs

        match recipe.Learning with
        | Learning.Together -> [ recipe.Weights, epochs ]
        | Learning.StageByStage(candidates, _) ->
            [
                recipe.Weights, epochs * (candidates |> Array.averageBy (Array.length >> float))
            ]
        | Learning.Ensemble(members, after, weights, _) ->
            [ recipe.Weights, float after; weights, float members * epochs ]

    /// Of a run that nothing stops early and that shares nothing with others, in which a front that can be computed once is
    /// computed in each step; none where nothing is known of its data.
    let ofRecipe (recipe: Recipe) : Workload =
        let images, tests = Recipe.images recipe

        let ofTraining (weights: WeightPlan[], epochs: float) : Workload =
            let heldOut, judged =
                match recipe.Validation with
                | Validation.Test -> 0, epochs * float tests
                | Validation.HeldOut images -> images, epochs * float images + float tests

            let trained = epochs * float (images - heldOut)
            let cost = Costs.ofWeights recipe.Net weights

            {
                Trained = int64 trained
                Judged = int64 judged
                Operations = trained * float cost.Step + judged * float cost.Forward
            }

        trainings recipe
        |> List.map ofTraining
        |> List.reduce (fun a b ->
            {
                Trained = a.Trained + b.Trained
                Judged = a.Judged + b.Judged
                Operations = a.Operations + b.Operations
            })
