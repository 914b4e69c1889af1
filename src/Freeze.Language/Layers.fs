/// Layers as they are written (`conv 20 5x5 pad none`) to nodes of the graph.
module Freeze.Language.Layers

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.NetBuilder

/// What may follow a layer's sizes: `stride 2`, `pad 1`, `pad none`, `no bias`, `init he`.
type private Options =
    {
        Stride: int option
        Padding: int option
        Bias: bool
        Init: Schemes.Scheme option
    }

let private noOptions =
    {
        Stride = None
        Padding = None
        Bias = true
        Init = None
    }

/// One layer: where it stands, its name, and how its kind is written.
type private Layer =
    {
        Builder: Builder
        Place: Place
        Scope: Scope
        Span: Span
        Name: string
        Known: Vocabulary.Layer
    }

    member this.Usage = this.Known.Entry.Usage

/// Larger windows, strides and widths are mistakes.
let private widest = 1_000_000L

let private options (layer: Layer) (words: Phrase) =
    let allowed (word: string) =
        layer.Known.Options
        |> List.exists (fun (option, _) -> option = word || option.StartsWith(word + " "))

    let count what least (value: Expression) =
        wholeBetween layer.Scope least 1024L what value |> Result.map int

    let rec read options (words: Phrase) =
        let wrong (at: Expression) =
            Error(Diagnostic.layerArguments at.Span layer.Usage)

        match words with
        | [] -> Ok options
        | ({ Value = Term.Word word } as at) :: _ when not (allowed word) -> wrong at
        | { Value = Term.Word "stride" } :: value :: rest ->
            count "the stride" 1L value
            |> Result.bind (fun stride -> read { options with Stride = Some stride } rest)
        | { Value = Term.Word "pad" } :: { Value = Term.Word "none" } :: rest ->
            read { options with Padding = Some 0 } rest
        | { Value = Term.Word "pad" } :: value :: rest ->
            count "the padding" 0L value
            |> Result.bind (fun padding -> read { options with Padding = Some padding } rest)
        | { Value = Term.Word "no" } :: { Value = Term.Word "bias" } :: rest ->
            read { options with Bias = false } rest
        | { Value = Term.Word "init" } :: scheme :: rest ->
            Schemes.scheme layer.Scope scheme
            |> Result.bind (fun scheme -> read { options with Init = Some scheme } rest)
        | at :: _ -> wrong at

    read noOptions words

let private fail (layer: Layer) diagnostic = layer.Builder.Fail diagnostic

/// Adds a layer whose output is computed from a map of channels x height x width.
let private onMap (layer: Layer) what add =
    match layer.Builder.Shape with
    | None -> ()
    | Some [| channels; height; width |] -> add (channels, height, width)
    | Some flat ->
        fail
            layer
            (Diagnostic.shape
                layer.Span
                $"{what} needs a map of channels, height and width"
                $"here it gets {Shapes.describe flat}")

/// Adds a layer that slides a window over a map; `what` is the window in messages.
let private slide (layer: Layer) word what (rows, columns) stride (padRows, padColumns) add =
    onMap layer word (fun (channels, height, width) ->
        match Shapes.slide height rows stride padRows, Shapes.slide width columns stride padColumns with
        | Some outHeight, Some outWidth -> add channels (outHeight, outWidth)
        | _ ->
            fail
                layer
                (Diagnostic.shape
                    layer.Span
                    $"{what} of {rows}x{columns} is larger than its input of {height}x{width}"
                    "make it smaller, pad, or pool less before it"))

/// Adds a layer if its weight is of a size that can be.
let private sized (layer: Layer) (weight: int64 list) add =
    if Shapes.isTooLarge weight then
        fail layer (Diagnostic.layerTooLarge layer.Span Shapes.largest)
    else
        add ()

let private kernel (layer: Layer) (filters: int) (rows, columns) (options: Options) =
    let padRows = options.Padding |> Option.defaultValue (rows / 2)
    let padColumns = options.Padding |> Option.defaultValue (columns / 2)
    let stride = options.Stride |> Option.defaultValue 1

    slide
        layer
        "conv"
        "a kernel"
        (rows, columns)
        stride
        (padRows, padColumns)
        (fun channels (height, width) ->
            let kernel = [ int64 filters; int64 channels; int64 rows; int64 columns ]

            sized layer kernel (fun () ->
                layer.Builder.Start(layer.Place, "conv", layer.Name, options.Init)

                layer.Builder.Add(
                    layer.Span,
                    layer.Name,
                    Operation.Conv(filters, rows, columns, stride, padRows, padColumns, options.Bias),
                    [ filters; height; width ]
                )))

let private conv (layer: Layer) (words: Phrase) =
    match words with
    | filters :: At(Term.Size(rows, columns), size) :: rest ->
        match
            both (wholeBetween layer.Scope 1L widest "the number of filters" filters) (options layer rest)
        with
        | Error diagnostic -> fail layer diagnostic
        | Ok _ when rows < 1 || columns < 1 || rows > 1024 || columns > 1024 ->
            fail layer (Diagnostic.outOfRange size "the kernel" "1x1 to 1024x1024")
        | Ok(_, { Padding = None }) when rows % 2 = 0 || columns % 2 = 0 ->
            fail
                layer
                (Diagnostic.shape
                    size
                    $"a kernel of {rows}x{columns} cannot pad to the same size"
                    "an even kernel has no middle: write `pad N` or `pad none`")
        | Ok(filters, options) -> kernel layer (int filters) (rows, columns) options
    | _ -> fail layer (Diagnostic.layerArguments layer.Span layer.Usage)

/// Puts all values in one row, where they are not.
let flatten (builder: Builder) (place: Place) span =
    match builder.Shape with
    | Some shape when shape.Length > 1 ->
        builder.Add(
            span,
            builder.Name(place, None, "flatten"),
            Operation.Flatten,
            [ int (Shapes.size shape) ]
        )
    | _ -> ()

let private linear (layer: Layer) (words: Phrase) =
    match words with
    | [] -> fail layer (Diagnostic.layerArguments layer.Span layer.Usage)
    | units :: rest ->
        match
            both
                (wholeBetween layer.Scope 1L widest "the number of units" units |> Result.map int)
                (options layer rest)
        with
        | Error diagnostic -> fail layer diagnostic
        | Ok(units, options) ->
            flatten layer.Builder { layer.Place with InRepeat = false } layer.Span

            match layer.Builder.Shape with
            | Some [| inputs |] ->
                sized layer [ int64 units; int64 inputs ] (fun () ->
                    layer.Builder.Start(layer.Place, "linear", layer.Name, options.Init)

                    layer.Builder.Add(
                        layer.Span,
                        layer.Name,
                        Operation.Linear(units, options.Bias),
                        [ units ]
                    ))
            | _ -> ()

let private pool (layer: Layer) word make (words: Phrase) =
    match words with
    | [] -> fail layer (Diagnostic.layerArguments layer.Span layer.Usage)
    | size :: rest ->
        match both (wholeBetween layer.Scope 1L 1024L "the size" size) (options layer rest) with
        | Error diagnostic -> fail layer diagnostic
        | Ok(size, options) ->
            let size = int size
            let stride = options.Stride |> Option.defaultValue size
            let padding = options.Padding |> Option.defaultValue 0

            if padding > size / 2 then
                let limit = $"at most {size / 2}"
                fail layer (Diagnostic.shape layer.Span $"{word} pads by more than half its size" limit)
            else
                slide layer word word (size, size) stride (padding, padding) (fun channels (height, width) ->
                    layer.Builder.Add(
                        layer.Span,
                        layer.Name,
                        make (size, stride, padding),
                        [ channels; height; width ]
                    ))

let private dropout (layer: Layer) (words: Phrase) =
    match words with
    | [ share ] ->
        match numberBetween layer.Scope 0m 0.999m "the share dropped" share with
        | Error diagnostic -> fail layer diagnostic
        // None at all is no layer, so that a net may have its share as a parameter.
        | Ok 0m -> ()
        | Ok share ->
            layer.Builder.Shape
            |> Option.iter (fun shape ->
                layer.Builder.Add(layer.Span, layer.Name, Operation.Dropout(float share), List.ofArray shape))
    | _ -> fail layer (Diagnostic.layerArguments layer.Span layer.Usage)

/// Adds a layer of the vocabulary, such as `conv 8 3x3`.
let add (builder: Builder) (place: Place) scope span (label: Name option) (word: string) (words: Phrase) =
    let layer =
        {
            Builder = builder
            Place = place
            Scope = scope
            Span = span
            Name = builder.Name(place, label, word)
            Known = Vocabulary.layerTable |> List.find (fun layer -> layer.Entry.Name = word)
        }

    /// A layer without words of its own that keeps the shape.
    let plain operation =
        match words, builder.Shape with
        | [], Some shape -> builder.Add(layer.Span, layer.Name, operation, List.ofArray shape)
        | [], None -> ()
        | extra :: _, _ -> fail layer (Diagnostic.layerArguments extra.Span layer.Usage)

    match word with
    | "conv" -> conv layer words
    | "linear" -> linear layer words
    | "maxpool" -> pool layer word Operation.MaxPool words
    | "avgpool" -> pool layer word Operation.AvgPool words
    | "bn" -> plain (Operation.BatchNorm(1e-5, 0.1))
    | "relu" -> plain Operation.Relu
    | "dropout" -> dropout layer words
    | "globalpool" when words.IsEmpty ->
        onMap layer word (fun (channels, _, _) ->
            builder.Add(layer.Span, layer.Name, Operation.GlobalPool, [ channels ]))
    | "flatten" when words.IsEmpty ->
        builder.Shape
        |> Option.iter (fun shape ->
            builder.Add(layer.Span, layer.Name, Operation.Flatten, [ int (Shapes.size shape) ]))
    | _ -> fail layer (Diagnostic.layerArguments span layer.Usage)
