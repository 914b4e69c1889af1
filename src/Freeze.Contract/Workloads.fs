namespace Freeze

/// How much a run, or a part of one, computes from its first epoch to its last.
type Workload =
    {
        /// Images that steps are taken on, counted each time.
        Trained: int64
        /// Images that are only evaluated on, counted each time.
        Evaluated: int64
        /// Multiply-and-adds of both, in convolutions and linear layers, and of what fixed stages make of the images.
        Operations: float
    }

/// What a stage of a net costs.
type StageWork =
    {
        /// Stages of one address are trained once, whichever runs they are of.
        Address: string
        Candidates: int
        /// Of one image in the stages before, which are fixed.
        Prefix: int64
        /// Whether that is computed once an image; else it is anew in each epoch of each candidate.
        IsKept: bool
        /// Of one image in a step of the stage with what is behind it while it learns.
        Step: Cost
        /// Of all candidates, with the stages before.
        Work: Workload
    }

[<RequireQualifiedAccess>]
module Workloads =
    let sum (works: Workload seq) : Workload =
        let works = Seq.toArray works

        {
            Trained = works |> Array.sumBy _.Trained
            Evaluated = works |> Array.sumBy _.Evaluated
            Operations = works |> Array.sumBy _.Operations
        }

    let private times (count: int) (work: Workload) =
        {
            Trained = int64 count * work.Trained
            Evaluated = int64 count * work.Evaluated
            Operations = float count * work.Operations
        }

    let private of' (cost: Cost) (trained: int64) (evaluated: int64) =
        {
            Trained = trained
            Evaluated = evaluated
            Operations = float trained * float cost.Step + float evaluated * float cost.Forward
        }

    /// The images that steps are taken on in an epoch, and those that are evaluated on after it.
    let private ofEpoch (recipe: Recipe) : int * int =
        let images, tests = Recipe.images recipe

        match recipe.Validation with
        | Validation.Test -> images, tests
        | Validation.HeldOut held -> images - held, held

    /// The test images are evaluated on at the end where they are not after each epoch.
    let private ofTraining (recipe: Recipe) (weights: WeightPlan[]) (epochs: int) : Workload =
        let trained, evaluated = ofEpoch recipe

        let atEnd =
            if recipe.Validation.IsTest then
                0
            else
                snd (Recipe.images recipe)

        of'
            (Costs.ofWeights recipe.Net weights)
            (int64 epochs * int64 trained)
            (int64 epochs * int64 evaluated + int64 atEnd)

    /// Those that nothing measured decides.
    let private epochsOf (recipe: Recipe) =
        let ends =
            recipe.Stops
            |> Array.choose (fun stop ->
                match stop with
                | Stop.After epochs -> Some epochs
                | Stop.Plateau _
                | Stop.Accuracy _ -> None)

        Array.fold min recipe.Epochs ends

    let private forward (recipe: Recipe) =
        (Costs.ofWeights recipe.Net recipe.Weights).Forward

    /// Some trainings, of as many candidates, of what lies behind fixed stages: it takes these too.
    let private behind (whole: Recipe) (fixedStages: int) (candidates: int) (training: Recipe) : Workload =
        let trained, evaluated = ofEpoch whole
        let cost = Costs.ofWeights training.Net training.Weights
        let epochs = int64 training.Epochs

        let own =
            of' cost (epochs * int64 trained) (epochs * int64 evaluated) |> times candidates

        if fixedStages = 0 then
            own
        else
            let read =
                if (Augmentation.tryVarying whole.Augmentations).IsNone then
                    int64 (FixedPrefixes.rows whole) * int64 trained + int64 evaluated
                else
                    own.Trained + own.Evaluated

            let prefix = forward (Stages.features whole fixedStages)

            { own with
                Operations = own.Operations + float read * float prefix
            }

    /// As many trainings of a recipe's epochs as all candidates of a stage take.
    let private trainings (recipe: Recipe) (training: Recipe) (candidates: int) : int =
        let goesOn = Continuations.mayFollow training

        if recipe.Halving then
            Searches.rungs candidates
            |> List.mapi (fun rung count ->
                let epochs = pown Searches.keptOneOf rung

                let before =
                    if goesOn && rung > 0 then
                        epochs / Searches.keptOneOf
                    else
                        0

                count * (epochs - before))
            |> List.sum
        else
            candidates

    let private ofStage (recipe: Recipe) (stage: int) : StageWork =
        let candidates = Stages.candidates recipe stage
        let reconstructs = Stages.reconstructs recipe stage

        let training =
            if reconstructs then
                Stages.reconstruction recipe stage candidates[0]
            else
                Stages.training recipe stage candidates[0]

        {
            Address = Stages.address recipe stage
            Candidates = candidates.Length
            Prefix =
                if stage = 1 then
                    0L
                else
                    forward (Stages.features recipe (stage - 1))
            IsKept = (Augmentation.tryVarying recipe.Augmentations).IsNone
            Step = Costs.ofWeights training.Net training.Weights
            Work =
                sum
                    [
                        behind recipe (stage - 1) (trainings recipe training candidates.Length) training
                        if reconstructs then
                            behind recipe stage 1 (Stages.classifier recipe stage)
                    ]
        }

    /// The stages of a run that learns stage by stage; none of another. The features of fixed stages are taken to have room on
    /// the disk.
    let stages (recipe: Recipe) : StageWork[] =
        match recipe.Learning with
        | Learning.StageByStage _ -> Array.init recipe.Net.Stages.Length (fun i -> ofStage recipe (i + 1))
        | Learning.Together
        | Learning.Ensemble _ -> [||]

    /// What a run of an address is made of; parts of one name are trained once, whichever runs they are of.
    let parts (address: string) (recipe: Recipe) (stages: StageWork[]) : (string * Workload)[] =
        match recipe.Learning with
        | Learning.Together -> [| address, ofTraining recipe recipe.Weights (epochsOf recipe) |]
        | Learning.StageByStage _ ->
            let evaluated =
                of' (Costs.ofWeights recipe.Net recipe.Weights) 0L (int64 (snd (Recipe.images recipe)))

            [|
                for stage in stages do
                    yield $"stage {stage.Address}", stage.Work

                yield address, evaluated
            |]
        | Learning.Ensemble(members, after, weights, _) ->
            let start = Ensembles.start recipe after

            [|
                Address.ofRecipe start, ofTraining recipe recipe.Weights after
                address, ofTraining recipe weights recipe.Epochs |> times members
            |]

    /// Of a run that nothing stops early and that shares nothing with others, in which a prefix that can be computed once is
    /// computed in each step, unless it is of stages; none where nothing is known of its data.
    let ofRecipe (recipe: Recipe) : Workload =
        parts "" recipe (stages recipe) |> Seq.map snd |> sum
