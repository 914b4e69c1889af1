/// The fixed words of statements, rules and nets, as editors offer and explain them. The parser has most of them too; tests keep
/// the two consistent.
module Freeze.Language.Phrases

open Freeze.Language.Vocabulary

/// Statements that begin with a fixed word.
let statements =
    [
        entry "case" "case NAME { … }" "runs of their own, with everything outside the cases"
        entry "let" "let NAME = VALUE" "a value with a name; a list of values means as many runs"
        entry "net" "net NAME(PARAMETERS) { … }" "defines a net"
        entry "import" "import \"FILE\"" "the statements of another file; those of this file win"
        entry "profile" "profile NAME { … }" "settings and lets for `--profile NAME`, above all others"
        entry "ensemble" "ensemble N after N epochs { … }" "N nets from one start, with rules of their own"
        entry
            "stage"
            "stage N { learn …; optimizer …; lr …; lr ~ … }"
            "how a stage is trained, if differently: what it learns, its optimizer, its rate"
        entry
            "expect"
            "expect MEASURE VALUE [on VALUES] [from \"SOURCE\"], or expect MEASURE [from \"SOURCE\"] { on VALUES, VALUES; VALUES: VALUE, - }"
            "a published value, for reports; or a table of them: columns after `on`, then rows"
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

/// What follows the words of a modifier.
[<RequireQualifiedAccess>]
type Operand =
    | Nothing
    | Value
    /// A path in quotes.
    | File

/// What may follow an action; the parser uses this table too.
let modifierTable =
    [
        entry "at random" "at random" "which filters learn: some drawn by the seed, not the first",
        Operand.Nothing
        entry "spread" "spread" "which filters learn: evenly spread, not the first", Operand.Nothing
        entry "largest" "largest" "which filters learn: those of the largest norm at the start",
        Operand.Nothing
        entry "at least" "at least 1" "no fewer, however small the fraction", Operand.Value
        entry "init" "init SCHEME" "where these weights start", Operand.Value
        entry "init from" "init from \"FILE\"" "where these weights start: a safetensors file", Operand.File
        entry "lr" "lr 0.1x" "a learning rate of their own: a number, or a factor of the optimizer's",
        Operand.Value
        entry "decay" "decay 0" "a weight decay of their own: a number, or a factor of the optimizer's",
        Operand.Value
        entry "from epoch" "from epoch 5" "they learn from this epoch on", Operand.Value
        entry "until epoch" "until epoch 10" "they learn up to this epoch", Operand.Value
        entry "stats frozen" "stats frozen" "batch norms normalise by their running statistics",
        Operand.Nothing
        entry "ridge" "ridge 1e-3" "the penalty of `solve`", Operand.Value
    ]

let modifiers = modifierTable |> List.map fst

/// The words that may begin a selector, apart from part names.
let selectors =
    [
        entry "all" "all" "every weight"
        entry "rest" "rest" "every weight that no other rule names"
        entry "conv" "conv" "convolutions"
        entry "linear" "linear" "fully connected layers"
        entry "bn" "bn" "batch norms"
        entry "norm" "norm" "norms of every kind: bn, groupnorm, layernorm"
        entry "bias" "bias" "biases of convolutions and linear layers"
        entry "each" "each layer i" "every layer, with its place in the rule: `lr 0.1 * 0.8^i`"
        entry "first" "first 2 layers" "the first layers, in forward order"
        entry "last" "last layer" "the last layer, or `last 2 layers`"
        entry "layer" "layer 2" "one layer, counted from 1"
        entry "layers" "layers 2..4" "layers counted from 1"
        entry "stage" "stage 2" "a stage of the net"
    ]

/// Words that cannot name a part of a net, because rules give them a meaning.
let reserved = (names selectors |> List.except [ "each" ]) @ [ "in"; "except" ]

/// The constructs of a net apart from layers.
let structures =
    [
        entry "let" "let NAME = VALUE" "a value with a name, known after it"
        entry "block" "block NAME(PARAMETERS) { … }" "defines a block, used like a layer"
        entry "repeat" "repeat N { … }" "the same parts N times; `repeat i in 1..3 { … }` counts"
        entry "residual" "residual { … } [shortcut { … }]" "the sum of the body's output and its input"
        entry
            "shortcut"
            "shortcut [from PART] { … }"
            "what the input of a residual goes through, if shapes differ"
        entry "dense" "dense { … }" "the channels of the body's input, then those of its output"
        entry "stage" "stage 1 { … }" "a part that can learn on its own"
        entry
            "names"
            "names PUBLISHERS { PARTS: \"NAME\" }"
            "what layers are called in the files of weights of these publishers, such as `block*.unit*: \"layer*.(*-1)\"`"
        entry "end" "end stage 1" "the parts since the previous stage are a stage; they keep their names"
    ]

/// Constructs that may have a label.
let labelled = [ "repeat"; "residual"; "dense" ]

/// The names of image sizes inside a net.
let sizes =
    [
        entry "classes" "classes" "outputs that the data need"
        entry "channels" "channels" "channels at this place"
        entry "height" "height" "rows at this place"
        entry "width" "width" "columns at this place"
    ]

/// The number of layers, which a rule for `each layer` can use besides the position.
let layerCount =
    entry "layers" "layers" "the number of layers of the net, in a rule for `each layer`"
