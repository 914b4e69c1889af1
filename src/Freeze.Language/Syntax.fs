/// The syntax as written: names unresolved, lists unexpanded, every part with its place.
module Freeze.Language.Syntax

type Name = Located<string>

[<RequireQualifiedAccess>]
type NumberForm =
    /// `3`: a count if a count or a fraction may stand there.
    | Whole
    /// `0.4`: a fraction if a count or a fraction may stand there.
    | Decimal
    /// `40%`; the value is stored as 0.40.
    | Percent
    /// `0.1x`: a multiple of the value that would otherwise apply.
    | Factor

[<RequireQualifiedAccess>]
type Operator =
    | Plus
    | Minus
    | Times
    | Over
    | Power

type Expression = Located<Term>

and [<RequireQualifiedAccess>] Term =
    | Number of value: decimal * form: NumberForm
    | Word of string
    | Text of string
    /// `3x5`: rows by columns.
    | Size of rows: int * columns: int
    | Call of callee: Name * arguments: Argument list
    | List of Expression list
    /// `(wrn-28-10, 200)`: several values that vary together; never one alone.
    | Tuple of Expression list
    /// The part of each item that one name of a tuple takes; made from `(a, b) = […]`, never written.
    | Part of index: int * items: Expression
    | Range of first: Expression * last: Expression
    /// `1 filter`: a value that says what it counts; an item of a list or a tuple, or a let's value.
    | Amount of count: Expression * unit: Name
    | Negative of Expression
    | Binary of Operator * Expression * Expression

/// An argument of a call: `lr 0.1` or `0.1`.
and Argument =
    {
        Label: Name option
        Content: Expression
    }

/// Expressions side by side, as in `conv 20 5x5 pad 0` or `learn stage by stage`; never empty.
type Phrase = Expression list

type Selector = Located<Select>

and [<RequireQualifiedAccess>] Select =
    /// A path, a glob, a kind, `all` or `rest`; which one it is depends on the net.
    | Path of string
    /// `first k layers`
    | First of Expression
    /// `last layer`, `last k layers`
    | Last of Expression
    /// `layer i`
    | Layer of Expression
    /// `stage 2`
    | Stage of Expression
    | LastStage
    /// `each layer i`: all layers; the rule's action can use each layer's position.
    | Each of place: Name
    /// `layers 2..4`
    | Layers of first: Expression * last: Expression
    | Union of Selector list
    | In of Selector * inside: Selector
    | Except of Selector * without: Selector

[<RequireQualifiedAccess>]
type Verb =
    | Train
    | Fixed
    | Zero
    /// Solved for by least squares, in closed form.
    | Solve

/// `0.4 filters`
type Amount = { Count: Expression; Dimension: Name }

/// What may follow an action, in any order: the words from `Phrases.modifiers`, and the value after them.
type Modifier =
    {
        Words: string
        Value: Expression option
    }

type Action =
    {
        Verb: Located<Verb>
        Amount: Amount option
        Modifiers: Located<Modifier> list
    }

/// `stride = 1`, or without a default.
type Parameter =
    {
        Name: Name
        Default: Expression option
    }

/// `block*.unit*: "layer*.(*-1)"`: the names of a net's parts in weights files.
type NameLine =
    {
        Parts: Located<string>
        Name: Located<string>
    }

/// A part of a net's body.
type NetPart = Located<NetItem>

and [<RequireQualifiedAccess>] NetItem =
    /// `conv1: conv 20 5x5`, or a call of a defined block: `unit(64, stride 2)`.
    | Layer of label: Name option * phrase: Phrase
    /// `block1: { … }` or `block1 { … }`
    | Block of label: Name * body: NetPart list
    /// `block1: repeat n { … }`, `repeat i in 1..3 { … }`: the number of turns, or the range of the turn's name.
    | Repeat of label: Name option * turn: Name option * count: Expression * body: NetPart list
    /// The sum of the body's output and its input, or the shortcut's output if the shapes differ.
    | Residual of label: Name option * body: NetPart list * shortcut: Shortcut option
    /// The body's input and output, concatenated by channel.
    | Dense of label: Name option * body: NetPart list
    /// `stage 1 { … }`
    | Stage of number: Expression * body: NetPart list
    /// `end stage 1`: the parts since the previous stage are a stage; they keep their names.
    | EndStage of number: Expression
    /// `names torchvision, timm { … }`: the layers' names in these publishers' files; None for a line that could not be read.
    | Names of publishers: Name list * lines: Located<NameLine option> list
    | Let of name: Name * value: Expression
    /// `block unit(width, stride = 1) { … }`: a definition, used like a layer.
    | Define of Definition
    /// Text that could not be read; the parser has reported it.
    | Broken

/// `net wrn(depth, widen, drop = 0) { … }`, or a block of a net.
and Definition =
    {
        Name: Name
        Parameters: Parameter list
        Body: NetPart list
    }

/// `shortcut { … }`, `shortcut from relu1 { … }`: it begins at the sum's input, or at a part of the body.
and Shortcut =
    {
        From: Name option
        Body: NetPart list
    }

/// `22.89 on cifar100`: a published value for runs with all these axis values.
type Published =
    {
        Value: Expression
        On: Expression list
    }

/// A line of published values in rows and columns.
[<RequireQualifiedAccess>]
type PublishedLine =
    /// `on 0.1, 0.4`: the axis values of the runs in each column.
    | Columns of Expression list list
    /// `dense: 88.73, -`: the axis values of the runs in a row, and the published value in each column.
    | Row of on: Expression list * values: Expression option list
    /// Text that could not be read; the parser has reported it.
    | Broken

/// A line of a report: a kind (`table`, `plot`) and the words after it, split at commas.
type ReportLine =
    {
        Kind: Name
        Parts: Located<string> list list
    }

type Statement = Located<StatementItem>

and [<RequireQualifiedAccess>] StatementItem =
    | Setting of name: Name * value: Phrase
    | Let of name: Name * value: Expression
    /// `(net, epochs) = [(wrn-28-10, 200), (densenet-100-12, 300)]`
    | Together of names: Name list * items: Expression
    /// `lr ~ 1e-4 * 10^normal(0, 1)`
    | Draw of name: Name * value: Expression
    | Rule of Selector * Action
    | Case of name: Name * body: Statement list
    | Net of Definition
    | Import of path: Located<string>
    /// `ensemble 5 after 1 epoch { … }`
    | Ensemble of members: Expression * after: Expression * body: Statement list
    /// `stage 1 { learn reconstruct }`
    | Stage of number: Expression * body: Statement list
    /// `learn solve ridge 1e-3` inside a stage: how that stage is trained. Elsewhere `learn` is a setting.
    | Learn of word: Name * what: Phrase
    /// `profile quick { … }`
    | Profile of name: Name * body: Statement list
    /// `expect accuracy 73.02 on cifar10, 22.89 on cifar100 from "Table 1"`
    | Expect of measure: Name list * values: Published list * source: Located<string> option
    /// `expect accuracy from "Table 1" { on 0.1, 0.4; dense: 88.73, 93.33 }`
    | ExpectTable of measure: Name list * source: Located<string> option * lines: Located<PublishedLine> list
    | Report of Located<ReportLine option> list
    /// Text that could not be read; the parser has reported it.
    | Broken

/// A thing with its place.
let at (span: Span) (value: 'T) : Located<'T> = { Value = value; Span = span }

/// A thing and its place.
let (|At|) (thing: Located<'T>) = thing.Value, thing.Span

/// The smallest span that contains all parts.
let join (parts: Located<'T> list) : Span =
    Span.Join((List.head parts).Span, (List.last parts).Span)

/// Actions by their words.
let verbs =
    [
        "train", Verb.Train
        "fixed", Verb.Fixed
        "zero", Verb.Zero
        "solve", Verb.Solve
    ]

let verbWord (verb: Verb) : string =
    verbs |> List.find (snd >> (=) verb) |> fst
