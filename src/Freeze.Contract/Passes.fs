namespace Freeze

/// A way to compute less than node by node and weight by weight, or the same faster. The numbers are the same but for
/// rounding, so no pass is part of a run's address.
[<RequireQualifiedAccess>]
type Pass =
    | Slices
    | Prefix
    | Features
    | DeadChannels
    | NormRelu
    | NormConv
    | PoolRelu
    | ChannelsLast
    | Winograd
    | Kernels

[<RequireQualifiedAccess>]
module Pass =
    /// All there are, in the order in which they are listed.
    let all: Pass[] =
        [|
            Pass.Slices
            Pass.Prefix
            Pass.Features
            Pass.DeadChannels
            Pass.NormRelu
            Pass.NormConv
            Pass.PoolRelu
            Pass.ChannelsLast
            Pass.Winograd
            Pass.Kernels
        |]

    /// The word for a pass on the command line and in records.
    let name (pass: Pass) =
        match pass with
        | Pass.Slices -> "slices"
        | Pass.Prefix -> "prefix"
        | Pass.Features -> "features"
        | Pass.DeadChannels -> "dead-channels"
        | Pass.NormRelu -> "norm-relu"
        | Pass.NormConv -> "norm-conv"
        | Pass.PoolRelu -> "pool-relu"
        | Pass.ChannelsLast -> "channels-last"
        | Pass.Winograd -> "winograd"
        | Pass.Kernels -> "kernels"

    /// What a pass does, in a line.
    let describe (pass: Pass) =
        match pass with
        | Pass.Slices -> "of a convolution of which a slice learns only the slice's gradient is computed"
        | Pass.Prefix -> "no gradients in front of the first weight that learns"
        | Pass.Features -> "what a fixed prefix makes of an image is computed once"
        | Pass.DeadChannels -> "channels that are constant are not computed for each image"
        | Pass.NormRelu -> "a batch norm and the relu behind it are done in one pass over memory"
        | Pass.NormConv ->
            "a norm, its relu and the convolution behind them are one, and the norm's output is not kept"
        | Pass.PoolRelu -> "a relu in front of a max pool is done behind it, on fewer values"
        | Pass.ChannelsLast -> "the channels of a pixel lie side by side in memory"
        | Pass.Winograd -> "3x3 convolutions by Winograd's algorithm"
        | Pass.Kernels -> "native loops in place of TorchSharp's operations, where they are built"

    /// The pass of a name.
    let tryFind (wanted: string) : Pass option =
        all |> Array.tryFind (fun pass -> name pass = wanted)

/// The passes that computing goes by: all but some.
type PassSet =
    {
        /// In the order of `Pass.all`, each once.
        Without: Pass[]
    }

    /// All passes.
    static member All = { Without = [||] }

    /// All but these.
    static member AllBut(left: Pass seq) =
        let left = Set.ofSeq left

        {
            Without = Pass.all |> Array.filter left.Contains
        }

    member set.Has(pass: Pass) = not (Array.contains pass set.Without)

    /// The names of those that are left out, as "slices, prefix"; "" where none is.
    member set.LeftOut = set.Without |> Array.map Pass.name |> String.concat ", "

/// Two nodes that are done together: the second reads nothing but the first, whose output nothing else reads.
[<Struct>]
type NodePair = { First: int; Second: int }

/// Which nodes of a net the passes are for: pure functions of its graph.
[<RequireQualifiedAccess>]
module Passes =
    /// For each node the nodes that read its output; one that reads it twice is there twice.
    let private readers (net: Net) : int[][] =
        let readers = net.Nodes |> Array.map (fun _ -> ResizeArray())

        net.Nodes
        |> Array.iteri (fun place node ->
            for input in node.Inputs do
                readers[input].Add place)

        readers |> Array.map _.ToArray()

    let private pairs (net: Net) (isFirst: Operation -> bool) (isSecond: Operation -> bool) : NodePair[] =
        let readers = readers net

        [|
            for first in 0 .. net.Nodes.Length - 1 do
                if isFirst net.Nodes[first].Operation then
                    match readers[first] with
                    | [| only |] when isSecond net.Nodes[only].Operation -> { First = first; Second = only }
                    | _ -> ()
        |]

    /// Batch norms and the relu behind them: one pass over memory does both.
    let cutNorms (passes: PassSet) (net: Net) : NodePair[] =
        if passes.Has Pass.NormRelu then
            pairs net _.IsBatchNorm _.IsRelu
        else
            [||]

    /// Batch norms and the convolution that alone reads the relu behind them: it can take the norm's input and make of each
    /// value what norm and relu would as it goes, or make it again: their output is not kept for the gradients.
    let convolvedNorms (passes: PassSet) (net: Net) : NodePair[] =
        if passes.Has Pass.NormConv then
            let convolutions =
                pairs net _.IsRelu _.IsConv
                |> Array.map (fun pair -> pair.First, pair.Second)
                |> Map.ofArray

            cutNorms passes net
            |> Array.choose (fun norm ->
                Map.tryFind norm.Second convolutions
                |> Option.map (fun conv -> { First = norm.First; Second = conv }))
        else
            [||]

    /// Relus and the max pool behind them: the greatest of a window is cut off instead of every entry. The greatest of
    /// what was cut off is the same, and so are the gradients: none where the greatest is not above 0. A relu that is
    /// done with its norm is not among them.
    let pooledRelus (passes: PassSet) (net: Net) : NodePair[] =
        if passes.Has Pass.PoolRelu then
            let readers = readers net
            let cut = cutNorms passes net |> Array.map _.Second |> Set.ofArray

            pairs net _.IsRelu _.IsMaxPool
            |> Array.filter (fun pair ->
                let input = net.Nodes[pair.First].Inputs[0]
                // What goes into the relu then passes through it, so nothing else may read that either.
                not (cut.Contains pair.First) && input > 0 && readers[input].Length = 1)
        else
            [||]
