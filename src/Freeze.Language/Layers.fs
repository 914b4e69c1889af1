/// Turns layers as written (`conv 20 5x5 pad none`) into nodes of the graph.
module Freeze.Language.Layers

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.NetBuilder

/// What may follow a layer's sizes: `stride 2`, `pad 1`, `pad none`, `groups 4`, `dilation 2`, `no bias`, `init he`.
type private Options =
    {
        Stride: int option
        Padding: int option
        Groups: int
        Dilation: int
        Bias: bool
        Init: Schemes.Scheme option
    }

let private noOptions =
    {
        Stride = None
        Padding = None
        Groups = 1
        Dilation = 1
        Bias = true
        Init = None
    }

/// One layer: its place, its name, and the usage of its kind.
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

    let rec read options (words: Phrase) =
        let wrong (at: Expression) =
            Error(Diagnostic.layerArguments at.Span layer.Usage)

        /// Reads an option's number, then the options after it.
        let number what least most (value: Expression) rest set =
            wholeBetween layer.Scope least most what value
            |> Result.bind (fun number -> read (set (int number)) rest)

        match words with
        | [] -> Ok options
        | ({ Value = Term.Word word } as at) :: _ when not (allowed word) -> wrong at
        | { Value = Term.Word "stride" } :: value :: rest ->
            number "the stride" 1L 1024L value rest (fun stride -> { options with Stride = Some stride })
        | { Value = Term.Word "pad" } :: { Value = Term.Word "none" } :: rest ->
            read { options with Padding = Some 0 } rest
        | { Value = Term.Word "pad" } :: value :: rest ->
            number "the padding" 0L 1024L value rest (fun padding -> { options with Padding = Some padding })
        | { Value = Term.Word "groups" } :: value :: rest ->
            number "the number of groups" 1L widest value rest (fun groups ->
                { options with Groups = groups })
        | { Value = Term.Word "dilation" } :: value :: rest ->
            number "the dilation" 1L 1024L value rest (fun dilation -> { options with Dilation = dilation })
        | { Value = Term.Word "no" } :: { Value = Term.Word "bias" } :: rest ->
            read { options with Bias = false } rest
        | { Value = Term.Word "init" } :: scheme :: rest ->
            Schemes.scheme layer.Scope scheme
            |> Result.bind (fun scheme -> read { options with Init = Some scheme } rest)
        | at :: _ -> wrong at

    read noOptions words

/// A layer's operation and output shape; None if there is no layer.
type private Made = Result<(Operation * int list) option, Diagnostic>

let private misuse (layer: Layer) (span: Span) : Made =
    Error(Diagnostic.layerArguments span layer.Usage)

/// The output height and width of a window that slides over a map; `what` names the window in messages.
let private slide (layer: Layer) what (rows, columns) stride (padRows, padColumns) (height, width) =
    match Shapes.slide height rows stride padRows, Shapes.slide width columns stride padColumns with
    | Some outHeight, Some outWidth -> Ok(outHeight, outWidth)
    | _ ->
        Diagnostic.shape
            layer.Span
            $"{what} of {rows}x{columns} is larger than its input of {height}x{width}"
            "make it smaller, pad, or pool less before it"
        |> Error

/// A layer whose input is a map of channels x height x width.
let private onMap (layer: Layer) what (shape: int[]) (make: int -> int * int -> Made) : Made =
    match shape with
    | [| channels; height; width |] -> make channels (height, width)
    | flat ->
        Diagnostic.shape
            layer.Span
            $"{what} needs a map of channels, height and width"
            $"here it gets {Shapes.describe flat}"
        |> Error

/// A layer with a weight, if the weight is not too large.
let private weighted (layer: Layer) kind (options: Options) (weight: int list) operation output : Made =
    if Shapes.isTooLarge (List.map int64 weight) then
        Error(Diagnostic.layerTooLarge layer.Span Shapes.largest)
    else
        layer.Builder.Start(layer.Place, kind, layer.Name, options.Init)
        Ok(Some(operation, output))

/// Requires that the channels divide into equal groups.
let private grouped (layer: Layer) groups what (count: int) : Result<unit, Diagnostic> =
    if count % groups = 0 then
        Ok()
    else
        Diagnostic.shape
            layer.Span
            $"{count} {what} cannot be split into {groups} equal groups"
            $"the number of groups divides that of {what}"
        |> Error

let private kernel (layer: Layer) shape (filters: int) (rows, columns) (options: Options) : Made =
    // The distance from the first row that a window reads to the last, inclusive.
    let reach extent = (extent - 1) * options.Dilation + 1
    let window = reach rows, reach columns
    let padRows = options.Padding |> Option.defaultValue (fst window / 2)
    let padColumns = options.Padding |> Option.defaultValue (snd window / 2)
    let stride = options.Stride |> Option.defaultValue 1

    let what =
        if options.Dilation > 1 then
            "a dilated kernel"
        else
            "a kernel"

    onMap layer "conv" shape (fun channels size ->
        both
            (grouped layer options.Groups "channels" channels)
            (grouped layer options.Groups "filters" filters)
        |> Result.bind (fun _ -> slide layer what window stride (padRows, padColumns) size)
        |> Result.bind (fun (height, width) ->
            weighted
                layer
                "conv"
                options
                [ filters; channels / options.Groups; rows; columns ]
                (Operation.Conv(
                    filters,
                    rows,
                    columns,
                    stride,
                    padRows,
                    padColumns,
                    options.Bias,
                    options.Groups,
                    options.Dilation
                ))
                [ filters; height; width ]))

let private conv (layer: Layer) shape (words: Phrase) : Made =
    match words with
    | filters :: At(Term.Size(rows, columns), size) :: rest ->
        both (wholeBetween layer.Scope 1L widest "the number of filters" filters) (options layer rest)
        |> Result.bind (fun (filters, options) ->
            if rows < 1 || columns < 1 || rows > 1024 || columns > 1024 then
                Error(Diagnostic.outOfRange size "the kernel" "1x1 to 1024x1024")
            elif
                options.Padding.IsNone
                && options.Dilation % 2 = 1
                && (rows % 2 = 0 || columns % 2 = 0)
            then
                Diagnostic.shape
                    size
                    $"a kernel of {rows}x{columns} cannot pad to the same size"
                    "an even kernel has no middle: write `pad N` or `pad none`"
                |> Error
            else
                kernel layer shape (int filters) (rows, columns) options)
    | _ -> misuse layer layer.Span

/// Flattens the values, if they are not flat already.
let flatten (builder: Builder) (place: Place) span =
    match builder.Shape with
    | Some shape when shape.Length > 1 ->
        builder.Add(
            span,
            builder.Name(place, None, "flatten"),
            Operation.Flatten,
            [ int (Extents.size shape) ]
        )
    | _ -> ()

let private linear (layer: Layer) (words: Phrase) : Made =
    match words with
    | [] -> misuse layer layer.Span
    | units :: rest ->
        both (wholeBetween layer.Scope 1L widest "the number of units" units) (options layer rest)
        |> Result.bind (fun (units, options) ->
            let units = int units
            flatten layer.Builder { layer.Place with InRepeat = false } layer.Span

            match layer.Builder.Shape with
            | None -> Ok None
            | Some shape ->
                weighted
                    layer
                    "linear"
                    options
                    [ units; shape[0] ]
                    (Operation.Linear(units, options.Bias))
                    [ units ])

let private pool (layer: Layer) shape word make (words: Phrase) : Made =
    match words with
    | [] -> misuse layer layer.Span
    | size :: rest ->
        both (wholeBetween layer.Scope 1L 1024L "the size" size) (options layer rest)
        |> Result.bind (fun (size, options) ->
            let size = int size
            let stride = options.Stride |> Option.defaultValue size
            let padding = options.Padding |> Option.defaultValue 0

            if padding > size / 2 then
                Diagnostic.shape layer.Span $"{word} pads by more than half its size" $"at most {size / 2}"
                |> Error
            else
                onMap layer word shape (fun channels whole ->
                    slide layer word (size, size) stride (padding, padding) whole
                    |> Result.map (fun (height, width) ->
                        Some(make (size, stride, padding), [ channels; height; width ]))))

let private dropout (layer: Layer) shape (words: Phrase) : Made =
    match words with
    | [ fraction ] ->
        numberBetween layer.Scope 0m 0.999m "the fraction dropped" fraction
        |> Result.map (fun fraction ->
            // A fraction of 0 means no layer, so that a net can have the fraction as a parameter.
            if fraction = 0m then
                None
            else
                Some(Operation.Dropout(float fraction), List.ofArray shape))
    | _ -> misuse layer layer.Span

/// A norm of each image on its own, over `count` values at a time.
let private norm (layer: Layer) (shape: int[]) count operation : Made =
    if count = 1L then
        Diagnostic.shape
            layer.Span
            "there is one value to normalise, which would always be 0"
            "normalise over more channels or pixels"
        |> Error
    else
        Ok(Some(operation, List.ofArray shape))

let private groupNorm (layer: Layer) (shape: int[]) (words: Phrase) : Made =
    match words with
    | [ groups ] ->
        wholeBetween layer.Scope 1L widest "the number of groups" groups
        |> Result.bind (fun groups ->
            grouped layer (int groups) "channels" shape[0]
            |> Result.bind (fun () ->
                norm layer shape (Extents.size shape / groups) (Operation.GroupNorm(int groups, 1e-5))))
    | _ -> misuse layer layer.Span

let private leakyRelu (layer: Layer) (shape: int[]) (words: Phrase) : Made =
    match words with
    | [] -> Ok 0.01
    | [ slope ] -> numberBetween layer.Scope 0m 1000m "the slope" slope |> Result.map float
    | _ -> Error(Diagnostic.layerArguments layer.Span layer.Usage)
    |> Result.map (fun slope -> Some(Operation.LeakyRelu slope, List.ofArray shape))

let private padChannels (layer: Layer) (shape: int[]) (words: Phrase) : Made =
    match words with
    | [ wanted ] ->
        onMap layer "padchannels" shape (fun channels (height, width) ->
            wholeBetween layer.Scope (int64 channels) widest "the number of channels" wanted
            |> Result.map (fun wanted ->
                // If there are enough channels, no layer is needed.
                if wanted = int64 channels then
                    None
                else
                    Some(Operation.PadChannels(int wanted), [ int wanted; height; width ])))
    | _ -> misuse layer layer.Span

let private make (layer: Layer) (word: string) (shape: int[]) (words: Phrase) : Made =
    /// A layer without options that keeps the shape.
    let plain operation =
        match words with
        | [] -> Ok(Some(operation, List.ofArray shape))
        | extra :: _ -> misuse layer extra.Span

    match word with
    | "conv" -> conv layer shape words
    | "linear" -> linear layer words
    | "maxpool" -> pool layer shape word Operation.MaxPool words
    | "avgpool" -> pool layer shape word Operation.AvgPool words
    | "bn" -> plain (Operation.BatchNorm(1e-5, 0.1))
    | "groupnorm" -> groupNorm layer shape words
    | "layernorm" when words.IsEmpty -> norm layer shape (Extents.size shape) (Operation.LayerNorm 1e-5)
    | "relu" -> plain Operation.Relu
    | "relu6" -> plain Operation.Relu6
    | "leakyrelu" -> leakyRelu layer shape words
    | "gelu" -> plain Operation.Gelu
    | "sigmoid" -> plain Operation.Sigmoid
    | "tanh" -> plain Operation.Tanh
    | "dropout" -> dropout layer shape words
    | "padchannels" -> padChannels layer shape words
    | "globalpool" when words.IsEmpty ->
        onMap layer word shape (fun channels _ -> Ok(Some(Operation.GlobalPool, [ channels ])))
    | "flatten" when words.IsEmpty -> Ok(Some(Operation.Flatten, [ int (Extents.size shape) ]))
    | _ -> misuse layer layer.Span

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

    match builder.Shape |> Option.map (fun shape -> make layer word shape words) with
    | None
    | Some(Ok None) -> ()
    | Some(Ok(Some(operation, shape))) -> builder.Add(span, layer.Name, operation, shape)
    | Some(Error diagnostic) -> builder.Fail diagnostic
