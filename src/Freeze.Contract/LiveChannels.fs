namespace Freeze

/// Which channels of a net depend on the image. If a convolution's filters are zero, its outputs are its biases, at every pixel
/// of every image. They remain constant through batch norms, activations, pools, sums and concatenations, and need not be
/// computed for each image.
[<RequireQualifiedAccess>]
module LiveChannels =
    /// Ascending; null means all.
    type private Live = int[] | null

    let private channels (node: Node) = node.Shape[0]

    // For few constant channels the bookkeeping costs more than it saves. At least one channel is always computed, since a tensor
    // without channels is a special case everywhere.
    let private worth (count: int) (live: int[]) : Live =
        let live = if live.Length = 0 then [| 0 |] else live
        if (count - live.Length) * 8 < count then null else live

    let private ofFilters (node: Node) (treatment: Treatment) : Live =
        match treatment with
        | Treatment.Still Stillness.Zero -> worth (channels node) [||]
        | Treatment.Slice(0, indices, Stillness.Zero) -> worth (channels node) indices
        // Which filters these are is known once weights are made; their number is known here.
        | Treatment.Largest(0, count, Stillness.Zero) -> worth (channels node) [| 0 .. count - 1 |]
        | _ -> null

    let private union (count: int) (inputs: Live[]) : Live =
        if inputs |> Array.exists isNull then
            null
        else
            inputs
            |> Array.choose Option.ofObj
            |> Array.concat
            |> Array.distinct
            |> Array.sort
            |> worth count

    let private concatenated (nodes: Node[]) (inputs: Live[]) : Live =
        let offsets = nodes |> Array.scan (fun offset node -> offset + channels node) 0

        Array.zip3 nodes inputs offsets[.. nodes.Length - 1]
        |> Array.collect (fun (node, live, offset) ->
            let own =
                match live with
                | null -> [| 0 .. channels node - 1 |]
                | live -> live

            own |> Array.map ((+) offset))
        |> worth (Array.last offsets)

    let private flattened (input: Node) (live: Live) : Live =
        let entries = Array.reduce (*) input.Shape / channels input

        match live with
        | null -> null
        | live ->
            live
            |> Array.collect (fun channel -> Array.init entries (fun entry -> channel * entries + entry))

    /// For each node, the channels (entries, after flattening) that depend on the image, ascending, or null if all are assumed
    /// to.
    let ofNet (passes: PassSet) (net: Net) (weights: WeightPlan[]) : (int[] | null)[] =
        let treatments =
            weights
            |> Array.map (fun plan -> plan.Weight.Name, plan.Treatment)
            |> Map.ofArray

        let found: Live[] = Array.create net.Nodes.Length null

        if passes.Has Pass.DeadChannels then
            net.Nodes
            |> Array.iteri (fun index node ->
                let nodes = node.Inputs |> Array.map (fun input -> net.Nodes[input])
                let inputs = node.Inputs |> Array.map (fun input -> found[input])

                found[index] <-
                    match node.Operation with
                    // The filters of all groups are computed together.
                    | Operation.Conv(Groups = groups) when groups > 1 -> null
                    | Operation.Conv _ ->
                        treatments.TryFind $"{node.Name}.weight"
                        |> Option.map (ofFilters node)
                        |> Option.toObj
                    | Operation.BatchNorm _
                    | Operation.Relu
                    | Operation.Relu6
                    | Operation.LeakyRelu _
                    | Operation.Gelu
                    | Operation.Sigmoid
                    | Operation.Tanh
                    | Operation.MaxPool _
                    | Operation.GlobalPool
                    | Operation.AvgPool(Padding = 0) -> inputs[0]
                    | Operation.Flatten -> flattened nodes[0] inputs[0]
                    | Operation.Add -> union (channels node) inputs
                    | Operation.Concat -> concatenated nodes inputs
                    // Values that are zero-padded, randomly dropped or mixed by a linear layer are not constant; neither are
                    // those normalised by statistics of other channels too. Channels of zeros are few.
                    | Operation.Input
                    | Operation.AvgPool _
                    | Operation.Dropout _
                    | Operation.GroupNorm _
                    | Operation.LayerNorm _
                    | Operation.PadChannels _
                    | Operation.Linear _ -> null)

        found
