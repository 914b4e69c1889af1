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

/// Settings, as their defaults are written.
let settings =
    [
        entry "data" "data mnist" "the data set"
        entry "images" "images all" "how many training images are used, the first ones; all by default"
        entry
            "validate"
            "validate test"
            "what is judged after each epoch: the test set, or so many training images held out"
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
        entry
            "loss"
            "loss cross-entropy"
            "what is made small; cross-entropy(smoothing 0.1) smooths the labels"
        entry "learn" "learn together" "all stages of a net at once, or stage by stage"
        entry
            "search"
            "search random 10 by validation accuracy"
            "how many draws are tried, of whole runs or per stage"
        entry "shuffle" "shuffle on" "whether each epoch has an order of its own, drawn by the seed"
        entry "precision" "precision fp32" "of the arithmetic: fp32, bf16 (with fp32 weights) or fp64"
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

// What an editor offers and explains beside the tables above ---------------------------------------------------

/// The statements that begin with a word of their own.
let statements =
    [
        entry "case" "case NAME { … }" "runs of their own, with all that stands outside of cases"
        entry "let" "let NAME = VALUE" "a value with a name; a list of values means as many runs"
        entry "net" "net NAME(PARAMETERS) { … }" "defines a net"
        entry "import" "import \"FILE\"" "the statements of another file; what stands here wins"
        entry "profile" "profile NAME { … }" "settings and lets for `--profile NAME`, above all others"
        entry
            "ensemble"
            "ensemble N after N epochs { … }"
            "so many nets from one beginning, with rules of their own"
        entry "expect" "expect MEASURE VALUE [on VALUES] [from \"SOURCE\"]" "a published value, for reports"
        entry "report" "report { … }" "tables and plots of the results"
    ]

/// What a rule can do to weights.
let actions =
    [
        entry "train" "train [AMOUNT] [MODIFIERS]" "the weights learn, or a part of each: `train 0.4 filters`"
        entry "fixed" "fixed [MODIFIERS]" "the weights stay at their start, bit for bit"
        entry "zero" "zero" "the weights are exactly 0"
        entry "solve" "solve [ridge NUMBER]" "the last layer by least squares, in closed form"
    ]

/// What may follow an action.
let modifiers =
    [
        entry "at random" "at random" "which filters learn: some drawn by the seed, not the first"
        entry "spread" "spread" "which filters learn: evenly spread, not the first"
        entry "largest" "largest" "which filters learn: those of the largest norm at the start"
        entry "at least" "at least 1" "no fewer, however small the share"
        entry "init" "init SCHEME" "where these weights start"
        entry "init from" "init from \"FILE\"" "where these weights start: a safetensors file"
        entry "lr" "lr 0.1x" "a learning rate of their own: a number, or a factor of the optimizer's"
        entry "decay" "decay 0" "a weight decay of their own: a number, or a factor of the optimizer's"
        entry "from epoch" "from epoch 5" "they learn from this epoch on"
        entry "until epoch" "until epoch 10" "they learn up to this epoch"
        entry "stats frozen" "stats frozen" "batch norms normalise by their running statistics"
        entry "ridge" "ridge 1e-3" "the penalty of `solve`"
    ]

/// The words that a selector may begin with, beside names of parts.
let selectors =
    [
        entry "all" "all" "every weight"
        entry "rest" "rest" "every weight that no other rule names"
        entry "conv" "conv" "convolutions"
        entry "linear" "linear" "fully connected layers"
        entry "bn" "bn" "batch norms"
        entry "bias" "bias" "biases of convolutions and linear layers"
        entry "first" "first 2 layers" "the first layers, in forward order"
        entry "last" "last layer" "the last layer, or `last 2 layers`"
        entry "layer" "layer 2" "one layer, counted from 1"
        entry "layers" "layers 2..4" "layers counted from 1"
        entry "stage" "stage 2" "a stage of the net"
    ]

/// What stands in a net beside layers.
let structures =
    [
        entry "let" "let NAME = VALUE" "a value with a name, known behind it"
        entry "block" "block NAME(PARAMETERS) { … }" "defines a block, used like a layer"
        entry "repeat" "repeat N { … }" "the same so many times; `repeat i in 1..3 { … }` counts"
        entry "residual" "residual { … } [shortcut { … }]" "the sum of the body's output and its input"
        entry
            "shortcut"
            "shortcut [from PART] { … }"
            "what the input of a residual goes through, where shapes differ"
        entry "dense" "dense { … }" "the body's input with its output behind it, channel by channel"
        entry "stage" "stage 1 { … }" "a part that can learn on its own"
    ]

/// What the sizes of images are called inside a net.
let sizes =
    [
        entry "classes" "classes" "outputs that the data need"
        entry "channels" "channels" "channels at this place"
        entry "height" "height" "rows at this place"
        entry "width" "width" "columns at this place"
    ]

/// The values of settings that have words for them, as they are written; data sets, nets, optimizers and schemes have
/// tables of their own.
let values: (string * Entry list) list =
    [
        "images", [ entry "all" "all" "all training images" ]
        "validate",
        [
            entry "test" "test" "the test set"
            entry "5000" "5000" "so many training images held out"
        ]
        "augment",
        [
            entry "none" "none" "images as they are"
            entry "crop" "crop(4)" "zeros around the image, then a window at a random place"
            entry "flip" "flip" "left and right change places in half of the images"
        ]
        "init", [ entry "net" "net" "the net's own schemes" ]
        "schedule",
        [
            entry "constant" "constant" "the learning rate stays"
            entry "step" "step([60, 120], 0.2x)" "after these epochs it is multiplied"
            entry "cosine" "cosine" "half a cosine down to 0"
        ]
        "loss",
        [
            entry "cross-entropy" "cross-entropy" "of the softmax"
            entry "cross-entropy(smoothing 0.1)" "cross-entropy(smoothing 0.1)" "with smoothed labels"
        ]
        "learn",
        [
            entry "together" "together" "all weights at once"
            entry "stage by stage" "stage by stage" "each stage behind a temporary classifier, then fixed"
        ]
        "search",
        [
            entry "random" "random 10 by validation accuracy" "so many draws of whole runs"
            entry
                "random per stage"
                "random 10 per stage by validation accuracy"
                "so many draws for each stage"
        ]
        "shuffle",
        [
            entry "on" "on" "a new order each epoch"
            entry "off" "off" "the order of the files"
        ]
        "precision",
        [
            entry "fp32" "fp32" "single"
            entry "bf16" "bf16" "activations in bfloat16, weights in single"
            entry "fp64" "fp64" "double"
        ]
        "device",
        [
            entry "auto" "auto" "a GPU where there is one"
            entry "cpu" "cpu" "the processor"
            entry "cuda" "cuda" "a GPU"
        ]
        "limit", [ entry "runs" "runs 10000" "the greatest number of runs" ]
    ]

let tryEntry (entries: Entry list) name =
    entries |> List.tryFind (fun entry -> entry.Name = name)
