/// Builds a graph part by part; all shapes are known and all names are unique.
module Freeze.Language.NetBuilder

open System.Collections.Generic
open Freeze
open Freeze.Language.Syntax

/// Larger nets are mistakes or attacks.
let mostNodes = 10_000

/// The prefix of the current parts' names, and where the weights of the following layers start.
type Place =
    {
        /// `block1.`, or "" at the top level.
        Prefix: string
        /// Directly in a repeat, labels are numbered.
        InRepeat: bool
        /// The schemes that the net has set, by kind (`conv`, `linear`, `bias`).
        Schemes: Map<string, Schemes.Scheme>
    }

/// Grows a graph node by node from a cursor. After an error the shape is unknown and no further error about shapes is reported,
/// so that one mistake does not become twenty.
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

    // Generated names have no place.
    let taken =
        Dictionary<string, Span>([ KeyValuePair("input", { Start = 0; End = 0 }) ])
    // For each label as written, the full name of the last part with that label.
    let labelled = Dictionary<string, string>()
    let counted = Dictionary<string, int>()
    let starts = Dictionary<string, Schemes.Scheme>()
    let stages = ResizeArray<Stage>()
    let marks = ResizeArray<Stage * Span>()
    let mutable turns = 0
    let mutable sound = true
    let mutable at = 0

    /// The first free name that ends in a number, from 1.
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

    /// The schemes that the net sets, by weight.
    member _.Starts = starts |> Seq.map (fun entry -> entry.Key, entry.Value) |> Map.ofSeq

    member _.IsSound = sound

    /// The node that the next part reads.
    member _.At
        with get () = at
        and set node = at <- node

    member _.ShapeAt node = nodes[node].Shape

    member _.Shape = if sound then Some nodes[at].Shape else None

    member _.Fail diagnostic =
        report diagnostic
        sound <- false

    /// Counts a turn of a repeat or the use of a block, so that neither an empty repeated net nor a block that uses itself goes
    /// on for ever.
    member this.Turn(span: Span) =
        turns <- turns + 1

        if turns = mostNodes then
            this.Fail(Diagnostic.netTooLarge span mostNodes)

        turns < mostNodes

    /// Claims a name for a part; a part without a label gets the name of its operation and a number.
    member this.Name(place: Place, label: Name option, operation: string) =
        match label with
        | Some label ->
            if not place.InRepeat && List.contains label.Value Phrases.reserved then
                this.Fail(Diagnostic.reservedName label.Span label.Value)

            let written = place.Prefix + label.Value
            let full = if place.InRepeat then numbered written else written
            this.Claim(full, label.Span)
            labelled[written] <- full
            full
        | None ->
            let full = numbered (place.Prefix + operation)
            taken[full] <- Span.Nowhere
            full

    /// Claims a full name; `span` is where it is given.
    member this.Claim(full: string, span: Span) =
        match taken.TryGetValue full with
        | true, first when first.End > 0 -> this.Fail(Diagnostic.definedTwice span "a part" full first)
        | true, _ -> this.Fail(Diagnostic.nameTaken span full)
        | false, _ -> taken[full] <- span

    /// Adds a node after the given ones and moves the cursor to it. Its output for one image must not be too large.
    member this.Join(span, name, operation, inputs: int[], result: int64 list) =
        if Shapes.isTooLarge result then
            this.Fail(Diagnostic.layerTooLarge span Shapes.largest)

        if sound then
            nodes.Add
                {
                    Name = name
                    Operation = operation
                    Inputs = inputs
                    Shape = result |> List.map int |> List.toArray
                }

            at <- nodes.Count - 1

    /// Adds a node after the cursor and moves the cursor to it.
    member this.Add(span, name, operation, result: int list) =
        this.Join(span, name, operation, [| at |], List.map int64 result)

    /// Sets where a layer's weight and bias start: by the layer's own scheme, or by that of its kind.
    member _.Start(place: Place, kind: string, layer: string, own: Schemes.Scheme option) =
        match own, Map.tryFind kind place.Schemes with
        | Some scheme, _
        | None, Some scheme -> starts[layer + ".weight"] <- scheme
        | None, None -> ()

        place.Schemes
        |> Map.tryFind "bias"
        |> Option.iter (fun scheme -> starts[layer + ".bias"] <- scheme)

    /// The last node with a label, or -1 if there is none.
    member _.Find label =
        match labelled.TryGetValue label with
        | true, full -> nodes.FindLastIndex(fun node -> node.Name = full)
        | false, _ -> -1

    member _.StageCount = stages.Count

    member _.EndStage name = stages.Add { Name = name; Output = at }

    /// Whether the last stage ends at the cursor.
    member _.IsAtStagesEnd =
        at =
            (if stages.Count = 0 then
                 0
             else
                 stages[stages.Count - 1].Output)

    member this.MarkStage(name, span: Span) =
        this.EndStage name
        marks.Add(stages[stages.Count - 1], span)

    /// The names of layers in weights files, and their spans.
    member val Names = ResizeArray<NetNames.Table * Span>()

    /// All lines of these tables, and their spans.
    member val NameLines = ResizeArray<NetNames.Line * Span>()

    /// The stages made by `end stage` marks, and their spans.
    member _.Marks = List.ofSeq marks

/// Adds a node that reads two others.
let private joinTwo (builder: Builder) (place: Place) span word operation inputs (shape: int64 seq) =
    let name = builder.Name({ place with InRepeat = false }, None, word)
    builder.Join(span, name, operation, inputs, List.ofSeq shape)

/// Adds the sum of the outputs of two nodes.
let add (builder: Builder) (place: Place) (span: Span) start finish =
    let before, after = builder.ShapeAt start, builder.ShapeAt finish

    if before = after then
        joinTwo builder place span "add" Operation.Add [| finish; start |] (Seq.map int64 after)
    else
        builder.Fail(
            Diagnostic.shape
                span
                $"cannot add {Shapes.describe after} and {Shapes.describe before}"
                "both must have one shape: a `shortcut { … }` can bring the input to that of the body"
        )

/// Adds the concatenation of two nodes' channels.
let concat (builder: Builder) (place: Place) (span: Span) start finish =
    let before, after = builder.ShapeAt start, builder.ShapeAt finish

    if before.Length = after.Length && Array.tail before = Array.tail after then
        let shape =
            Seq.append [ int64 before[0] + int64 after[0] ] (Array.tail before |> Seq.map int64)

        joinTwo builder place span "concat" Operation.Concat [| start; finish |] shape
    else
        builder.Fail(
            Diagnostic.shape
                span
                $"{Shapes.describe after} cannot be appended to {Shapes.describe before}"
                "the body must keep height and width"
        )
