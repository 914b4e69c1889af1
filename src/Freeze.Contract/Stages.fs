namespace Freeze

/// The trainings that make up training stage by stage. Trainings that two runs share are done once.
[<RequireQualifiedAccess>]
module Stages =
    /// The temporary linear classifier of a stage. No file can write such a name.
    let classifierOf (net: Net) (stage: int) =
        net.Stages[stage - 1].Name + "/classifier"

    /// The node after which a stage begins: the input, or the output of the stage before.
    let private first (net: Net) stage =
        if stage = 1 then 0 else net.Stages[stage - 2].Output

    /// The nodes after the last stage: the net's own classifier.
    let private tail (recipe: Recipe) =
        let net = recipe.Net
        net.Nodes[net.Stages[net.Stages.Length - 1].Output + 1 ..]

    /// How a stage is trained.
    let learning (recipe: Recipe) (stage: int) : StageLearning =
        match recipe.Learning with
        | Learning.StageByStage(_, stages) -> stages[stage - 1]
        | Learning.Together
        | Learning.Ensemble _ -> StageLearning.Classify

    /// The optimizers that a stage tries, the start first.
    let candidates (recipe: Recipe) (stage: int) : Optimizer[] =
        match recipe.Learning with
        | Learning.StageByStage(candidates, _) -> candidates[stage - 1]
        | Learning.Together
        | Learning.Ensemble _ -> [| recipe.Optimizer |]

    /// Whether a stage learns to reconstruct its input before it gets a classifier.
    let reconstructs (recipe: Recipe) (stage: int) : bool =
        match learning recipe stage with
        | StageLearning.Reconstruct
        | StageLearning.ReconstructThenSolve _ -> true
        | StageLearning.Classify
        | StageLearning.Solve _ -> false

    /// The ridge penalty of a stage's classifier, if it is solved for.
    let private ownRidge (learning: StageLearning) =
        match learning with
        | StageLearning.Solve ridge
        | StageLearning.ReconstructThenSolve ridge -> Some ridge
        | StageLearning.Classify
        | StageLearning.Reconstruct -> None

    /// A temporary classifier is solved for if its stage says so, or if rules say so for the net's own; otherwise all of it is
    /// trained.
    let private treatment (recipe: Recipe) stage =
        let own = Array.last recipe.Net.Nodes

        let byRules =
            if (ownRidge (learning recipe recipe.Net.Stages.Length)).IsSome then
                None
            else
                recipe.Weights
                |> Array.tryPick (fun plan ->
                    match plan.Treatment with
                    | Treatment.Solved _ when plan.Weight.Layer = own.Name -> Some plan.Treatment
                    | _ -> None)

        ownRidge (learning recipe stage)
        |> Option.map Treatment.Solved
        |> Option.orElse byRules
        |> Option.defaultValue Treatment.Trained

    /// The plan of a weight that does not belong to the net itself.
    let private temporary treatment (weight: Weight) =
        {
            Weight = weight
            Start = Starts.torch weight
            Treatment = treatment
            Update = Update.byDefault
        }

    /// The plan of a temporary classifier's weight.
    let private planOf (recipe: Recipe) stage = temporary (treatment recipe stage)

    /// Whether the net's own classifier is like the temporary ones: one linear layer, wholly trained or solved for, from
    /// PyTorch's start. Then nets with more and fewer stages share their trainings, and the last temporary classifier becomes the
    /// net's own.
    let private endsLikeTemporary (recipe: Recipe) =
        let layers = tail recipe |> Array.filter (fun node -> not node.Operation.IsFlatten)

        match layers |> Array.map _.Operation with
        | [| Operation.Linear(units, true) |] when units = recipe.Classes ->
            recipe.Weights
            |> Array.filter (fun plan -> plan.Weight.Layer = layers[0].Name)
            |> Array.forall (fun plan -> plan = planOf recipe recipe.Net.Stages.Length plan.Weight)
        | _ -> false

    /// Whether a stage is trained with the net's own classifier, since that differs from the temporary ones.
    let private hasOwnClassifier (recipe: Recipe) stage =
        stage = recipe.Net.Stages.Length && not (endsLikeTemporary recipe)

    /// The recipe of a net's nodes up to one that is in a stage or after it.
    let private cut (recipe: Recipe) stage last : Recipe =
        { Parts.upTo recipe last stage with
            Learning =
                match recipe.Learning with
                | Learning.StageByStage(candidates, stages) ->
                    Learning.StageByStage(candidates[.. stage - 1], stages[.. stage - 1])
                | other -> other
        }

    /// The recipe of a net's stages up to one, counted from 1: its last node outputs that stage's features.
    let features (recipe: Recipe) (stage: int) : Recipe =
        cut recipe stage recipe.Net.Stages[stage - 1].Output

    /// Everything that a stage's result depends on, and nothing else.
    let upTo (recipe: Recipe) (stage: int) : Recipe =
        if hasOwnClassifier recipe stage then
            cut recipe stage (recipe.Net.Nodes.Length - 1)
        else
            features recipe stage

    /// The nodes of a stage as a net that begins with the stage's input.
    let private partOf (recipe: Recipe) stage =
        let first = first recipe.Net stage
        let last = recipe.Net.Stages[stage - 1].Output

        Array.append
            [| Parts.input recipe.Net first |]
            (Parts.moved first recipe.Net.Nodes[first + 1 .. last])

    /// The nodes with another one appended.
    let private append name operation shape (nodes: Node[]) =
        Array.append
            nodes
            [|
                {
                    Name = name
                    Operation = operation
                    Inputs = [| nodes.Length - 1 |]
                    Shape = shape
                }
            |]

    /// The nodes with a linear layer appended.
    let private appendLinear name units (nodes: Node[]) =
        nodes
        |> append (name + "/flatten") Operation.Flatten [| int (Extents.size (Array.last nodes).Shape) |]
        |> append name (Operation.Linear(units, true)) [| units |]

    /// The nodes with a stage's classifier appended.
    let private classified (recipe: Recipe) stage (before: Node[]) =
        if hasOwnClassifier recipe stage then
            let last = recipe.Net.Stages[stage - 1].Output
            Array.append before (Parts.moved (last - before.Length + 1) (tail recipe))
        else
            appendLinear (classifierOf recipe.Net stage) recipe.Classes before

    /// The nodes with a decoder appended: a 3x3 convolution whose channels are the pixels of a block (Shi et al. 2016), with
    /// blocks that are large enough; or one linear layer if input or output has no pixels.
    let private decoded (recipe: Recipe) stage (before: Node[]) =
        let name = recipe.Net.Stages[stage - 1].Name + "/decoder"

        match before[0].Shape, (Array.last before).Shape with
        | [| channels; height; width |], [| _; rows; columns |] ->
            let upTo whole part = (whole + part - 1) / part
            let block = max (upTo height rows) (upTo width columns)
            let filters = channels * block * block

            before
            |> append name (Operation.Conv(filters, 3, 3, 1, 1, 1, true, 1, 1)) [| filters; rows; columns |]
        | read, _ -> appendLinear name (int (Extents.size read)) before

    /// A recipe of a part of the net; `others` plans the weights that do not belong to the net itself.
    let private ofNodes (recipe: Recipe) (others: Weight -> WeightPlan) (nodes: Node[]) : Recipe =
        let net = { Nodes = nodes; Stages = [||] }

        let planned =
            recipe.Weights |> Array.map (fun plan -> plan.Weight.Name, plan) |> Map.ofArray

        { Parts.withNet recipe net with
            Weights =
                Net.weights net
                |> Array.map (fun weight ->
                    planned.TryFind weight.Name |> Option.defaultWith (fun () -> others weight))
            Learning = Learning.Together
        }

    let private readBy stage (recipe: Recipe) =
        if stage = 1 then recipe else Parts.onFeatures recipe

    /// Training one stage with one optimizer, on the features of the earlier stages: the net begins with these features and ends
    /// with a classifier.
    let training (recipe: Recipe) (stage: int) (optimizer: Optimizer) : Recipe =
        let nodes = partOf recipe stage

        let settles =
            nodes
            |> Array.exists (fun node ->
                node.Operation.IsBatchNorm
                && not (Array.contains node.Name recipe.FrozenStatistics))

        { (nodes
           |> classified recipe stage
           |> ofNodes recipe (planOf recipe stage)
           |> readBy stage) with
            Optimizer = optimizer
            // Each further epoch would solve the same equations.
            Epochs =
                if (learning recipe stage).IsSolve && not settles then
                    1
                else
                    recipe.Epochs
        }

    /// Training one stage with one optimizer, without labels: the net ends with a decoder that reconstructs its input. Stops and
    /// a plateau schedule are dropped, since they depend on accuracy.
    let reconstruction (recipe: Recipe) (stage: int) (optimizer: Optimizer) : Recipe =
        { (partOf recipe stage
           |> decoded recipe stage
           |> ofNodes recipe (temporary Treatment.Trained)
           |> readBy stage) with
            Optimizer = optimizer
            Loss = Loss.Reconstruction
            Schedule =
                if recipe.Schedule.IsPlateau then
                    Schedule.Constant
                else
                    recipe.Schedule
            Stops = [||]
        }

    /// Training a stage's classifier on the features of fixed stages, including this one, with the stage's first optimizer, the
    /// start of a search. A solved classifier needs one epoch.
    let classifier (recipe: Recipe) (stage: int) : Recipe =
        let alone =
            [| Parts.input recipe.Net recipe.Net.Stages[stage - 1].Output |]
            |> classified recipe stage
            |> ofNodes recipe (planOf recipe stage)
            |> Parts.onFeatures

        { alone with
            Optimizer = (candidates recipe stage)[0]
            Epochs =
                if (treatment recipe stage).IsSolved then
                    1
                else
                    recipe.Epochs
        }

    /// What later stages depend on: the stage's weights, but not how its classifier is solved for.
    let private ofWeights (learning: StageLearning) =
        match learning with
        | StageLearning.Classify -> StageLearning.Classify
        | StageLearning.Solve _ -> StageLearning.Solve 0.0
        | StageLearning.Reconstruct
        | StageLearning.ReconstructThenSolve _ -> StageLearning.Reconstruct

    /// A stage's address: of everything it depends on, including how its classifier is solved for.
    let address (recipe: Recipe) (stage: int) =
        let upTo = upTo recipe stage

        let solved =
            match treatment recipe stage with
            | Treatment.Solved _ when not (hasOwnClassifier recipe stage) ->
                (training recipe stage recipe.Optimizer).Weights
                |> Array.filter (fun plan -> plan.Treatment.IsSolved)
            | _ -> [||]

        Address.ofRecipe
            { upTo with
                Weights = Array.append upTo.Weights solved
                Learning =
                    match upTo.Learning with
                    | Learning.StageByStage(candidates, stages) ->
                        let before = stages[.. stage - 2] |> Array.map ofWeights
                        Learning.StageByStage(candidates, Array.append before stages[stage - 1 ..])
                    | other -> other
            }

    /// The name of one of the net's weights within the training of its last stage.
    let nameInLastTraining (recipe: Recipe) (weight: string) : string =
        let layer = recipe.Net.Nodes[recipe.Net.Nodes.Length - 1].Name

        if endsLikeTemporary recipe && weight.StartsWith(layer + ".") then
            classifierOf recipe.Net recipe.Net.Stages.Length + weight.Substring layer.Length
        else
            weight

    /// For each stage of a run, its address and its number of candidates.
    let ofRun (run: Run) : (string * int)[] =
        match run.Recipe.Learning with
        | Learning.StageByStage(candidates, _) ->
            candidates
            |> Array.mapi (fun i tried -> address run.Recipe (i + 1), tried.Length)
        | Learning.Together
        | Learning.Ensemble _ -> [||]
