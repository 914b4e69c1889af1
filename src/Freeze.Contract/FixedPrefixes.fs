namespace Freeze

/// The prefix of a net that is the same function of an image in every step.
type FixedPrefix =
    {
        /// The node whose outputs can be computed once, because the rest of the net reads nothing else; 0 if there is none.
        Output: int
        /// The weighted layers up to that node.
        Layers: string[]
        /// Why the prefix ends there, such as "crop moves the images".
        Limit: string
    }

/// Finds what can be computed once for all epochs.
[<RequireQualifiedAccess>]
module FixedPrefixes =
    let private varies (recipe: Recipe) =
        Augmentation.tryVarying recipe.Augmentations
        |> Option.map (function
            | Augmentation.Crop _ -> "crop moves the images"
            | other -> $"{Augmentation.name other} varies the images")

    /// Why a node by itself computes a different function in each step; None if it does not.
    let private moves (learning: Set<string>) (frozen: Set<string>) (node: Node) : string option =
        match node.Operation with
        | _ when learning.Contains node.Name -> Some $"{node.Name} learns"
        | Operation.BatchNorm _ when not (frozen.Contains node.Name) ->
            Some $"the statistics of {node.Name} move"
        | Operation.Dropout probability when probability > 0.0 -> Some $"{node.Name} draws in every step"
        | _ -> None

    /// The nodes after which no node reads an earlier output.
    let private cuts (nodes: Node[]) : bool[] =
        let cuts = Array.create nodes.Length true

        nodes
        |> Array.iteri (fun reader node ->
            for input in node.Inputs do
                for between in input + 1 .. reader - 1 do
                    cuts[between] <- false)

        cuts

    /// The longest fixed prefix of a recipe; it ends where later nodes read one node's output only.
    let find (recipe: Recipe) : FixedPrefix =
        let nodes = recipe.Net.Nodes

        let none limit =
            {
                Output = 0
                Layers = [||]
                Limit = limit
            }

        match recipe.Learning, varies recipe with
        | (Learning.StageByStage _ | Learning.Ensemble _), _ -> none "its nets learn one after the other"
        | Learning.Together, Some varies -> none varies
        | Learning.Together, None ->
            let learning =
                recipe.Weights
                |> Array.filter Counts.learns
                |> Array.map _.Weight.Layer
                |> Set.ofArray

            let moving = moves learning (Set.ofArray recipe.FrozenStatistics)
            let first = nodes |> Array.tryFindIndex (moving >> Option.isSome)
            // The last node is left for the training to compute.
            let fixedNodes = defaultArg first nodes.Length |> min (nodes.Length - 1)
            let cuts = cuts nodes

            let limit =
                first
                |> Option.bind (fun i -> moving nodes[i])
                |> Option.defaultValue "the net ends"

            let isWorth (node: Node) =
                node.Operation.IsConv || node.Operation.IsLinear

            match Seq.tryFindBack (fun output -> cuts[output]) (seq { 1 .. fixedNodes - 1 }) with
            | Some output when nodes[..output] |> Array.exists isWorth ->
                let weighted = recipe.Weights |> Array.map _.Weight.Layer |> Set.ofArray

                {
                    Output = output
                    Layers = nodes[..output] |> Array.map _.Name |> Array.filter weighted.Contains
                    Limit = limit
                }
            | _ -> none limit

    /// The size of activations of the given shape, in bytes.
    let bytes (precision: Precision) (shape: int[]) : int64 =
        match precision with
        | Precision.Bf16 -> 2L * Extents.size shape
        | Precision.Fp32
        | Precision.Tf32 -> 4L * Extents.size shape
        | Precision.Fp64 -> 8L * Extents.size shape

    /// Whether training images are also read unaugmented: held-out images, and images for solving a layer.
    let readsPlain (recipe: Recipe) : bool =
        not recipe.Validation.IsTest
        || recipe.Learning.IsStageByStage
        || recipe.Weights |> Array.exists _.Treatment.IsSolved

    /// How many feature rows are kept per training image: one for each copy, and one for the plain image if it is read.
    let rows (recipe: Recipe) : int =
        match Augmentation.copies recipe.Augmentations with
        | 0 -> 1
        | copies when readsPlain recipe -> copies + 1
        | copies -> copies

    /// Everything that the outputs of a prefix depend on, as a recipe; all other settings are normalised away.
    let content (recipe: Recipe) (output: int) : Recipe =
        let part = Parts.upTo recipe output 0

        { part with
            Weights = part.Weights |> Array.map (fun plan -> { plan with Update = Update.byDefault })
            Augmentations =
                if Augmentation.copies recipe.Augmentations = 0 then
                    [||]
                else
                    recipe.Augmentations
            DropLast = false
            Halving = false
            TestImages =
                if recipe.Validation.IsTest then
                    recipe.TestImages
                else
                    Images.All
            // Features of test images are kept only if each epoch is evaluated on them.
            Validation =
                if recipe.Validation.IsTest then
                    Validation.Test
                else
                    Validation.HeldOut 0
            Loss = Loss.CrossEntropy 0.0
            Optimizer = Optimizer.Sgd(0.0, 0.0, 0.0, false)
            Clipping = Clipping.Off
            Schedule = Schedule.Constant
            Warmup = 0
            Epochs = 1
            Stops = [||]
            Keep = Keep.Last
            Shuffle = false
        }
