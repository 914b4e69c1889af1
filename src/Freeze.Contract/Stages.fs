namespace Freeze

/// The trainings that learning stage by stage is made of. What two of them have in common is trained once.
[<RequireQualifiedAccess>]
module Stages =
    /// The linear classifier behind a stage, for as long as the stage learns. No file can write such a name.
    let classifierOf (net: Net) (stage: int) =
        net.Stages[stage - 1].Name + "/classifier"

    /// The node behind which a stage begins: the input, or the output of the stage before.
    let private first (net: Net) stage =
        if stage = 1 then 0 else net.Stages[stage - 2].Output

    /// What stands behind the last stage: the net's own classifier.
    let private tail (recipe: Recipe) =
        let net = recipe.Net
        net.Nodes[net.Stages[net.Stages.Length - 1].Output + 1 ..]

    /// All of a temporary classifier is trained, or solved for where the net's own is.
    let private treatment (recipe: Recipe) =
        let own = Array.last recipe.Net.Nodes

        recipe.Weights
        |> Array.tryPick (fun plan ->
            match plan.Treatment with
            | Treatment.Solved _ when plan.Weight.Layer = own.Name -> Some plan.Treatment
            | _ -> None)
        |> Option.defaultValue Treatment.Trained

    /// The plan of a temporary classifier's weight.
    let private usual (recipe: Recipe) (weight: Weight) =
        {
            Weight = weight
            Start = Starts.torch weight
            Treatment = treatment recipe
            Update = Update.usual
        }

    /// Whether the net's own classifier is like the temporary ones: one linear layer, all of it trained or solved for, from
    /// PyTorch's start. Then nets of more and fewer stages share their trainings, and the last temporary classifier becomes
    /// the net's.
    let private endsAsUsual (recipe: Recipe) =
        let layers = tail recipe |> Array.filter (fun node -> not node.Operation.IsFlatten)

        match layers |> Array.map _.Operation with
        | [| Operation.Linear(units, true) |] when units = recipe.Classes ->
            recipe.Weights
            |> Array.filter (fun plan -> plan.Weight.Layer = layers[0].Name)
            |> Array.forall (fun plan -> plan = usual recipe plan.Weight)
        | _ -> false

    /// Whether a stage learns behind the net's own classifier, since that is not like the temporary ones.
    let private hasOwnClassifier (recipe: Recipe) stage =
        stage = recipe.Net.Stages.Length && not (endsAsUsual recipe)

    /// The recipe of a net's stages up to one, from 1: all that the stage's result depends on, and nothing else.
    let upTo (recipe: Recipe) (stage: int) : Recipe =
        let last =
            if hasOwnClassifier recipe stage then
                recipe.Net.Nodes.Length - 1
            else
                recipe.Net.Stages[stage - 1].Output

        { Parts.upTo recipe last stage with
            Learning =
                match recipe.Learning with
                | Learning.StageByStage candidates -> Learning.StageByStage candidates[.. stage - 1]
                | other -> other
        }

    /// The training of one stage with one optimizer, on the features of the stages before: a net that begins at these
    /// features and ends with a classifier. Behind the first stage what it reads is no longer normalised or varied.
    let training (recipe: Recipe) (stage: int) (optimizer: Optimizer) : Recipe =
        let nodes = recipe.Net.Nodes
        let first = first recipe.Net stage
        let last = recipe.Net.Stages[stage - 1].Output

        let own = nodes[first + 1 .. last] |> Parts.moved first

        let classifier =
            if hasOwnClassifier recipe stage then
                tail recipe |> Parts.moved first
            else
                let name = classifierOf recipe.Net stage
                let shape = nodes[last].Shape

                let flatten =
                    {
                        Name = name + "/flatten"
                        Operation = Operation.Flatten
                        Inputs = [| last - first |]
                        Shape = [| Array.fold (*) 1 shape |]
                    }

                let linear =
                    {
                        Name = name
                        Operation = Operation.Linear(recipe.Classes, true)
                        Inputs = [| last - first + 1 |]
                        Shape = [| recipe.Classes |]
                    }

                [| flatten; linear |]

        let net =
            {
                Nodes = Array.concat [ [| Parts.input recipe.Net first |]; own; classifier ]
                Stages = [||]
            }

        let planned =
            recipe.Weights |> Array.map (fun plan -> plan.Weight.Name, plan) |> Map.ofArray

        let part = Parts.withNet recipe net

        { (if stage = 1 then part else Parts.onFeatures part) with
            Weights =
                Net.weights net
                |> Array.map (fun weight ->
                    planned.TryFind weight.Name
                    |> Option.defaultWith (fun () -> usual recipe weight))
            Learning = Learning.Together
            Optimizer = optimizer
        }

    /// The address of a stage: that of what it depends on, and of how its classifier is solved for.
    let address (recipe: Recipe) (stage: int) =
        let upTo = upTo recipe stage

        let solved =
            match treatment recipe with
            | Treatment.Solved _ when not (hasOwnClassifier recipe stage) ->
                (training recipe stage recipe.Optimizer).Weights
                |> Array.filter (fun plan -> plan.Treatment.IsSolved)
            | _ -> [||]

        Address.ofRecipe
            { upTo with
                Weights = Array.append upTo.Weights solved
            }

    /// The name in its last stage's training of a weight of the whole net.
    let nameInLastTraining (recipe: Recipe) (weight: string) : string =
        let layer = recipe.Net.Nodes[recipe.Net.Nodes.Length - 1].Name

        if endsAsUsual recipe && weight.StartsWith(layer + ".") then
            classifierOf recipe.Net recipe.Net.Stages.Length + weight.Substring layer.Length
        else
            weight

    /// Of each stage of a run its address and how many candidates it tries.
    let ofRun (run: Run) : (string * int)[] =
        match run.Recipe.Learning with
        | Learning.StageByStage candidates ->
            candidates
            |> Array.mapi (fun i tried -> address run.Recipe (i + 1), tried.Length)
        | Learning.Together
        | Learning.Ensemble _ -> [||]
