namespace Freeze

/// One operation of a net. Sizes are those of PyTorch's operations of the same names.
[<RequireQualifiedAccess>]
type Operation =
    | Input
    /// Cross-correlation with a kernel of shape [Filters, input channels, Height, Width].
    | Conv of
        Filters: int *
        Height: int *
        Width: int *
        Stride: int *
        PaddingHeight: int *
        PaddingWidth: int *
        Bias: bool
    | Linear of Units: int * Bias: bool
    /// Normalises each channel; Momentum is the share of a batch in the running statistics.
    | BatchNorm of Epsilon: float * Momentum: float
    | Relu
    | MaxPool of Size: int * Stride: int * Padding: int
    | AvgPool of Size: int * Stride: int * Padding: int
    | GlobalPool
    | Flatten
    | Dropout of Probability: float
    | Add
    | Concat

/// A place in the net's graph. Inputs are indices of earlier nodes; Shape is that of the output of one image.
type Node =
    {
        Name: string
        Operation: Operation
        Inputs: int[]
        Shape: int[]
    }

/// A part of a net that can be trained on its own behind a temporary classifier: it ends with the node Output.
type Stage = { Name: string; Output: int }

/// A net with every shape known. The first node is the input, the last one's output are the logits. Stages, where the
/// net has any, stand in forward order.
type Net = { Nodes: Node[]; Stages: Stage[] }

/// The kinds of layers that have weights, as rules name them.
[<RequireQualifiedAccess>]
type LayerKind =
    | Conv
    | Linear
    | BatchNorm

/// A tensor that may learn. Name is "<layer>.weight" or "<layer>.bias", as in PyTorch's state dictionaries.
type Weight =
    {
        Name: string
        Layer: string
        Kind: LayerKind
        IsBias: bool
        Shape: int[]
        /// Inputs of one output: the initial scale depends on it. For a bias, its layer's.
        FanIn: int
        /// Outputs that one input reaches. For a bias, its layer's.
        FanOut: int
    }

[<RequireQualifiedAccess>]
module Extents =
    /// The number of scalars in a tensor.
    let size (extents: int[]) : int64 =
        extents |> Array.fold (fun product extent -> product * int64 extent) 1L

[<RequireQualifiedAccess>]
module Weight =
    /// The number of scalars in a weight.
    let size (weight: Weight) = Extents.size weight.Shape

[<RequireQualifiedAccess>]
module LayerKind =
    /// The word for a kind in rules, plans and tables.
    let name =
        function
        | LayerKind.Conv -> "conv"
        | LayerKind.Linear -> "linear"
        | LayerKind.BatchNorm -> "bn"

[<RequireQualifiedAccess>]
module Net =
    let private ofNode (nodes: Node[]) (node: Node) =
        let weight kind shape fanIn fanOut =
            {
                Name = node.Name + ".weight"
                Layer = node.Name
                Kind = kind
                IsBias = false
                Shape = shape
                FanIn = fanIn
                FanOut = fanOut
            }

        let withBias has (weight: Weight) =
            [
                weight
                if has then
                    { weight with
                        Name = node.Name + ".bias"
                        IsBias = true
                        Shape = [| weight.Shape[0] |]
                    }
            ]

        let input () = nodes[node.Inputs[0]].Shape

        match node.Operation with
        | Operation.Conv(filters, height, width, _, _, _, bias) ->
            let channels = input().[0]

            let ofChannel = height * width
            let shape = [| filters; channels; height; width |]

            weight LayerKind.Conv shape (channels * ofChannel) (filters * ofChannel)
            |> withBias bias
        | Operation.Linear(units, bias) ->
            let inputs = input().[0]
            weight LayerKind.Linear [| units; inputs |] inputs units |> withBias bias
        | Operation.BatchNorm _ ->
            let channels = input().[0]
            weight LayerKind.BatchNorm [| channels |] 1 1 |> withBias true
        | Operation.Input
        | Operation.Relu
        | Operation.MaxPool _
        | Operation.AvgPool _
        | Operation.GlobalPool
        | Operation.Flatten
        | Operation.Dropout _
        | Operation.Add
        | Operation.Concat -> []

    /// Every weight of a net, in the order of its nodes, weight before bias.
    let weights (net: Net) =
        net.Nodes |> Seq.collect (ofNode net.Nodes) |> Seq.toArray
