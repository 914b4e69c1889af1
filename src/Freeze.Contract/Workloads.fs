namespace Freeze

/// How much a run, or a part of one, computes in total.
type Workload =
    {
        /// Images trained on, counted each time.
        Trained: int64
        /// Images only evaluated on, counted each time.
        Evaluated: int64
        /// Multiply-and-adds for both, in convolutions and linear layers, including the features of fixed stages.
        Operations: float
    }

/// What a stage of a net costs.
type StageWork =
    {
        /// Stages with the same address are trained once, whichever runs they belong to.
        Address: string
        Candidates: int
        /// Multiply-and-adds of one image in the earlier stages, which are fixed.
        Prefix: int64
        /// Whether these are computed once per image rather than in each epoch of each candidate.
        IsKept: bool
        /// For one image in a training step of the stage and its temporary layers.
        Step: Cost
        /// For all candidates, including the earlier stages.
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

    /// The images trained on in an epoch, and those evaluated on after it.
    let private ofEpoch (recipe: Recipe) : int * int =
        let images, tests = Recipe.images recipe

        match recipe.Validation with
        | Validation.Test -> images, tests
        | Validation.HeldOut held -> images - held, held

    /// If the test images are not evaluated on after each epoch, they are at the end.
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

    /// The epochs to train, not counting stops that depend on measurements.
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

    /// The trainings of several candidates on the features of fixed stages, including the cost of these features.
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

    /// The cost of all candidates of a stage, in trainings of the recipe's number of epochs.
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

    /// The stages of a run that trains stage by stage; empty for other runs. Assumes that the disk has room for the features of
    /// fixed stages.
    let stages (recipe: Recipe) : StageWork[] =
        match recipe.Learning with
        | Learning.StageByStage _ -> Array.init recipe.Net.Stages.Length (fun i -> ofStage recipe (i + 1))
        | Learning.Together
        | Learning.Ensemble _ -> [||]

    /// The parts of a run with this address; parts with the same name are trained once, whichever runs they belong to.
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

    /// The work of a run without early stops and shared parts. A prefix that could be computed once is counted in each step,
    /// unless it consists of stages; zero if nothing is known of its data.
    let ofRecipe (recipe: Recipe) : Workload =
        parts "" recipe (stages recipe) |> Seq.map snd |> sum
