/// What the user wrote, as it was written: names unresolved, lists unexpanded, every part with its place.
module Freeze.Language.Syntax

type Name = Located<string>

[<RequireQualifiedAccess>]
type NumberForm =
    /// `3`: a count where a count or a share may stand.
    | Whole
    /// `0.4`: a share where a count or a share may stand.
    | Decimal
    /// `40%`; the value is held as 0.40.
    | Percent
    /// `0.1x`: times what would else hold.
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
    | Range of first: Expression * last: Expression
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
    /// A path, a glob, a kind, `all` or `rest`: which one, the net decides.
    | Path of string
    /// `first k layers`
    | First of Expression
    /// `last layer`, `last k layers`
    | Last of Expression
    /// `layer i`
    | Layer of Expression
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

/// `0.4 filters`
type Amount = { Count: Expression; Dimension: Name }

type Action =
    {
        Verb: Located<Verb>
        Amount: Amount option
    }

/// A part of a net's body.
type NetPart = Located<NetItem>

and [<RequireQualifiedAccess>] NetItem =
    /// `conv1: conv 20 5x5`
    | Layer of label: Name option * phrase: Phrase
    /// `block1: { … }` or `block1 { … }`
    | Block of label: Name * body: NetPart list
    /// Text that could not be read; the parser has said why.
    | Broken

type Statement = Located<StatementItem>

and [<RequireQualifiedAccess>] StatementItem =
    | Setting of name: Name * value: Phrase
    | Let of name: Name * value: Expression
    | Rule of Selector * Action
    | Case of name: Name * body: Statement list
    | Net of name: Name * body: NetPart list
    /// Text that could not be read; the parser has said why.
    | Broken

let join (parts: Located<'T> list) : Span =
    Span.Join((List.head parts).Span, (List.last parts).Span)
