namespace Freeze

open System.Collections.Generic

/// What a step of a program computes.
[<RequireQualifiedAccess>]
type Work =
    /// A node by itself.
    | Node of Node: Node
    /// A batch norm and the relu behind it: one pass over memory does both.
    | NormRelu of Norm: Node
    /// A convolution and the norm and relu that it alone reads: it makes of each value of the norm's input what both would as
    /// it goes, and makes it again for the gradients, so that their output is never kept.
    | NormReluConv of Norm: Node * Conv: Node
    /// A max pool and the relu before it, done after it: the greatest of a window is cut off instead of every entry. The
    /// greatest of what was cut off is the same, and so are the gradients: none where the greatest is not above 0.
    | ReluPool of Pool: Node
    /// A concatenation that adds channels to what grows: norms alone read its output, and the concatenation that adds more to it. Last
    /// is the node that adds the last ones.
    | Grow of Concat: Node * Last: int

/// A step of a program.
type Step =
    {
        Work: Work
        /// The node whose output it computes: of nodes that are done together the last.
        Output: int
        /// The nodes whose outputs it reads.
        Inputs: int[]
        /// Those of them that no later step reads; the net's input, which is the caller's, is never one.
        LastRead: int[]
        /// Whether it may write its output over the first of them, which is in memory of its own and read by nothing else.
        Overwrites: bool
    }

/// A convolution and the batch norm that alone reads it, in steps of their own: by running statistics both are one convolution.
type Fold =
    {
        Conv: Node
        /// The conv's node.
        ConvOutput: int
        Norm: Node
        /// The node whose output the norm's step computes.
        NormOutput: int
    }

/// What is computed of a net, step by step: a pure function of its graph and of the passes in force.
[<RequireQualifiedAccess>]
module Programs =
    /// The steps that compute a node's output, the input first.
    let ofNet (passes: PassSet) (net: Net) (last: int) : Step[] =
        let nodes = net.Nodes
        let readers = nodes |> Seq.collect _.Inputs |> Seq.countBy id |> Map.ofSeq

        // Where what a concatenation's output grows to is whole, if it grows.
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

        // A node and those before it, of which each is read by the one behind it alone.
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

        // What is done at a node, and the nodes that are done together there, the last one first.
        let work index : Work * int list =
            let chain = chain 3 index

            match chain |> List.map (fun index -> nodes[index].Operation), chain with
            | [ Operation.Conv _; Operation.Relu; Operation.BatchNorm _ ], [ conv; _; norm ] when
                cutsNorms && passes.Has Pass.NormConv
                ->
                Work.NormReluConv(nodes[norm], nodes[conv]), chain
            | Operation.Relu :: Operation.BatchNorm _ :: _, relu :: norm :: _ when cutsNorms ->
                Work.NormRelu nodes[norm], [ relu; norm ]
            // What goes into the relu then passes through it, so nothing else may read that either.
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

        // From the end: there the longest of what is done together is met first, and who reads last.
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

    /// The norms of a program that become part of convolutions where running statistics are used. A norm that the convolution
    /// behind it takes along costs nothing, and stays there.
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
