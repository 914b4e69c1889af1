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

let entry name usage meaning =
    {
        Name = name
        Usage = usage
        Meaning = meaning
    }

/// Settings, as their defaults are written.
let settings =
    [
        entry "data" "data mnist" "the data set, or a folder of images: folder(\"photos\", size 64)"
        entry "images" "images all" "how many training images are used, the first ones; all by default"
        entry
            "validate"
            "validate test"
            "what is judged after each epoch: the test set, or so many training images held out"
        entry
            "normalise"
            "normalise own"
            "how pixels become inputs: by the set's own mean and deviation, by([MEANS], [DEVIATIONS]), cifar, imagenet, mean-image"
        entry "augment" "augment none" "how training images vary: crop(PIXELS), flip"
        entry "net" "net lenet" "the net, of the library or defined in the file"
        entry "classes" "classes 10" "outputs of the net; by default as many as the data have classes"
        entry "init" "init net" "where weights start: the net's own scheme, or one for all"
        entry "optimizer" "optimizer sgd(lr 0.01, momentum 0.9)" "how the trained weights are updated"
        entry "lr" "lr 0.01" "the optimizer's learning rate, where its brackets do not say it"
        entry "momentum" "momentum 0.9" "the optimizer's momentum, where its brackets do not say it"
        entry "decay" "decay 0" "the optimizer's weight decay, where its brackets do not say it"
        entry "schedule" "schedule constant" "how the learning rate changes: step([60, 120], 0.2x), cosine"
        entry "warmup" "warmup 0 epochs" "epochs in which the learning rate rises from 0"
        entry "batch" "batch 128" "images in one step"
        entry "epochs" "epochs 10" "passes over the training images"
        entry "stop" "stop none" "what ends a run early: plateau(EPOCHS), accuracy(SHARE)"
        entry
            "loss"
            "loss cross-entropy"
            "what is made small; cross-entropy(smoothing 0.1) smooths the labels"
        entry "learn" "learn together" "all stages of a net at once, or stage by stage"
        entry
            "search"
            "search random 10 by validation accuracy"
            "which draws are tried: random 10, grid or halving 27, of whole runs or per stage"
        entry "shuffle" "shuffle on" "whether each epoch has an order of its own, drawn by the seed"
        entry
            "precision"
            "precision fp32"
            "of the arithmetic: fp32, tf32 (on a GPU), bf16 (with fp32 weights) or fp64"
        entry "device" "device auto" "what computes: cpu, cuda, or a GPU where there is one"
        entry "limit" "limit runs 10000" "the greatest number of runs that the file may mean"
        entry "seed" "seed 1" "what all random numbers follow from"
    ]

/// Optimizers; their parameters stand in `parameters`.
let optimizers =
    [
        entry
            "sgd"
            "sgd(lr 0.01, momentum 0.9, decay 0, nesterov off)"
            "stochastic gradient descent, PyTorch's rule"
        entry "adam" "adam(lr 1e-3, beta1 0.9, beta2 0.999, eps 1e-8, decay 0)" "Kingma and Ba 2014"
        entry
            "adamw"
            "adamw(lr 1e-3, beta1 0.9, beta2 0.999, eps 1e-8, decay 0.01)"
            "Adam with decay apart from the gradient (Loshchilov and Hutter 2017)"
        entry "rmsprop" "rmsprop(lr 0.01, alpha 0.99, eps 1e-8, momentum 0, decay 0)" "PyTorch's RMSprop"
        entry
            "yellowfin"
            "yellowfin(lr 0.1, momentum 0, window 20, clip 0, decay 0)"
            "learning rate and momentum tuned on the run (Zhang and Mitliagkas 2017)"
    ]

/// Schemes of initialisation.
let inits =
    [
        entry "torch" "torch" "uniform within 1/sqrt(fan-in), PyTorch's default"
        entry "he" "he" "normal, deviation sqrt(2/fan-out)"
        entry "xavier" "xavier" "uniform within sqrt(6/(fan-in + fan-out))"
        entry "lecun" "lecun" "normal, deviation 1/sqrt(fan-in)"
        entry "normal" "normal(0.01)" "normal, of that deviation"
        entry "uniform" "uniform(0.05)" "uniform within plus and minus that"
        entry "orthogonal" "orthogonal" "orthonormal rows or columns (Saxe et al. 2013)"
        entry "hadamard" "hadamard" "rows of a Hadamard matrix with random signs"
        entry "zero" "zero" "all 0"
    ]

/// Functions of numbers: how many they take.
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

/// What `~` may draw from.
let draws =
    [
        entry "normal" "normal(MEAN, DEVIATION)" "normal"
        entry "uniform" "uniform(LEAST, MOST)" "even between the two"
        entry "log-uniform" "log-uniform(LEAST, MOST)" "even between their logarithms"
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
        "error"
        "training error"
        "validation error"
        "test error"
        "loss"
        "training loss"
        "validation loss"
        "test loss"
        "trained parameters"
        "total parameters"
        "seconds"
        "seconds per epoch"
        "mean accuracy"
        "ensemble accuracy"
        "disagreement"
        "stage lr"
        "stage decay"
        "mean |w|"
        "variance"
        "norm"
    ]

/// The kinds of report lines.
let reports =
    [
        entry "table" "table MEASURES by AXES" "a row for each combination of the axes"
        entry
            "plot"
            "plot MEASURES [by epoch | against MEASURE [(log)]] [for AXES] [, fit log]"
            "a curve for each combination of the axes"
        entry "weights" "weights MEASURES by layer" "statistics of the weights"
        entry "tsne" "tsne [last stage | stage N] [, N samples]" "a map of a stage's features"
        entry
            "claim"
            "claim MEASURE on VALUES (> | < | within N of) VALUES, or claim MEASURE (rises | falls) with MEASURE [(log)] [for AXES]"
            "a statement that the results bear out or not"
    ]

/// The layers a net is made of.
let layers =
    [
        entry
            "conv"
            "conv FILTERS ROWSxCOLUMNS [stride N] [pad N | pad none] [no bias] [init SCHEME]"
            "a convolution; pads to the same size"
        entry
            "linear"
            "linear UNITS [no bias] [init SCHEME]"
            "a fully connected layer; flattens what comes in"
        entry "bn" "bn" "batch normalisation, eps 1e-5, momentum 0.1"
        entry "relu" "relu" "max(x, 0)"
        entry "maxpool" "maxpool SIZE [stride N] [pad N]" "the greatest of each square; stride SIZE"
        entry "avgpool" "avgpool SIZE [stride N] [pad N]" "the mean of each square; stride SIZE"
        entry "globalpool" "globalpool" "the mean of each channel"
        entry "flatten" "flatten" "all values in one row"
        entry "dropout" "dropout SHARE" "zeroes a share of the values while training"
        entry "init" "init conv|linear|bias SCHEME" "no layer: where those after it start"
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

let tryEntry (entries: Entry list) name =
    entries |> List.tryFind (fun entry -> entry.Name = name)
