namespace Freeze

/// Multiply-and-adds for one image in one training step, in convolutions and linear layers; the rest is small.
type Cost =
    {
        Forward: int64
        /// Gradients of the trained weights.
        WeightGradient: int64
        /// Gradients that are passed on to trained weights in earlier layers.
        InputGradient: int64
    }

    member cost.Step = cost.Forward + cost.WeightGradient + cost.InputGradient

/// What a step of a recipe computes, and what it skips.
[<RequireQualifiedAccess>]
module Costs =
    /// For each layer with trained weights, the fraction of its kernel that is trained.
    let private learning (weights: WeightPlan[]) : Map<string, float> =
        weights
        |> Array.groupBy _.Weight.Layer
        |> Array.filter (snd >> Array.exists Counts.learns)
        |> Array.map (fun (layer, plans) ->
            let counts = Counts.ofWeight plans[0]
            layer, float counts.Trained / float counts.Total)
        |> Map.ofArray

    /// For each node, whether gradients reach its output: something at it or before it is trained.
    let private reached (net: Net) (learning: Map<string, float>) : bool[] =
        let reached = Array.zeroCreate net.Nodes.Length

        for i in 0 .. net.Nodes.Length - 1 do
            let node = net.Nodes[i]

            reached[i] <-
                learning.ContainsKey node.Name
                || node.Inputs |> Array.exists (fun input -> reached[input])

        reached

    /// For each node, how many of its channels (entries, after flattening) are computed for each image.
    let private computed (net: Net) (weights: WeightPlan[]) : int[] =
        LiveChannels.ofNet PassSet.All net weights
        |> Array.map2
            (fun (node: Node) live ->
                match live with
                | null -> node.Shape[0]
                | live -> live.Length)
            net.Nodes

    let private forward (net: Net) (computed: int[]) (index: int) (node: Node) =
        match node.Operation with
        | Operation.Conv(Height = height; Width = width; Groups = groups) ->
            let inputs =
                if groups = 1 then
                    computed[node.Inputs[0]]
                else
                    net.Nodes[node.Inputs[0]].Shape[0] / groups

            Extents.size node.Shape[1..]
            * Extents.size [| computed[index]; inputs; height; width |]
        | Operation.Linear(units, _) -> int64 units * int64 computed[node.Inputs[0]]
        | _ -> 0L

    /// The cost of a step with the given weight plans. Work that is done once per batch is left out.
    let ofWeights (net: Net) (weights: WeightPlan[]) : Cost =
        let learning = learning weights
        let reached = reached net learning
        let computed = computed net weights

        let ofNode index (node: Node) =
            let forward = forward net computed index node
            let fraction = Map.tryFind node.Name learning |> Option.defaultValue 0.0
            let handsOn = node.Inputs |> Array.exists (fun input -> reached[input])

            let learnsWhole =
                match node.Operation with
                | Operation.Conv(Groups = groups) when groups > 1 -> true
                // The remaining filters of a convolution with zero filters are trained as a whole.
                | _ -> computed[index] < node.Shape[0]

            let fraction = if fraction > 0.0 && learnsWhole then 1.0 else fraction

            {
                Forward = forward
                WeightGradient = int64 (round (fraction * float forward))
                InputGradient = if handsOn then forward else 0L
            }

        let costs = net.Nodes |> Array.mapi ofNode

        {
            Forward = costs |> Array.sumBy _.Forward
            WeightGradient = costs |> Array.sumBy _.WeightGradient
            InputGradient = costs |> Array.sumBy _.InputGradient
        }

    /// The cost of a step in which every weight is trained.
    let ofFullTraining (net: Net) (weights: WeightPlan[]) : Cost =
        weights
        |> Array.map (fun plan ->
            { plan with
                Treatment = Treatment.Trained
            })
        |> ofWeights net

    /// The weighted layers before the first trained one: no gradient reaches them.
    let prefix (net: Net) (weights: WeightPlan[]) : string[] =
        let reached = reached net (learning weights)
        let layers = weights |> Array.map _.Weight.Layer |> Set.ofArray

        net.Nodes
        |> Array.indexed
        |> Array.filter (fun (i, node) -> layers.Contains node.Name && not reached[i])
        |> Array.map (fun (_, node) -> node.Name)
