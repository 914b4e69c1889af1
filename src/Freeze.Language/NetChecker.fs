/// A net's body to a graph with every shape known, or to what is wrong with it.
module Freeze.Language.NetChecker

open System.Collections.Generic
open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values

/// Grows a graph node by node. After a mistake the shape is unknown and nothing more is said of shapes,
/// so that one mistake does not become twenty.
type private Builder(input: int[], classes: int, scope: Scope, report: Diagnostic -> unit) =
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
    let mutable shape: int[] option = Some input

    member _.Scope = scope
    member _.Classes = classes
    member _.Nodes = nodes.ToArray()
    member _.Shape = shape

    member _.Fail diagnostic =
        report diagnostic
        shape <- None

    /// Claims a name for a part; a part without a label is called after its operation and counted.
    member _.Name(prefix: string, label: Name option, operation: string) =
        match label with
        | Some label ->
            let full = prefix + label.Value

            if List.contains label.Value Vocabulary.reserved then
                report (Diagnostic.reservedName label.Span label.Value)

            match taken.TryGetValue full with
            | true, first -> report (Diagnostic.definedTwice label.Span "a part" full first)
            | false, _ -> taken[full] <- label.Span

            full
        | None ->
            let free =
                Seq.initInfinite (fun i -> $"{prefix}{operation}{i + 1}")
                |> Seq.find (taken.ContainsKey >> not)

            taken[free] <- { Start = 0; End = 0 }
            free

    member _.Add(name, operation, result: int[]) =
        nodes.Add
            {
                Name = name
                Operation = operation
                Inputs = [| nodes.Count - 1 |]
                Shape = result
            }

        shape <- Some result

/// What may follow a layer's sizes: `stride 2`, `pad 1`, `pad none`, `no bias`.
type private Options =
    {
        Stride: int option
        Padding: int option
        Bias: bool
    }

let private noOptions =
    {
        Stride = None
        Padding = None
        Bias = true
    }

/// Larger windows, strides and widths are mistakes.
let private widest = 1_000_000L

let private options (builder: Builder) usage allowed (words: Phrase) =
    let rec read options (words: Phrase) =
        let wrong (at: Expression) =
            Error(Diagnostic.layerArguments at.Span usage)

        match words with
        | [] -> Ok options
        | ({ Value = Term.Word word } as at) :: _ when not (List.contains word allowed) -> wrong at
        | { Value = Term.Word "stride" } :: value :: rest ->
            wholeBetween builder.Scope 1L 1024L "the stride" value
            |> Result.bind (fun stride ->
                read
                    { options with
                        Stride = Some(int stride)
                    }
                    rest)
        | { Value = Term.Word "pad" } :: { Value = Term.Word "none" } :: rest ->
            read { options with Padding = Some 0 } rest
        | { Value = Term.Word "pad" } :: value :: rest ->
            wholeBetween builder.Scope 0L 1024L "the padding" value
            |> Result.bind (fun padding ->
                read
                    { options with
                        Padding = Some(int padding)
                    }
                    rest)
        | { Value = Term.Word "no" } :: { Value = Term.Word "bias" } :: rest ->
            read { options with Bias = false } rest
        | at :: _ -> wrong at

    read noOptions words

/// Adds a layer whose output is computed from a map of channels x height x width.
let private onMap (builder: Builder) span what add =
    match builder.Shape with
    | None -> ()
    | Some [| channels; height; width |] -> add (channels, height, width)
    | Some flat ->
        builder.Fail(
            Diagnostic.shape
                span
                $"{what} needs a map of channels, height and width"
                $"here it gets {Shapes.describe flat}"
        )

let private window builder span what (height, width) (rows, columns) stride (padRows, padColumns) =
    match Shapes.slide height rows stride padRows, Shapes.slide width columns stride padColumns with
    | Some outHeight, Some outWidth -> Some(outHeight, outWidth)
    | _ ->
        (builder: Builder)
            .Fail(
                Diagnostic.shape
                    span
                    $"{what} of {rows}x{columns} is larger than its input of {height}x{width}"
                    "make it smaller, pad, or pool less before it"
            )

        None

let private checkedSize (builder: Builder) span (shape: int64 list) add =
    if List.fold (fun product extent -> product * decimal extent) 1m shape > decimal Shapes.largest then
        builder.Fail(
            Diagnostic.shape span "this layer is too large" $"at most {Shapes.largest} values in one tensor"
        )
    else
        add ()

let private conv (builder: Builder) span name usage (words: Phrase) =
    match words with
    | filters :: { Value = Term.Size(rows, columns) } :: rest ->
        let read =
            wholeBetween builder.Scope 1L widest "the number of filters" filters
            |> Result.bind (fun filters ->
                options builder usage [ "stride"; "pad"; "no" ] rest
                |> Result.map (fun options -> int filters, options))

        match read with
        | Error diagnostic -> builder.Fail diagnostic
        | Ok _ when rows < 1 || columns < 1 || rows > 1024 || columns > 1024 ->
            builder.Fail(Diagnostic.outOfRange (List.item 1 words).Span "the kernel" "1x1 to 1024x1024")
        | Ok(_, { Padding = None }) when rows % 2 = 0 || columns % 2 = 0 ->
            builder.Fail(
                Diagnostic.shape
                    (List.item 1 words).Span
                    $"a kernel of {rows}x{columns} cannot pad to the same size"
                    "an even kernel has no middle: write `pad N` or `pad none`"
            )
        | Ok(filters, options) ->
            let padRows = options.Padding |> Option.defaultValue (rows / 2)
            let padColumns = options.Padding |> Option.defaultValue (columns / 2)
            let stride = options.Stride |> Option.defaultValue 1

            onMap builder span "conv" (fun (channels, height, width) ->
                match
                    window
                        builder
                        span
                        "a kernel"
                        (height, width)
                        (rows, columns)
                        stride
                        (padRows, padColumns)
                with
                | None -> ()
                | Some(outHeight, outWidth) ->
                    let add () =
                        builder.Add(
                            name,
                            Operation.Conv(filters, rows, columns, stride, padRows, padColumns, options.Bias),
                            [| filters; outHeight; outWidth |]
                        )

                    checkedSize
                        builder
                        span
                        [ int64 filters; int64 channels; int64 rows; int64 columns ]
                        (fun () ->
                            checkedSize builder span [ int64 filters; int64 outHeight; int64 outWidth ] add))
    | _ -> builder.Fail(Diagnostic.layerArguments span usage)

let private flatten (builder: Builder) prefix =
    match builder.Shape with
    | Some shape when shape.Length > 1 ->
        builder.Add(builder.Name(prefix, None, "flatten"), Operation.Flatten, [| int (Shapes.size shape) |])
    | _ -> ()

let private linear (builder: Builder) span prefix name usage (words: Phrase) =
    let units, rest =
        match words with
        | { Value = Term.Word "classes" } :: rest -> Ok builder.Classes, rest
        | units :: rest ->
            wholeBetween builder.Scope 1L widest "the number of units" units
            |> Result.map int,
            rest
        | [] -> Error(Diagnostic.layerArguments span usage), []

    match units, options builder usage [ "no" ] rest with
    | Error diagnostic, _
    | _, Error diagnostic -> builder.Fail diagnostic
    | Ok units, Ok options ->
        flatten builder prefix

        match builder.Shape with
        | Some [| inputs |] ->
            checkedSize builder span [ int64 units; int64 inputs ] (fun () ->
                builder.Add(name, Operation.Linear(units, options.Bias), [| units |]))
        | _ -> ()

let private pool (builder: Builder) span name operation make usage (words: Phrase) =
    match words with
    | size :: rest ->
        match
            wholeBetween builder.Scope 1L 1024L "the size" size,
            options builder usage [ "stride"; "pad" ] rest
        with
        | Error diagnostic, _
        | _, Error diagnostic -> builder.Fail diagnostic
        | Ok size, Ok options ->
            let size = int size
            let stride = options.Stride |> Option.defaultValue size
            let padding = options.Padding |> Option.defaultValue 0

            if padding > size / 2 then
                builder.Fail(
                    Diagnostic.shape span $"{operation} pads by more than half its size" $"at most {size / 2}"
                )
            else
                onMap builder span operation (fun (channels, height, width) ->
                    window builder span operation (height, width) (size, size) stride (padding, padding)
                    |> Option.iter (fun (outHeight, outWidth) ->
                        builder.Add(name, make (size, stride, padding), [| channels; outHeight; outWidth |])))
    | [] -> builder.Fail(Diagnostic.layerArguments span usage)

let private layer (builder: Builder) prefix span (label: Name option) (phrase: Phrase) =
    let operation, words = List.head phrase, List.tail phrase

    match operation.Value with
    | Term.Word word when List.contains word (Vocabulary.names Vocabulary.layers) ->
        let usage = Vocabulary.usage Vocabulary.layers word
        let name = builder.Name(prefix, label, word)

        /// A layer without words of its own that keeps the shape.
        let plain operation =
            match words, builder.Shape with
            | [], Some shape -> builder.Add(name, operation, shape)
            | [], None -> ()
            | extra :: _, _ -> builder.Fail(Diagnostic.layerArguments extra.Span usage)

        match word with
        | "conv" -> conv builder span name usage words
        | "linear" -> linear builder span prefix name usage words
        | "maxpool" -> pool builder span name word Operation.MaxPool usage words
        | "avgpool" -> pool builder span name word Operation.AvgPool usage words
        | "bn" -> plain (Operation.BatchNorm(1e-5, 0.1))
        | "relu" -> plain Operation.Relu
        | "globalpool" when words.IsEmpty ->
            onMap builder span word (fun (channels, _, _) ->
                builder.Add(name, Operation.GlobalPool, [| channels |]))
        | "flatten" when words.IsEmpty ->
            builder.Shape
            |> Option.iter (fun shape -> builder.Add(name, Operation.Flatten, [| int (Shapes.size shape) |]))
        | "dropout" ->
            match words with
            | [ share ] ->
                match numberBetween builder.Scope 0m 0.999m "the share dropped" share with
                | Error diagnostic -> builder.Fail diagnostic
                | Ok share ->
                    builder.Shape
                    |> Option.iter (fun shape -> builder.Add(name, Operation.Dropout(float share), shape))
            | _ -> builder.Fail(Diagnostic.layerArguments span usage)
        | _ -> builder.Fail(Diagnostic.layerArguments span usage)
    | Term.Word word ->
        builder.Fail(Diagnostic.unknownLayer operation.Span word (Vocabulary.names Vocabulary.layers))
    | _ -> builder.Fail(Diagnostic.layerArguments operation.Span "a layer, such as `conv 8 3x3`")

let rec private parts (builder: Builder) prefix (body: NetPart list) =
    for part in body do
        match part.Value with
        | NetItem.Layer(label, phrase) -> layer builder prefix part.Span label phrase
        | NetItem.Block(label, inner) ->
            let name = builder.Name(prefix, Some label, "block")
            parts builder (name + ".") inner
        | NetItem.Broken -> builder.Fail(Diagnostic.emptyNet part.Span)

/// Whether the parser has already complained inside a body.
let rec private isBroken (body: NetPart list) =
    body
    |> List.exists (fun part ->
        match part.Value with
        | NetItem.Broken -> true
        | NetItem.Block(_, inner) -> isBroken inner
        | NetItem.Layer _ -> false)

/// The graph of a net for images of a shape and a number of classes.
/// `place` is where the net as a whole is named; nothing is returned where anything was reported.
let check
    (report: Diagnostic -> unit)
    scope
    (place: Span)
    (input: int[])
    (classes: int)
    (body: NetPart list)
    =
    if isBroken body then
        None
    else
        let mutable sound = true

        let report diagnostic =
            sound <- false
            report diagnostic

        let builder = Builder(input, classes, scope, report)
        parts builder "" body

        match builder.Shape with
        | _ when body.IsEmpty -> report (Diagnostic.emptyNet place)
        | Some [| found |] when found = classes -> ()
        | Some shape when sound ->
            report (Diagnostic.wrongOutput (List.last body).Span (Shapes.describe shape) classes)
        | _ -> ()

        if sound then Some { Nodes = builder.Nodes } else None
