namespace Freeze

/// An optimisation: computes less than node by node and weight by weight, or the same faster. Results agree up to rounding, so
/// passes are not part of a run's address.
[<RequireQualifiedAccess>]
type Pass =
    | Slices
    | Prefix
    | Features
    | DeadChannels
    | NormRelu
    | NormConv
    | PoolRelu
    | FoldNorms
    | ChannelsLast
    | Winograd
    | Kernels

[<RequireQualifiedAccess>]
module Pass =
    /// In listing order: the word on the command line and in records, and what the pass does.
    let private table =
        [|
            Pass.Slices,
            "slices",
            "if only a slice of a convolution is trained, only its gradient is computed"
            Pass.Prefix, "prefix", "no gradients before the first trained weight"
            Pass.Features, "features", "the features of a fixed prefix are computed once per image"
            Pass.DeadChannels, "dead-channels", "channels that are constant are not computed for each image"
            Pass.NormRelu, "norm-relu", "a batch norm and the relu after it run in one pass over memory"
            Pass.NormConv,
            "norm-conv",
            "a norm, its relu and the convolution after them are fused; the norm's output is not kept"
            Pass.PoolRelu, "pool-relu", "a relu before a max pool is computed after it, on fewer values"
            Pass.FoldNorms,
            "fold-norms",
            "outside training, a norm's running statistics become part of the convolution before it"
            Pass.ChannelsLast, "channels-last", "the channels of a pixel lie side by side in memory"
            Pass.Winograd, "winograd", "3x3 and 5x5 convolutions by Winograd's algorithm"
            Pass.Kernels, "kernels", "native loops instead of TorchSharp's operations, if they are built"
        |]

    let private entry wanted =
        table |> Array.find (fun (pass, _, _) -> pass = wanted)

    /// All passes, in listing order.
    let all: Pass[] = table |> Array.map (fun (pass, _, _) -> pass)

    /// The word for a pass on the command line and in records.
    let name (pass: Pass) : string =
        let _, name, _ = entry pass
        name

    /// What a pass does, in a line.
    let describe (pass: Pass) : string =
        let _, _, description = entry pass
        description

    /// The pass with the given name.
    let tryFind (wanted: string) : Pass option =
        all |> Array.tryFind (fun pass -> name pass = wanted)

/// The passes in force: all but some.
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

    /// The names of the excluded passes, as in "slices, prefix"; "" if there are none.
    member set.LeftOut = set.Without |> Array.map Pass.name |> String.concat ", "
