/// A graph that grows part by part, with every shape known and every name given once.
module Freeze.Language.NetBuilder

open System.Collections.Generic
open Freeze
open Freeze.Language.Syntax

/// Larger nets are mistakes or attacks.
let mostNodes = 10_000

/// Where parts are named and where the weights behind them start.
type Place =
    {
        /// `block1.`, or nothing at the top.
        Prefix: string
        /// Directly in a repeat a label is numbered.
        InRepeat: bool
        /// By kind (`conv`, `linear`, `bias`) the schemes that the net has set.
        Schemes: Map<string, Schemes.Scheme>
    }

/// Grows a graph node by node behind a cursor. After a mistake the shape is unknown and nothing more is said of
/// shapes, so that one mistake does not become twenty.
type Builder(input: int[], classes: int, report: Diagnostic -> unit) =
    let nodes =
        ResizeArray<Node>(
            [
                {
                    Name = "input"
                    Operation = Operation.Input
                    Inputs = [||]
                    Shape = input
                }
            ]
        )

    let taken = Dictionary<string, Span>()
    let counted = Dictionary<string, int>()
    let starts = Dictionary<string, Schemes.Scheme>()
    let stages = ResizeArray<Stage>()
    let mutable turns = 0
    let mutable sound = true
    let mutable at = 0

    /// The first free name that ends in a number from 1.
    let numbered stem =
        let mutable number =
            match counted.TryGetValue stem with
            | true, last -> last + 1
            | false, _ -> 1

        while taken.ContainsKey $"{stem}{number}" do
            number <- number + 1

        counted[stem] <- number
        $"{stem}{number}"

    member _.Classes = classes

    member _.Net: Net =
        {
            Nodes = nodes.ToArray()
            Stages = stages.ToArray()
        }

    /// By weight the schemes that the net sets.
    member _.Starts = starts |> Seq.map (fun entry -> entry.Key, entry.Value) |> Map.ofSeq

    member _.IsSound = sound

    /// The node whose output the next part reads.
    member _.At
        with get () = at
        and set node = at <- node

    member _.ShapeAt node = nodes[node].Shape

    member _.Shape = if sound then Some nodes[at].Shape else None

    member _.Fail diagnostic =
        report diagnostic
        sound <- false

    /// Counts a turn of a repeat or the use of a block: neither a net of nothing repeated nor a block that uses
    /// itself goes on for ever.
    member this.Turn(span: Span) =
        turns <- turns + 1

        if turns = mostNodes then
            this.Fail(Diagnostic.netTooLarge span mostNodes)

        turns < mostNodes

    /// Claims a name for a part; a part without a label is called after its operation and counted.
    member _.Name(place: Place, label: Name option, operation: string) =
        let claim full span =
            match taken.TryGetValue full with
            | true, first when first.End > 0 && span.End > 0 ->
                report (Diagnostic.definedTwice span "a part" full first)
                sound <- false
            | _ -> taken[full] <- span

            full

        match label with
        | Some label when place.InRepeat -> claim (numbered (place.Prefix + label.Value)) label.Span
        | Some label ->
            if List.contains label.Value Vocabulary.reserved then
                report (Diagnostic.reservedName label.Span label.Value)
                sound <- false

            claim (place.Prefix + label.Value) label.Span
        | None -> claim (numbered (place.Prefix + operation)) { Start = 0; End = 0 }

    /// Adds a node behind others and moves the cursor to it.
    member this.Join(name, operation, inputs: int[], result: int[]) =
        if sound then
            nodes.Add
                {
                    Name = name
                    Operation = operation
                    Inputs = inputs
                    Shape = result
                }

            at <- nodes.Count - 1

    /// Adds a node behind the cursor and moves the cursor to it.
    member this.Add(name, operation, result: int[]) =
        this.Join(name, operation, [| at |], result)

    /// Says where a layer's weight and bias start: its own scheme, or that of its kind.
    member _.Start(place: Place, kind: string, layer: string, own: Schemes.Scheme option) =
        match own, Map.tryFind kind place.Schemes with
        | Some scheme, _
        | None, Some scheme -> starts[layer + ".weight"] <- scheme
        | None, None -> ()

        place.Schemes
        |> Map.tryFind "bias"
        |> Option.iter (fun scheme -> starts[layer + ".bias"] <- scheme)

    /// The node of a name, where it has been added.
    member _.Find name =
        nodes.FindLastIndex(fun node -> node.Name = name)

    member _.StageCount = stages.Count

    member _.EndStage name = stages.Add { Name = name; Output = at }
