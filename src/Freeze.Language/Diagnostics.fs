namespace Freeze.Language

[<RequireQualifiedAccess>]
type Severity =
    | Error
    | Warning
    /// Not an error, but worth knowing.
    | Note

/// A message about a place: Message says what is wrong, Label (under the place) what to write instead.
type Diagnostic =
    {
        Code: string
        Severity: Severity
        Span: Span
        Message: string
        Label: string
        /// Other relevant spans, such as the earlier of two settings.
        Notes: (Span * string) list
        /// The text that may have been meant.
        Meant: string option
    }

/// Every message of the language, one function each. docs/errors.md explains each code.
[<RequireQualifiedAccess>]
module Diagnostic =
    let private make severity code span message =
        {
            Code = code
            Severity = severity
            Span = span
            Message = message
            Label = ""
            Notes = []
            Meant = None
        }

    let private error = make Severity.Error
    let private warning = make Severity.Warning
    let private note = make Severity.Note

    /// What to write instead.
    let private hint label diagnostic = { diagnostic with Label = label }

    /// Another relevant place.
    let private noting place note diagnostic =
        { diagnostic with
            Notes = [ place, note ]
        }

    /// Adds the text that may have been meant.
    let private meaning meant diagnostic = { diagnostic with Meant = meant }

    /// An error about an unknown name, with the nearest known names.
    let private unknown code span message name (known: string list) =
        let near = Suggest.nearest known name

        error code span message
        |> hint (
            match near with
            | _ when known.IsEmpty -> "there is none"
            | Some near -> $"did you mean `{near}`?"
            | None -> "known: " + Suggest.list "and" 12 known
        )
        |> meaning near

    let isError (diagnostic: Diagnostic) = diagnostic.Severity = Severity.Error

    /// Keeps a success and reports an error.
    let keep (report: Diagnostic -> unit) result =
        match result with
        | Result.Ok value -> Some value
        | Result.Error diagnostic ->
            report diagnostic
            None

    // Reading

    let unreadable reason =
        error "FRZ001" Span.Nowhere $"the file cannot be read: {reason}"

    /// What was expected; if the text looks like another language, also what Freeze writes instead.
    let syntax span expected (foreign: string, meant) =
        { error "FRZ002" span $"syntax error: {expected}" with
            Label = foreign
            Meant = meant
        }

    // Names

    let unknownSetting span name known =
        let diagnostic = unknown "FRZ010" span $"unknown setting `{name}`" name known

        match Foreign.statement name with
        | Some told ->
            { diagnostic with
                Label = told
                Meant = None
            }
        | None -> diagnostic

    let setTwice span name first =
        error "FRZ011" span $"`{name}` is set twice"
        |> hint "keep one of the two"
        |> noting first "first set here"

    let unknownSelector span name (net: string) (parts: string list) =
        let meant = Suggest.nearest parts name

        let near =
            match meant with
            | Some near -> $"did you mean `{near}`? "
            | None -> ""

        error "FRZ012" span $"unknown selector `{name}`"
        |> hint (near + $"net {net} has " + Suggest.list "and" 12 parts)
        |> meaning meant

    let unknownWord span what name known =
        unknown "FRZ013" span $"unknown {what} `{name}`" name known

    let unknownName span (name: string) (known: string seq) =
        let label, meant =
            match Suggest.nearest known name with
            | _ when known |> Seq.exists (fun k -> name.StartsWith(k + "-")) ->
                "if it is a subtraction, put spaces around the minus", None
            | Some near -> $"did you mean `{near}`?", Some near
            | None -> $"`let {name} = …` would define it", None

        error "FRZ014" span $"unknown name `{name}`" |> hint label |> meaning meant

    let definedTwice span what name first =
        error "FRZ015" span $"{what} `{name}` is defined twice"
        |> hint "give one of the two another name"
        |> noting first "first defined here"

    let reservedName span name =
        error "FRZ016" span $"`{name}` is a reserved word and cannot name a part"
        |> hint $"choose another, such as `{name}1`"

    let nameTaken span name =
        error "FRZ015" span $"a part `{name}` is defined twice"
        |> hint "a part without a label has this name: give it a label, or choose another name here"

    let letOfMeaning span name =
        error "FRZ016" span $"`{name}` already has a meaning"
        |> hint $"choose another name, such as `{name}1`"

    let misplaced span what where =
        error "FRZ017" span $"{what} cannot stand {where}"

    let nestedCase span =
        misplaced span "a case" "inside a case: write the cases side by side"

    let nestedNet span =
        misplaced span "a net" "inside a case: define it outside and name it here"

    let restStandsAlone span =
        misplaced span "`rest`" "with other selectors: it has a rule of its own"

    let amountOfStill span =
        misplaced span "an amount" "after fixed or zero: give it to `train`, and let `rest` decide the others"

    let amountOfRest span =
        misplaced span "an amount" "after `rest`: write train, fixed or zero"

    let refersToItself span name =
        misplaced span $"`{name}`" "in its own definition"

    let initOfMember span =
        misplaced span "`init`" "inside an ensemble: members start from the net before them"

    let cannotImport span (path: string) (reason: string) =
        error "FRZ018" span $"`{path}` cannot be imported: {reason}"

    let unknownProfile span (name: string) (known: string list) =
        let has =
            if known.IsEmpty then
                "the file has none"
            else
                "it has " + Suggest.list "and" 12 known

        error "FRZ019" span $"this file has no profile `{name}`" |> hint has

    let ensembleByStages span =
        misplaced span "an ensemble" "with `learn stage by stage`"

    let bestOfSeveral span =
        misplaced
            span
            "`keep best`"
            "with `learn stage by stage` or an ensemble, whose trainings continue from the last weights"

    let stageWithoutStages span =
        misplaced span "a stage" "without `learn stage by stage`"

    let nothingStaged span (net: string) =
        error "FRZ028" span $"net {net} cannot be trained stage by stage"
        |> hint "it needs `stage 1 { … }` and so on, then one linear layer"

    // Values

    let wrongValue span expected =
        error "FRZ020" span "this value does not fit" |> hint $"expected {expected}"

    let outOfRange span what range =
        error "FRZ021" span $"{what} is out of range" |> hint $"expected {range}"

    let turnsNotWhole span (turns: string) (value: decimal) (lets: (string * string) list) =
        let computed =
            lets
            |> List.map (fun (name, text) -> $", where `{name}` is `{text}`")
            |> String.concat ""

        wrongValue span $"a whole number of turns: `{turns}` is {System.Math.Round(value, 4)}{computed}"

    let unknownParameter span callee name known =
        unknown "FRZ022" span $"`{callee}` has no parameter `{name}`" name known

    let emptyList span =
        error "FRZ023" span "an empty list means no run"
        |> hint "name at least one value"

    let emptyRange span (first: int64) (last: int64) =
        error "FRZ023" span $"the range %d{first}..%d{last} holds nothing"
        |> hint "the first number comes first"

    let divisionByZero span = error "FRZ024" span "division by zero"

    let tooManyRuns span (count: string) (limit: int64) =
        error "FRZ025" span $"this file means {count} runs"
        |> hint $"at most %d{limit}: shorten a list, or write `limit runs N`"

    let tooManyWeights span (limit: int64) =
        error "FRZ025" span $"the runs of this file have more than %d{limit} weights in all"
        |> hint "shorten a list, or the net"

    let tooManyStatements span limit =
        error "FRZ029" span "this file has too many statements"
        |> hint $"at most %d{limit}, including nested ones"

    let drawOutside span (name: string) =
        error "FRZ026" span $"`{name}` draws, and nothing is drawn here"
        |> hint $"write `name ~ {name}(…)`, with a `search`"

    let searchWithoutDraw span =
        error "FRZ027" span "this search has nothing to draw"
        |> hint "say what, such as `lr ~ 1e-3 * 10^normal(0, 1)`"

    let searchOfNoStages span =
        error "FRZ027" span "a search per stage without stages"
        |> hint "write `learn stage by stage`, or leave out `per stage`"

    let drawOfStage span (name: string) =
        error "FRZ027" span $"`{name}` is drawn per stage but is not a setting of the optimizer"
        |> hint "per stage lr, momentum and decay can be drawn"

    let drawOfOneStage span =
        error "FRZ027" span "a draw of one stage, and a search of whole runs"
        |> hint "write `search random 10 per stage`"

    let drawWithoutSearch span =
        error "FRZ027" span "a draw without a search"
        |> hint "say how many: `search random 10 by validation accuracy`"

    // Rules

    let noSuchDimension span dimension (selector: string) =
        error "FRZ030" span $"nothing selected by `{selector}` has {dimension}"
        |> hint "conv has filters, inputs, rows and columns; linear has units"

    let moreThanThereAre span weight dimension count =
        error "FRZ031" span $"{weight} has %d{count} {dimension}"
        |> hint "ask for as many or fewer"

    let layerOutOfRange span asked count =
        error "FRZ032" span $"there is no layer %d{asked}"
        |> hint $"the net has layers 1 to %d{count}"

    let stageOutOfRange span (net: string) count =
        let has = if count = 0 then "no stages" else $"stages 1 to %d{count}"
        error "FRZ033" span "there is no such stage" |> hint $"net {net} has {has}"

    let modifierTwice span first =
        error "FRZ034" span "duplicate modifier"
        |> hint "keep one of the two"
        |> noting first "first given here"

    let misfit span (what: string) (action: string) =
        error "FRZ035" span $"%s{what} does not go with `%s{action}`"

    let statsWithoutBn span =
        error "FRZ036" span "only batch norms have running statistics"
        |> hint "select `bn`, or parts that contain some"

    let solveNotLast span =
        error "FRZ037" span "only the whole last linear layer can be solved for"
        |> hint "select it by its name, such as `fc`"

    let solveNotAlone span (learning: string) =
        error "FRZ037" span $"solving needs fixed features, but {learning} learns"
        |> hint "make all other weights `fixed` or `zero`"

    let learnsInSolvedStage span (layer: string) =
        error "FRZ037" span $"this rule decides {layer}, whose stage is solved for"
        |> hint "leave the stage out of the rule: `except stage 1`, `except classifier`"

    let rateOfSolvedStage span (name: string) =
        error "FRZ037" span $"`{name}` has no effect: this stage is solved for"
        |> hint "leave it out: least squares have no steps"

    let notSafetensors span reason =
        error "FRZ038" span $"these weights cannot be used: {reason}"

    let weightsUnfit span reason =
        notSafetensors span reason
        |> hint "take a file of the same net, or another start for these layers"

    let headByItself span (layer: string) (found: int64) (wanted: int) (other: string option) =
        let has =
            match found, other with
            | 0L, Some other -> $"the file has none of this name; its {other} may be one"
            | 0L, None -> "the file has none"
            | _ -> $"the file's has %d{found} units, but the net's has %d{wanted}"

        note "FRZ130" span $"{layer} starts by its own scheme: {has}"
        |> hint $"add `{layer}: train init torch` after it to silence this note"

    let leftOver span (names: string list) =
        let what =
            match names with
            | [ one ] -> $"the file holds {one}, for which the net has no place"
            | several ->
                $"""the file holds {several.Length} tensors for which the net has no place: {Suggest.list "and" 6 several}"""

        note "FRZ131" span what |> hint "they are ignored"

    let lastBatchOfOne span (batch: int) (images: int) (norm: string) =
        error
            "FRZ021"
            span
            $"batches of %d{batch} of %d{images} images leave a last one of one image, in which {norm} has one value to normalise"
        |> hint "write `drop last`, or choose another `batch` or number of `images`"

    let noWholeBatch span (batch: int) (images: int) =
        error "FRZ021" span $"no batch of %d{batch} images is complete: a run trains on %d{images}"
        |> hint "choose a smaller `batch`"

    let cropBeyond span (padding: int) (image: int[]) =
        error
            "FRZ021"
            span
            $"crop(%d{padding}) pads images of %d{image[1]}x%d{image[2]} by %d{padding} on each side"
        |> hint "the number is the padding, not the size: `crop(4)` is common"

    // Other runs

    let nothingToStartFrom span reason =
        error "FRZ050" span $"there is no run to start from: {reason}"

    let severalToStartFrom span (source: string) count axes =
        nothingToStartFrom span $"%d{count} runs of {source} could be meant"
        |> hint (
            match axes with
            | [] -> "give each its own case, and name one"
            | [ "seed" ] -> "set `seed` outside of the cases: a run starts from the one with its own seed"
            | axes -> $"""say which: `on` and a value of {Suggest.list "and" 4 axes}"""
        )

    let startsFromItself span (name: string) (through: string list) =
        let through =
            match through with
            | [] -> ""
            | names -> ", through " + Suggest.list "and" 4 names

        error "FRZ051" span $"{name} would start from itself{through}"
        |> hint "`start random` lets a case start on its own"

    let unfitToStartFrom span (name: string) (layers: (string * string) list) =
        let names = layers |> List.map fst |> Suggest.list "and" 4

        error "FRZ052" span $"{names} cannot start from {name}: {snd layers.Head}"
        |> hint $"a rule lets a layer start on its own: `{fst layers.Head}: train init torch`"

    let notImages span reason =
        error "FRZ049" span $"these images cannot be used: {reason}"

    // Nets

    let unknownLayer span name known =
        unknown "FRZ040" span $"unknown layer `{name}`" name known

    let layerArguments span usage =
        error "FRZ041" span "this is not how the layer is written"
        |> hint $"expected `{usage}`"

    let shape span message right =
        error "FRZ042" span message |> hint right

    let layerTooLarge span (largest: int64) =
        error "FRZ042" span "this layer is too large"
        |> hint $"at most %d{largest} values in one tensor"

    let wrongOutput span found classes =
        error "FRZ043" span $"the net ends in %s{found}, but the data have %d{classes} classes"
        |> hint "end it with `linear classes`"

    let emptyNet span =
        error "FRZ044" span "the net has no layer"
        |> hint "a net is `net name { conv 8 3x3; relu; linear classes }`"

    let netTooLarge span limit =
        error "FRZ045" span "this net is too large, or a block uses itself"
        |> hint $"at most %d{limit} parts"

    let missingParameter span net parameter =
        error "FRZ046" span $"`{net}` needs a value for `{parameter}`"
        |> hint $"write `{net}({parameter} …)`"

    let unknownPart span name =
        error "FRZ047" span $"the body has no part `{name}`"
        |> hint "give the part a label: `name: relu`"

    let stageOrder span next =
        error "FRZ048" span "stages stand at the top of a net, numbered in order"
        |> hint $"the next one here is `stage %d{next}`"

    let stageForms span =
        error "FRZ048" span "this net marks its stages in two ways"
        |> hint "write all as `stage 1 { … }`, or all as `end stage 1`"

    let emptyStage span =
        error "FRZ048" span "this stage is empty"
        |> hint "put parts between the previous stage and its end"

    let stageCrossed span =
        error "FRZ048" span "a part after this stage reads a part inside it"
        |> hint "end it outside of residual and dense parts"

    let namesInside span =
        error "FRZ039" span "names stand at the top of a net"
        |> hint "they refer to whole paths, such as `block*.unit*.conv1`"

    let namesParts span =
        error "FRZ039" span "this path is ambiguous"
        |> hint "write at most one star per segment, such as `block*.unit*`"

    let namesStars span =
        error "FRZ039" span "the stars of the name do not match those of the parts"
        |> hint "each star of the parts must occur once in the name: `*`, or `(*-1)` for one less"

    let namesSum span =
        error "FRZ039" span "this star is not a sum of whole numbers"
        |> hint "write `(*-1)` or `(*+3)`, without spaces and with at most four digits"

    let namesNone span (layer: string) =
        error "FRZ039" span $"these names leave nothing of {layer}"
        |> hint "`\"\"` leaves out a part of a path, not all of it"

    let namesTooMany span limit =
        error "FRZ039" span $"a net has at most %d{limit} lines of names"
        |> hint "a star stands for many layers: `block*.unit*`"

    let libraryNet span net (inner: Diagnostic) =
        { inner with
            Span = span
            Message = $"net {net}: {inner.Message}"
            Notes = []
            Meant = None
        }

    // Warnings

    let neverWins span winner =
        warning "FRZ101" span "this rule decides nothing"
        |> hint "later rules win everywhere; the last rule that matches wins"
        |> noting winner "this rule wins"

    let nothingLearns span weight count dimension others =
        let more =
            if others = 0 then
                ""
            else
                $", nor any of %d{others} other layers"

        warning "FRZ102" span $"0 of %d{count} {dimension} of {weight} learn{more}"
        |> hint "the fraction is rounded down; `at least 1` would raise it"

    let learnsNothing span =
        warning "FRZ117" span "nothing learns: every weight is fixed or zero"
        |> hint "let some learn, such as `last layer: train`"

    let cutOff span layers =
        let cause =
            match layers with
            | [] -> "zeros block every path to them"
            | layers -> Suggest.list "and" 4 layers + " must not be zero"

        warning "FRZ116" span $"no output depends on the image: {cause}"
        |> hint "`rest: fixed` would keep weights at their random start"

    let noGradient span layers =
        let layers = Suggest.list "and" 4 layers

        warning "FRZ118" span $"no gradient reaches {layers}: zeros block every path"
        |> hint "`rest: fixed` would let gradients through"

    let fractionsAndCounts span (count: decimal) (unit: string) =
        let one = if count = 1m then unit.TrimEnd 's' else unit

        warning "FRZ119" span $"among fractions this is a count: {count} {one}"
        |> hint (
            if count = 1m then
                $"write `1 {one}`, or `1.0` for all {unit}"
            else
                $"write `{count} {one}`"
        )

    let expectsNothing span =
        warning "FRZ107" span "no run has these values"
        |> hint "values may be cases, items of lists, and names of nets and data"

    let notLogarithmic span axis value =
        warning "FRZ115" span $"a logarithmic axis cannot show {value}, a value of `{axis}`"
        |> hint "without `(log)` all values of the axis are shown"

    let noNormalisation span =
        warning
            "FRZ105"
            span
            "frozen at their start, mean 0 and variance 1, these statistics normalise nothing"
        |> hint "they are useful with weights from a file"

    let neverInForce span first epochs =
        warning "FRZ106" span $"epoch %d{first} never comes: the run has %d{epochs}"
        |> hint "these weights stay fixed"

    let copiesUnread span (copies: int) (epochs: int) =
        warning
            "FRZ122"
            span
            $"the run sees at most %d{epochs} of the %d{copies} copies of an image: an epoch sees one"
        |> hint (
            if epochs = 1 then
                "in one epoch they save nothing: take `copies` out"
            else
                $"write `copies %d{epochs}` or fewer"
        )

    let copiesOfSolved span =
        warning "FRZ122" span "`copies` have no effect on `solve`: it reads the images as they are"
        |> hint "take `copies` out"

    let leftIsTrained span =
        warning "FRZ104" span "this amount decides nothing: all of it learns"
        |> hint "`rest: train` takes what it leaves; write `rest: fixed`, or no rest"

    let takesNothing span =
        warning "FRZ108" span "this selector matches nothing in any run"
        |> hint "the net has no such weights"

    let chosenByTest span (what: string) =
        warning "FRZ109" span $"{what} by the test set"
        |> hint "hold images out: `validate 5000`"

    let emptyFile span =
        warning "FRZ120" span "the file is empty: it means one run of the defaults, LeNet on MNIST"
        |> hint "begin with `data`, `net` and a rule, such as `conv: fixed`"

    let namesNothing span =
        warning "FRZ121" span "no layer of the net has this name"
        |> hint "`freeze plan FILE` lists its layers"

    let unused span what name =
        warning "FRZ103" span $"{what} `{name}` is never used"
        |> hint "remove it, or use it"
