/// The words of the language, in one table each: the checker reads them, and so do messages and documents.
module Freeze.Language.Vocabulary

open Freeze

type Entry =
    {
        Name: string
        /// How it is written.
        Usage: string
        Meaning: string
    }

let private entry name usage meaning =
    {
        Name = name
        Usage = usage
        Meaning = meaning
    }

/// Settings, with their defaults.
let settings =
    [
        entry "data" "data mnist" "the data set; mnist by default"
        entry "images" "images all" "how many training images are used, the first ones; all by default"
        entry
            "validate"
            "validate test"
            "what is judged after each epoch: the test set, or so many images held out"
        entry "net" "net lenet" "the net, of the library or defined in the file; lenet by default"
        entry
            "optimizer"
            "optimizer sgd(lr 0.01, momentum 0.9, decay 0)"
            "how the trained weights are updated"
        entry "batch" "batch 128" "images in one step"
        entry "epochs" "epochs 10" "passes over the training images"
        entry "shuffle" "shuffle on" "whether each epoch has an order of its own, drawn by the seed"
        entry "seed" "seed 1" "what all random numbers follow from"
    ]

let optimizers =
    [
        entry
            "sgd"
            "sgd(lr 0.01, momentum 0.9, decay 0, nesterov off)"
            "stochastic gradient descent, PyTorch's rule"
    ]

/// The layers a net is made of.
let layers =
    [
        entry
            "conv"
            "conv FILTERS ROWSxCOLUMNS [stride N] [pad N | pad none] [no bias]"
            "a convolution; pads to the same size"
        entry "linear" "linear UNITS [no bias]" "a fully connected layer; flattens what comes in"
        entry "bn" "bn" "batch normalisation, eps 1e-5, momentum 0.1"
        entry "relu" "relu" "max(x, 0)"
        entry "maxpool" "maxpool SIZE [stride N] [pad N]" "the greatest of each square; stride SIZE"
        entry "avgpool" "avgpool SIZE [stride N] [pad N]" "the mean of each square; stride SIZE"
        entry "globalpool" "globalpool" "the mean of each channel"
        entry "flatten" "flatten" "all values in one row"
        entry "dropout" "dropout SHARE" "zeroes a share of the values while training"
    ]

/// The kinds of weights that a rule can name.
let kinds = [ "conv"; "linear"; "bn"; "bias" ]

/// Words that cannot name a part of a net, because rules give them a meaning.
let reserved =
    kinds
    @ [ "all"; "rest"; "first"; "last"; "layer"; "layers"; "stage"; "in"; "except" ]

/// What an amount can count: the word, the dimension of a weight, the layers that have it, and whether
/// their biases go with it.
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

/// The dimension of that name; `1 filter` is as good as `1 filters`.
let tryDimension (word: string) =
    dimensions |> List.tryFind (fun d -> d.Word = word || d.Word = word + "s")

let names (entries: Entry list) = entries |> List.map _.Name

let usage (entries: Entry list) name =
    (entries |> List.find (fun e -> e.Name = name)).Usage
