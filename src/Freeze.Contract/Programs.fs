namespace Freeze

open System.Collections.Generic

/// What a step of a program computes.
[<RequireQualifiedAccess>]
type Work =
    /// A single node.
    | Node of Node: Node
    /// A batch norm and the relu after it: one pass over memory does both.
    | NormRelu of Norm: Node
    /// A convolution and the norm and relu that only it reads. It computes the relu's values on the fly, and again for the
    /// gradients, so that they are never stored.
    | NormReluConv of Norm: Node * Conv: Node
    /// A max pool that also applies the relu before it: the maximum of each window is clamped instead of every entry. The result
    /// is the same, and so are the gradients: zero if the maximum is not above 0.
    | ReluPool of Pool: Node
    /// A concatenation that appends channels to a growing tensor: only norms, and the concatenation that appends more, read its
    /// output. Last is the node that appends the last channels.
    | Grow of Concat: Node * Last: int

/// A step of a program.
type Step =
    {
        Work: Work
        /// The node whose output it computes; the last one if several nodes are computed together.
        Output: int
        /// The nodes whose outputs it reads.
        Inputs: int[]
        /// The inputs that no later step reads, except the net's input, which belongs to the caller.
        LastRead: int[]
        /// Whether the step may overwrite its first input, which has its own memory and no other reader.
        Overwrites: bool
    }

/// A convolution and the batch norm that is its only reader. With running statistics, both are one convolution.
type Fold =
    {
        Conv: Node
        /// The convolution's node.
        ConvOutput: int
        Norm: Node
        /// The node whose output the norm's step computes: the norm, or the relu after it.
        NormOutput: int
    }

/// The steps that compute a net: a pure function of its graph and of the passes in force.
[<RequireQualifiedAccess>]
module Programs =
    /// The steps that compute a node's output, the input first.
    let ofNet (passes: PassSet) (net: Net) (last: int) : Step[] =
        let nodes = net.Nodes
        let readers = nodes |> Seq.collect _.Inputs |> Seq.countBy id |> Map.ofSeq

        // The node at which a growing concatenation is complete, if this one grows.
        let rec wholeAt index =
            let readers =
                [ index + 1 .. last ]
                |> List.filter (fun reader -> Array.contains index nodes[reader].Inputs)

            let norms, others =
                readers |> List.partition (fun reader -> nodes[reader].Operation.IsBatchNorm)

            match nodes[index].Operation, others with
            | Operation.Concat, [] when not norms.IsEmpty -> Some index
            | Operation.Concat, [ next ] when
                nodes[next].Inputs |> Array.tryFindIndexBack ((=) index) = Some 0
                ->
                wholeAt next
            | _ -> None

        // A node and the nodes before it, as long as each is read by the next one only.
        let rec chain length index =
            match nodes[index].Inputs with
            | [| input |] when length > 1 && input > 0 && readers[input] = 1 ->
                index :: chain (length - 1) input
            | _ -> [ index ]

        let isAlone index =
            match nodes[index].Operation with
            | Operation.Conv _
            | Operation.BatchNorm _
            | Operation.Add -> readers[index] = 1
            | _ -> false

        let cutsNorms = passes.Has Pass.NormRelu

        // The work at a node, and the nodes that it computes together, the last one first.
        let work index : Work * int list =
            let chain = chain 3 index

            match chain |> List.map (fun index -> nodes[index].Operation), chain with
            | [ Operation.Conv _; Operation.Relu; Operation.BatchNorm _ ], [ conv; _; norm ] when
                cutsNorms && passes.Has Pass.NormConv
                ->
                Work.NormReluConv(nodes[norm], nodes[conv]), chain
            | Operation.Relu :: Operation.BatchNorm _ :: _, relu :: norm :: _ when cutsNorms ->
                Work.NormRelu nodes[norm], [ relu; norm ]
            // The relu's input passes through it unchanged then, so nothing else may read that input either.
            | [ Operation.MaxPool _; Operation.Relu; before ], pool :: relu :: _ when
                passes.Has Pass.PoolRelu && not (cutsNorms && before.IsBatchNorm)
                ->
                Work.ReluPool nodes[pool], [ pool; relu ]
            | _ ->
                match wholeAt index with
                | Some whole -> Work.Grow(nodes[index], whole), [ index ]
                | None -> Work.Node nodes[index], [ index ]

        let others = HashSet<int>()
        let read = HashSet<int>()

        // From the end, so that the longest group of nodes and the last reader of an output are met first.
        [|
            for index in last .. -1 .. 0 do
                if not (others.Contains index) then
                    let work, together = work index
                    others.UnionWith together.Tail
                    let inputs = nodes[List.last together].Inputs

                    {
                        Work = work
                        Output = index
                        Inputs = inputs
                        LastRead = inputs |> Array.filter (fun input -> input > 0 && read.Add input)
                        Overwrites = inputs.Length > 0 && isAlone inputs[0]
                    }
        |]
        |> Array.rev

    /// The norms of a program that can be folded into convolutions if running statistics are used. A norm that is fused with the
    /// convolution after it costs nothing, and stays there.
    let folds (passes: PassSet) (program: Step[]) : Fold[] =
        let convs =
            program
            |> Array.choose (fun step ->
                match step.Work with
                | Work.Node({ Operation = Operation.Conv _ } as conv)
                | Work.NormReluConv(_, conv) -> Some(step.Output, conv)
                | _ -> None)
            |> Map.ofArray

        program
        |> Array.choose (fun step ->
            match step.Work with
            | Work.Node({ Operation = Operation.BatchNorm _ } as norm)
            | Work.NormRelu norm when step.Overwrites && passes.Has Pass.FoldNorms ->
                convs
                |> Map.tryFind step.Inputs[0]
                |> Option.map (fun conv ->
                    {
                        Conv = conv
                        ConvOutput = step.Inputs[0]
                        Norm = norm
                        NormOutput = step.Output
                    })
            | _ -> None)
