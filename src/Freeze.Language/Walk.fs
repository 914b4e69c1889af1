/// Traversals of the syntax: each node, and its direct children.
[<RequireQualifiedAccess>]
module Freeze.Language.Walk

open Freeze.Language.Syntax

/// The direct operands of an expression.
let operands (expression: Expression) : Expression list =
    match expression.Value with
    | Term.Number _
    | Term.Word _
    | Term.Text _
    | Term.Size _ -> []
    | Term.Call(_, arguments) -> arguments |> List.map _.Content
    | Term.List items
    | Term.Tuple items -> items
    | Term.Part(_, inner)
    | Term.Amount(inner, _)
    | Term.Negative inner -> [ inner ]
    | Term.Range(a, b)
    | Term.Binary(_, a, b) -> [ a; b ]

/// A node and all its descendants, each before its own children.
let rec private within (inner: 'T -> 'T list) (node: 'T) : 'T seq =
    seq {
        yield node

        for child in inner node do
            yield! within inner child
    }

let expressions (expression: Expression) : Expression seq = within operands expression

/// The words of an expression, which may be names of lets.
let words (expression: Expression) : string seq =
    expressions expression
    |> Seq.choose (fun inner ->
        match inner.Value with
        | Term.Word word -> Some word
        | _ -> None)

// Rules ------------------------------------------------------------------------------------------------------

let private selected (selector: Selector) : Selector list =
    match selector.Value with
    | Select.Union several -> several
    | Select.In(a, b)
    | Select.Except(a, b) -> [ a; b ]
    | Select.Path _
    | Select.Each _
    | Select.First _
    | Select.Last _
    | Select.Layer _
    | Select.Stage _
    | Select.LastStage
    | Select.Layers _ -> []

let selectors (selector: Selector) : Selector seq = within selected selector

/// Whether a selector contains no other selectors.
let isLeaf (selector: Selector) = (selected selector).IsEmpty

let selectorExpressions (selector: Selector) : Expression list =
    selectors selector
    |> Seq.collect (fun inner ->
        match inner.Value with
        | Select.First count
        | Select.Last count
        | Select.Layer count
        | Select.Stage count -> [ count ]
        | Select.Layers(first, last) -> [ first; last ]
        | _ -> [])
    |> List.ofSeq

/// The names of layer positions in an `each` rule; more than one is an error.
let places (selector: Selector) : Name list =
    selectors selector
    |> Seq.choose (fun inner ->
        match inner.Value with
        | Select.Each place -> Some place
        | _ -> None)
    |> List.ofSeq

let placeOf (selector: Selector) : Name option = places selector |> List.tryHead

/// The expressions of a rule's selector, amount and modifiers.
let ruleExpressions (selector: Selector) (action: Action) : Expression list =
    selectorExpressions selector
    @ (action.Amount |> Option.map _.Count |> Option.toList)
    @ (action.Modifiers |> List.choose _.Value.Value)

// Nets -------------------------------------------------------------------------------------------------------

/// The direct children of a part.
let inner (part: NetPart) : NetPart list =
    match part.Value with
    | NetItem.Layer _
    | NetItem.EndStage _
    | NetItem.Names _
    | NetItem.Let _
    | NetItem.Broken -> []
    | NetItem.Block(_, body)
    | NetItem.Repeat(_, _, _, body)
    | NetItem.Residual(_, body, None)
    | NetItem.Dense(_, body)
    | NetItem.Stage(_, body)
    | NetItem.Define { Body = body } -> body
    | NetItem.Residual(_, body, Some shortcut) -> body @ shortcut.Body

let parts (body: NetPart list) : NetPart seq = body |> Seq.collect (within inner)

let label (part: NetPart) : Name option =
    match part.Value with
    | NetItem.Block(label, _) -> Some label
    | NetItem.Layer(label, _)
    | NetItem.Repeat(label, _, _, _)
    | NetItem.Residual(label, _, _)
    | NetItem.Dense(label, _) -> label
    | NetItem.Stage _
    | NetItem.EndStage _
    | NetItem.Names _
    | NetItem.Let _
    | NetItem.Define _
    | NetItem.Broken -> None

/// The expressions of a part, without those of its children.
let partExpressions (part: NetPart) : Expression list =
    match part.Value with
    | NetItem.Layer(_, phrase) -> phrase
    | NetItem.Repeat(_, _, value, _)
    | NetItem.Stage(value, _)
    | NetItem.EndStage value
    | NetItem.Let(_, value) -> [ value ]
    | NetItem.Define definition -> definition.Parameters |> List.choose _.Default
    | NetItem.Block _
    | NetItem.Residual _
    | NetItem.Dense _
    | NetItem.Names _
    | NetItem.Broken -> []

/// The expressions of a net's body and of its parameters' defaults.
let netExpressions (net: Definition) : Expression seq =
    Seq.append (net.Parameters |> Seq.choose _.Default) (parts net.Body |> Seq.collect partExpressions)

// Statements -------------------------------------------------------------------------------------------------

let private body (statement: Statement) : Statement list =
    match statement.Value with
    | StatementItem.Case(_, body)
    | StatementItem.Profile(_, body)
    | StatementItem.Stage(_, body)
    | StatementItem.Ensemble(_, _, body) -> body
    | _ -> []

/// The labels and the values of a line of published values.
let private publishedExpressions (line: Located<PublishedLine>) : Expression list =
    match line.Value with
    | PublishedLine.Columns columns -> List.concat columns
    | PublishedLine.Row(on, values) -> on @ List.choose id values
    | PublishedLine.Broken -> []

/// The expressions of a statement, without those of statements inside it and of nets.
let statementExpressions (statement: Statement) : Expression list =
    match statement.Value with
    | StatementItem.Setting(_, phrase)
    | StatementItem.Learn(_, phrase) -> phrase
    | StatementItem.Let(_, value)
    | StatementItem.Draw(_, value)
    | StatementItem.Together(_, value)
    | StatementItem.Stage(value, _) -> [ value ]
    | StatementItem.Rule(selector, action) -> ruleExpressions selector action
    | StatementItem.Ensemble(members, after, _) -> [ members; after ]
    | StatementItem.Expect(_, values, _) ->
        values |> List.collect (fun published -> published.Value :: published.On)
    | StatementItem.ExpectTable(_, _, lines) -> lines |> List.collect publishedExpressions
    | StatementItem.Case _
    | StatementItem.Profile _
    | StatementItem.Net _
    | StatementItem.Import _
    | StatementItem.Report _
    | StatementItem.Broken -> []

/// All statements, each before the statements inside it.
let statements (statements: Statement list) : Statement seq = statements |> Seq.collect (within body)
