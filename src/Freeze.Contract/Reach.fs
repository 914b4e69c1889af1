namespace Freeze

/// How far the image and the gradients get in a net, whatever values its trained weights take.
type Reach =
    {
        /// Whether any output depends on the image.
        IsFed: bool
        /// Indices of the trained weights whose gradient is always zero.
        Unmoved: int[]
        /// The all-zero layers on the path from the image to the outputs that has the fewest of them.
        Cuts: string[]
    }

/// Tracks, for each channel, what follows from zeros alone: a value is always zero, the same for every image, or depends on the
/// image. Gradients are tracked backwards likewise. Uncertain cases count as reachable, so every report is true.
[<RequireQualifiedAccess>]
module Reach =
    type private Signal =
        | Zero = 0
        | Constant = 1
        | Live = 2

    /// Entries of a weight: all or none, or those with some indices along one dimension.
    type private Entries =
        | All
        | Nothing
        | Along of dimension: int * has: bool[]

    let private along (weight: Weight) dimension (indices: int[]) =
        let has = Array.create weight.Shape[dimension] false

        for index in indices do
            has[index] <- true

        Along(dimension, has)

    /// The entries that are or may become nonzero.
    let private nonzero (plan: WeightPlan) : Entries =
        let isZero (rest: Stillness) =
            rest.IsZero || plan.Start = Start.Constant 0.0

        match plan.Treatment with
        | Treatment.Still rest when isZero rest -> Nothing
        | Treatment.Slice(dimension, indices, rest) when isZero rest -> along plan.Weight dimension indices
        // Which entries are the largest is not known yet.
        | Treatment.Largest _
        | Treatment.Slice _
        | Treatment.Still _
        | Treatment.Trained
        | Treatment.Solved _ -> All

    let private learning (plan: WeightPlan) : Entries =
        match plan.Treatment with
        | Treatment.Still _ -> Nothing
        | Treatment.Slice(dimension, indices, _) -> along plan.Weight dimension indices
        | Treatment.Largest _
        | Treatment.Trained
        | Treatment.Solved _ -> All

    /// Whether any entry has this index along this dimension.
    let private has entries dimension index =
        match entries with
        | All -> true
        | Nothing -> false
        | Along(own, has) when own = dimension -> has[index]
        | Along(_, has) -> Array.contains true has

    /// Indices of a layer's weight and bias.
    type private Layer = { Weight: int; Bias: int option }

    let private layers (weights: WeightPlan[]) : Map<string, Layer> =
        weights
        |> Array.indexed
        |> Array.groupBy (fun (_, plan) -> plan.Weight.Layer)
        |> Array.map (fun (layer, own) ->
            layer,
            {
                Weight = own |> Array.find (fun (_, plan) -> not plan.Weight.IsBias) |> fst
                Bias = own |> Array.tryFind (fun (_, plan) -> plan.Weight.IsBias) |> Option.map fst
            })
        |> Map.ofArray

    /// Which inputs a layer's outputs read: for each group, first and count of its outputs, then of its inputs.
    let private groups (node: Node) (inputs: int) : (int * int * int * int) list =
        let outputs = node.Shape[0]

        match node.Operation with
        | Operation.Conv(Groups = groups)
        | Operation.GroupNorm(Groups = groups) ->
            [
                for i in 0 .. groups - 1 ->
                    i * (outputs / groups), outputs / groups, i * (inputs / groups), inputs / groups
            ]
        | _ -> [ 0, outputs, 0, inputs ]

    let private any first count predicate =
        Seq.exists predicate (seq { first .. first + count - 1 })

    /// Follows a net once forward and once backward.
    let ofNet (net: Net) (frozenStatistics: string[]) (weights: WeightPlan[]) : Reach =
        let nodes = net.Nodes
        let layers = layers weights
        let kept = weights |> Array.map nonzero
        let signals: Signal[][] = Array.create nodes.Length [||]

        let isKept weight dimension index = has kept[weight] dimension index

        let shifts (layer: Layer) index =
            layer.Bias |> Option.exists (fun bias -> isKept bias 0 index)

        /// Layers that mix their inputs: convolutions and linear layers by kernels, group and layer norms by statistics.
        let mixed (node: Node) (layer: Layer) (input: Signal[]) reads =
            let found = Array.create node.Shape[0] Signal.Zero

            for first, count, firstInput, inputs in groups node input.Length do
                let gets least =
                    any firstInput inputs (fun i -> reads (i - firstInput) && input[i] >= least)

                let isLive, isFed = gets Signal.Live, gets Signal.Constant

                for output in first .. first + count - 1 do
                    found[output] <-
                        if isKept layer.Weight 0 output && isLive then
                            Signal.Live
                        elif (isKept layer.Weight 0 output && isFed) || shifts layer output then
                            Signal.Constant
                        else
                            Signal.Zero

            found

        nodes
        |> Array.iteri (fun index node ->
            let inputs = node.Inputs |> Array.map (fun input -> signals[input])

            signals[index] <-
                match node.Operation with
                | Operation.Input -> Array.create node.Shape[0] Signal.Live
                | Operation.Conv _
                | Operation.Linear _ ->
                    let layer = layers[node.Name]
                    mixed node layer inputs[0] (isKept layer.Weight 1)
                | Operation.GroupNorm _
                | Operation.LayerNorm _ -> mixed node layers[node.Name] inputs[0] (fun _ -> true)
                | Operation.BatchNorm _ ->
                    let layer = layers[node.Name]

                    inputs[0]
                    |> Array.mapi (fun i signal ->
                        if isKept layer.Weight 0 i && signal = Signal.Live then
                            Signal.Live
                        elif shifts layer i || Array.contains node.Name frozenStatistics then
                            Signal.Constant
                        else
                            // A batch of equal values is normalised to zero.
                            Signal.Zero)
                | Operation.Sigmoid -> inputs[0] |> Array.map (max Signal.Constant)
                | Operation.Flatten ->
                    let entries = node.Shape[0] / inputs[0].Length
                    inputs[0] |> Array.collect (Array.create entries)
                | Operation.Add -> inputs |> Array.reduce (Array.map2 max)
                | Operation.Concat -> Array.concat inputs
                | Operation.PadChannels channels ->
                    Array.append inputs[0] (Array.create (channels - inputs[0].Length) Signal.Zero)
                | Operation.Relu
                | Operation.Relu6
                | Operation.LeakyRelu _
                | Operation.Gelu
                | Operation.Tanh
                | Operation.MaxPool _
                | Operation.AvgPool _
                | Operation.GlobalPool
                | Operation.Dropout _ -> inputs[0])

        let moved = Array.create weights.Length false
        let gradients = nodes |> Array.map (fun node -> Array.create node.Shape[0] false)
        gradients[nodes.Length - 1] <- Array.create (Array.last nodes).Shape[0] true

        for index in nodes.Length - 1 .. -1 .. 0 do
            let node, gradient = nodes[index], gradients[index]

            let back place (arriving: bool[]) =
                let input = node.Inputs[place]
                gradients[input] <- Array.map2 (||) gradients[input] arriving

            let move (layer: Layer) isMoved =
                moved[layer.Weight] <- isMoved (learning weights[layer.Weight])

                layer.Bias
                |> Option.iter (fun bias ->
                    let learns = has (learning weights[bias]) 0

                    moved[bias] <-
                        gradient |> Seq.indexed |> Seq.exists (fun (i, arrives) -> arrives && learns i))

            let input () = signals[node.Inputs[0]]

            let mixed (layer: Layer) reads =
                let input = input ()
                let arriving = Array.create input.Length false
                let mutable isMoved = false
                let own = learning weights[layer.Weight]

                for first, count, firstInput, inputs in groups node input.Length do
                    if any first count (fun o -> gradient[o] && isKept layer.Weight 0 o) then
                        for i in firstInput .. firstInput + inputs - 1 do
                            arriving[i] <- reads (i - firstInput)

                    isMoved <-
                        isMoved
                        || (any first count (fun o -> gradient[o] && has own 0 o)
                            && any firstInput inputs (fun i ->
                                has own 1 (i - firstInput) && input[i] <> Signal.Zero))

                move layer (fun _ -> isMoved)
                back 0 arriving

            match node.Operation with
            | Operation.Input -> ()
            | Operation.Conv _
            | Operation.Linear _ ->
                let layer = layers[node.Name]
                mixed layer (isKept layer.Weight 1)
            | Operation.GroupNorm _
            | Operation.LayerNorm _ -> mixed layers[node.Name] (fun _ -> true)
            | Operation.BatchNorm _ ->
                let layer = layers[node.Name]
                let isFrozen = Array.contains node.Name frozenStatistics

                move layer (fun own ->
                    input ()
                    |> Seq.indexed
                    |> Seq.exists (fun (i, signal) ->
                        gradient[i] && has own 0 i && (signal = Signal.Live || isFrozen)))

                back 0 (gradient |> Array.mapi (fun i arrives -> arrives && isKept layer.Weight 0 i))
            | Operation.Relu
            | Operation.Relu6 ->
                // A relu has slope zero at zero.
                back
                    0
                    (Array.map2 (fun arrives signal -> arrives && signal <> Signal.Zero) gradient (input ()))
            | Operation.Flatten ->
                let channels = (input ()).Length

                back
                    0
                    (gradient
                     |> Array.chunkBySize (gradient.Length / channels)
                     |> Array.map (Array.contains true))
            | Operation.Add -> node.Inputs |> Array.iteri (fun place _ -> back place gradient)
            | Operation.Concat ->
                let mutable first = 0

                for place in 0 .. node.Inputs.Length - 1 do
                    let count = nodes[node.Inputs[place]].Shape[0]
                    back place gradient[first .. first + count - 1]
                    first <- first + count
            | Operation.PadChannels _ -> back 0 (Array.truncate (input ()).Length gradient)
            | Operation.LeakyRelu _
            | Operation.Gelu
            | Operation.Sigmoid
            | Operation.Tanh
            | Operation.MaxPool _
            | Operation.AvgPool _
            | Operation.GlobalPool
            | Operation.Dropout _ -> back 0 gradient

        // For each node, the path from the image with the fewest layers of zeros.
        let ways: string list[] = Array.create nodes.Length []

        nodes
        |> Array.iteri (fun index node ->
            let before =
                if node.Inputs.Length = 0 then
                    []
                else
                    node.Inputs |> Array.map (fun input -> ways[input]) |> Array.minBy List.length

            ways[index] <-
                match layers.TryFind node.Name with
                | Some layer when kept[layer.Weight] = Nothing -> node.Name :: before
                | _ -> before)

        {
            IsFed = signals[nodes.Length - 1] |> Array.contains Signal.Live
            Unmoved =
                [|
                    for i in 0 .. weights.Length - 1 do
                        if Counts.learns weights[i] && not weights[i].Treatment.IsSolved && not moved[i] then
                            i
                |]
            Cuts = ways[nodes.Length - 1] |> List.rev |> List.toArray
        }
