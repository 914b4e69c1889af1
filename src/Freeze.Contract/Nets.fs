namespace Freeze

/// One operation of a net. Sizes have the meaning of PyTorch's operations of the same names.
[<RequireQualifiedAccess>]
type Operation =
    | Input
    /// Cross-correlation with a kernel of shape [Filters, input channels / Groups, Height, Width]. Filters and input channels are
    /// split in order into Groups equal groups, and each group of filters reads its group of channels. Dilation is the distance
    /// between the pixels that neighbouring kernel entries read.
    | [<DefaultsTo("Groups", "1"); DefaultsTo("Dilation", "1")>] Conv of
        Filters: int *
        Height: int *
        Width: int *
        Stride: int *
        PaddingHeight: int *
        PaddingWidth: int *
        Bias: bool *
        Groups: int *
        Dilation: int
    | Linear of Units: int * Bias: bool
    /// Normalises each channel; Momentum is the weight of a batch in the running statistics.
    | BatchNorm of Epsilon: float * Momentum: float
    /// Wu and He 2018: normalises each image over the pixels and channels of each of Groups equal groups; scale and shift are per
    /// channel.
    | GroupNorm of Groups: int * Epsilon: float
    /// Ba, Kiros and Hinton 2016: normalises each image over all its values; each value has its own scale and shift.
    | LayerNorm of Epsilon: float
    | Relu
    /// Clamps values to [0, 6] (Sandler et al. 2018).
    | Relu6
    /// Multiplies values below 0 by Slope.
    | LeakyRelu of Slope: float
    /// x times the normal distribution function of x (Hendrycks and Gimpel 2016), exactly.
    | Gelu
    | Sigmoid
    | Tanh
    | MaxPool of Size: int * Stride: int * Padding: int
    | AvgPool of Size: int * Stride: int * Padding: int
    | GlobalPool
    | Flatten
    | Dropout of Probability: float
    | Add
    | Concat
    /// Appends channels of zeros up to the given number.
    | PadChannels of Channels: int

/// A node of the net's graph. Inputs are indices of earlier nodes; Shape is the output shape for one image.
type Node =
    {
        Name: string
        Operation: Operation
        Inputs: int[]
        Shape: int[]
    }

/// A part of a net that can be trained on its own with a temporary classifier: it ends with the node Output.
type Stage = { Name: string; Output: int }

/// A net with every shape known. The first node is the input; the output of the last node is the logits. Stages, if any, are in
/// forward order.
type Net = { Nodes: Node[]; Stages: Stage[] }

/// The kinds of layers that have weights, as named in rules.
[<RequireQualifiedAccess>]
type LayerKind =
    | Conv
    | Linear
    | BatchNorm
    /// A norm without running statistics: over groups of channels, or over all values.
    | Norm

/// A tensor that may be trained. Name is "<layer>.weight" or "<layer>.bias", as in PyTorch's state dictionaries.
type Weight =
    {
        Name: string
        Layer: string
        Kind: LayerKind
        IsBias: bool
        Shape: int[]
        /// Number of inputs per output; determines the initial scale. For a bias, its layer's.
        FanIn: int
        /// Number of outputs that one input reaches. For a bias, its layer's.
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
        | LayerKind.Norm -> "norm"

    /// Whether its weights are scales and shifts, which start at 1 and 0 under every scheme.
    let isNorm =
        function
        | LayerKind.BatchNorm
        | LayerKind.Norm -> true
        | LayerKind.Conv
        | LayerKind.Linear -> false

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
                        // Each entry of a norm's shift has a scale.
                        Shape =
                            if LayerKind.isNorm weight.Kind then
                                weight.Shape
                            else
                                [| weight.Shape[0] |]
                    }
            ]

        let input () = nodes[node.Inputs[0]].Shape

        match node.Operation with
        | Operation.Conv(filters, height, width, _, _, _, bias, groups, _) ->
            let channels = input().[0] / groups

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
        | Operation.GroupNorm _ -> weight LayerKind.Norm [| input().[0] |] 1 1 |> withBias true
        | Operation.LayerNorm _ -> weight LayerKind.Norm (input ()) 1 1 |> withBias true
        | Operation.Input
        | Operation.Relu
        | Operation.Relu6
        | Operation.LeakyRelu _
        | Operation.Gelu
        | Operation.Sigmoid
        | Operation.Tanh
        | Operation.MaxPool _
        | Operation.AvgPool _
        | Operation.GlobalPool
        | Operation.Flatten
        | Operation.Dropout _
        | Operation.Add
        | Operation.Concat
        | Operation.PadChannels _ -> []

    /// Every weight of a net, in the order of its nodes, weight before bias.
    let weights (net: Net) =
        net.Nodes |> Seq.collect (ofNode net.Nodes) |> Seq.toArray
