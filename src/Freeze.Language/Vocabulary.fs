/// The words of the language, one table each, used by the checker, messages and documents.
module Freeze.Language.Vocabulary

open System.Text.RegularExpressions
open Freeze

type Entry =
    {
        Name: string
        /// How it is written.
        Usage: string
        Meaning: string
        /// The named parameters in its brackets: `scale`, `ratio`.
        Parameters: string list
    }

let entry name usage meaning =
    {
        Name = name
        Usage = usage
        Meaning = meaning
        Parameters = []
    }

/// Functions of numbers, with their number of arguments.
let functions =
    [
        "exp", 1
        "log", 1
        "log10", 1
        "sqrt", 1
        "floor", 1
        "ceil", 1
        "abs", 1
        "min", 2
        "max", 2
    ]

/// The distributions that `~` may draw from.
let draws =
    [
        entry "normal" "normal(MEAN, DEVIATION)" "normal"
        entry "uniform" "uniform(LEAST, MOST)" "uniform between the two"
        entry "log-uniform" "log-uniform(LEAST, MOST)" "uniform between their logarithms"
        entry "choice" "choice(A, B, …)" "one of the values"
    ]

/// What a report can show.
let measures =
    [
        "accuracy"
        "best accuracy"
        "training accuracy"
        "validation accuracy"
        "test accuracy"
        "best test accuracy"
        "error"
        "training error"
        "validation error"
        "test error"
        "best test error"
        "loss"
        "training loss"
        "validation loss"
        "test loss"
        "trained parameters"
        "total parameters"
        "seconds"
        "seconds per epoch"
        "peak memory"
        "mean accuracy"
        "best member accuracy"
        "member spread"
        "ensemble accuracy"
        "disagreement"
        "stage lr"
        "stage decay"
        "stage accuracy"
        "mean |w|"
        "variance"
        "norm"
    ]

/// Whether a report can show a measure: one of these, or one with a number in it, `accuracy at epoch 3`, `epochs to 98%` or `lr
/// of stage 3`.
let isMeasure (name: string) =
    let ofEpoch =
        @"\A((training |validation )?(accuracy|error|loss)) at epoch [1-9][0-9]{0,5}\z"

    let reached = @"\Aepochs to [0-9]{1,3}(\.[0-9]{1,9})?%\z"

    let ofStage = @"\A(lr|decay|accuracy) of stage [1-9][0-9]{0,3}\z"

    List.contains name measures
    || Regex.IsMatch(name, ofEpoch)
    || Regex.IsMatch(name, ofStage)
    || Regex.IsMatch(name, reached)

/// Whether two measures are of the same kind, so that they can be compared.
let areComparable (a: string) (b: string) : bool =
    let kind (name: string) =
        match name.Split(" at epoch ")[0] with
        | "disagreement" -> "accuracy"
        | name when name.StartsWith "seconds" -> "seconds"
        | name when name.Contains " of stage " -> name.Split(' ')[0]
        | name ->
            match Array.last (name.Split ' ') with
            | "error" -> "accuracy"
            | last -> last

    kind a = kind b

/// The kinds of report lines.
let reports =
    [
        entry "table" "table MEASURES by AXES" "a row for each combination of the axes"
        entry
            "plot"
            "plot MEASURES [by epoch | against MEASURE [(log)] | against AXIS [(log)]] [for AXES] [, fit log]"
            "a curve over epochs, points over a measure, or lines over an axis, for each combination of the axes"
        entry "weights" "weights MEASURES by layer" "statistics of the weights"
        entry "tsne" "tsne [last stage | stage N] [, N samples]" "a map of a stage's features"
        entry
            "claim"
            "claim MEASURE on VALUES (> | < | within N of) VALUES, or claim MEASURE (> | < | within N of) MEASURE [on VALUES], or claim MEASURE (rises | falls) with MEASURE [(log)] [for AXES]"
            "a statement that the results confirm or refute"
    ]

/// A kind of layer.
type Layer =
    {
        Entry: Entry
        /// What may follow its sizes: the words of each option, and its argument.
        Options: (string * string) list
    }

/// All kinds of layers.
let layerTable =
    let layer name sizes options meaning =
        let optional =
            options
            |> List.map (List.map (fun (words, takes) -> $"{words} {takes}".Trim()))
            |> List.map (fun several -> "[" + String.concat " | " several + "]")

        {
            Entry = entry name (String.concat " " (name :: sizes @ optional)) meaning
            Options = List.concat options
        }

    let stride, bias, init = [ "stride", "N" ], [ "no bias", "" ], [ "init", "SCHEME" ]

    [
        layer
            "conv"
            [ "FILTERS"; "ROWSxCOLUMNS" ]
            [
                stride
                [ "pad", "N"; "pad none", "" ]
                [ "groups", "N" ]
                [ "dilation", "N" ]
                bias
                init
            ]
            "a convolution; pads to the same size"
        layer "linear" [ "UNITS" ] [ bias; init ] "a fully connected layer; flattens its input"
        layer "bn" [] [] "batch normalisation, eps 1e-5, momentum 0.1"
        layer
            "groupnorm"
            [ "GROUPS" ]
            []
            "normalises each image over groups of its channels, eps 1e-5; a scale and a shift for each channel"
        layer
            "layernorm"
            []
            []
            "normalises each image over all its values, eps 1e-5; a scale and a shift for each value"
        layer "relu" [] [] "max(x, 0)"
        layer "relu6" [] [] "min(max(x, 0), 6)"
        layer "leakyrelu" [ "[SLOPE]" ] [] "x, or SLOPE times x if x is below 0; 0.01 by default"
        layer "gelu" [] [] "x times the normal distribution function of x"
        layer "sigmoid" [] [] "1 / (1 + exp(-x))"
        layer "tanh" [] [] "the hyperbolic tangent"
        layer "maxpool" [ "SIZE" ] [ stride; [ "pad", "N" ] ] "the greatest of each square; stride SIZE"
        layer "avgpool" [ "SIZE" ] [ stride; [ "pad", "N" ] ] "the mean of each square; stride SIZE"
        layer "globalpool" [] [] "the mean of each channel"
        layer "padchannels" [ "CHANNELS" ] [] "appends channels of zeros up to the given number"
        layer "flatten" [] [] "all values in one row"
        layer "dropout" [ "FRACTION" ] [] "zeroes a fraction of the values while training"
        layer "init" [ "conv|linear|bias"; "SCHEME" ] [] "no layer: sets how the layers after it start"
    ]

let layers = layerTable |> List.map _.Entry

/// What an amount can count: the word, the dimension of a weight, the layers that have it, and whether their biases are included.
type Dimension =
    {
        Word: string
        Index: int
        Kind: LayerKind
        TakesBias: bool
    }

let dimensions =
    let dimension word index kind takesBias =
        {
            Word = word
            Index = index
            Kind = kind
            TakesBias = takesBias
        }

    [
        dimension "filters" 0 LayerKind.Conv true
        dimension "inputs" 1 LayerKind.Conv false
        dimension "rows" 2 LayerKind.Conv false
        dimension "columns" 3 LayerKind.Conv false
        dimension "units" 0 LayerKind.Linear true
    ]

/// The dimension with that name, singular or plural: `1 filter` equals `1 filters`.
let tryDimension (word: string) =
    dimensions |> List.tryFind (fun d -> d.Word = word || d.Word = word + "s")

/// The units of amounts, singular and plural: `1 filter`, `5 filters`.
let units =
    dimensions
    |> List.collect (fun dimension ->
        let one = dimension.Word.TrimEnd 's'
        let meaning = $"counts {dimension.Word} of {LayerKind.name dimension.Kind} layers"

        [
            entry dimension.Word $"5 {dimension.Word}" meaning
            entry one $"1 {one}" meaning
        ])

let names (entries: Entry list) = entries |> List.map _.Name

let usage (entries: Entry list) name =
    (entries |> List.find (fun e -> e.Name = name)).Usage

let tryEntry (entries: Entry list) name =
    entries |> List.tryFind (fun entry -> entry.Name = name)
