/// The lists of a file: each is an axis, and each choice of one item from every axis is a run.
module Freeze.Language.Axes

open System.Globalization
open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values

type Axis =
    {
        /// The columns that it fills: the settings, lets or what is counted. Several for a list of tuples, "" for a
        /// part that nothing reads.
        Columns: string list
        /// Where the list stands; it is the axis' identity.
        Place: Span
        Count: int64
        /// The item of that number, from 0.
        Item: int64 -> Expression
    }

/// The words of an expression, which may be names of lets.
let rec words (expression: Expression) : string seq =
    seq {
        match expression.Value with
        | Term.Word word -> yield word
        | Term.Number _
        | Term.Text _
        | Term.Size _ -> ()
        | Term.Call(_, arguments) ->
            for argument in arguments do
                yield! words argument.Content
        | Term.List items
        | Term.Tuple items ->
            for item in items do
                yield! words item
        | Term.Part(_, inner)
        | Term.Negative inner -> yield! words inner
        | Term.Range(a, b)
        | Term.Binary(_, a, b) ->
            yield! words a
            yield! words b
    }

let rec selectorExpressions (selector: Selector) : Expression list =
    match selector.Value with
    | Select.Path _ -> []
    | Select.First count
    | Select.Last count
    | Select.Layer count
    | Select.Stage count -> [ count ]
    | Select.LastStage -> []
    | Select.Layers(first, last) -> [ first; last ]
    | Select.Union several -> several |> List.collect selectorExpressions
    | Select.In(a, b)
    | Select.Except(a, b) -> selectorExpressions a @ selectorExpressions b

let rec netExpressions (body: NetPart list) : Expression list =
    let defaults (parameters: Parameter list) = parameters |> List.choose _.Default

    body
    |> List.collect (fun part ->
        match part.Value with
        | NetItem.Layer(_, phrase) -> phrase
        | NetItem.Block(_, inner)
        | NetItem.Dense(_, inner)
        | NetItem.Residual(_, inner, None) -> netExpressions inner
        | NetItem.Residual(_, inner, Some shortcut) -> netExpressions inner @ netExpressions shortcut.Body
        | NetItem.Repeat(_, _, count, inner)
        | NetItem.Stage(count, inner) -> count :: netExpressions inner
        | NetItem.Let(_, value) -> [ value ]
        | NetItem.Define(_, parameters, inner) -> defaults parameters @ netExpressions inner
        | NetItem.Broken -> [])

/// The expressions of a net's body and of its parameters' defaults.
let definitionExpressions (parameters: Parameter list) (body: NetPart list) : Expression list =
    (parameters |> List.choose _.Default) @ netExpressions body

let modifierExpressions (modifiers: Located<Modifier> list) : Expression list =
    modifiers
    |> List.collect (fun modifier ->
        match modifier.Value with
        | Modifier.AtLeast value
        | Modifier.Init value
        | Modifier.LearningRate value
        | Modifier.Decay value
        | Modifier.From value
        | Modifier.Until value
        | Modifier.Ridge value -> [ value ]
        | Modifier.AtRandom
        | Modifier.Spread
        | Modifier.Largest
        | Modifier.InitFrom _
        | Modifier.StatsFrozen -> [])

let private ofRange report columns (span: Span) first last =
    // The ends of a range must be known before any axis is chosen.
    let scope = Scope.Empty

    let bound =
        wholeBetween scope -1_000_000_000_000L 1_000_000_000_000L "the end of a range"

    match bound first |> Diagnostic.keep report, bound last |> Diagnostic.keep report with
    | Some low, Some high when low > high ->
        report (Diagnostic.emptyRange span low high)
        []
    | Some low, Some high ->
        [
            {
                Columns = columns
                Place = span
                Count = high - low + 1L
                Item =
                    fun i ->
                        {
                            Value = Term.Number(decimal (low + i), NumberForm.Whole)
                            Span = span
                        }
            }
        ]
    | _ -> []

/// The axes in an expression that stands where one value is wanted.
let rec ofExpression report (columns: string list) (expression: Expression) : Axis list =
    match expression.Value with
    | Term.List [] ->
        report (Diagnostic.emptyList expression.Span)
        []
    | Term.List items ->
        let items = List.toArray items

        [
            {
                Columns = columns
                Place = expression.Span
                Count = int64 items.Length
                Item = fun i -> items[int i]
            }
        ]
    | Term.Range(first, last) -> ofRange report columns expression.Span first last
    // The epochs of a schedule are one value.
    | Term.Call({ Value = "step" | "by" }, _) -> []
    | Term.Call(_, arguments) ->
        arguments
        |> List.collect (fun argument ->
            let columns =
                argument.Label
                |> Option.map (fun label -> [ label.Value ])
                |> Option.defaultValue columns

            ofExpression report columns argument.Content)
    // A list of tuples is one axis, whichever names take part.
    | Term.Part _ -> []
    | Term.Negative inner -> ofExpression report columns inner
    | Term.Binary(_, a, b) -> ofExpression report columns a @ ofExpression report columns b
    | Term.Number _
    | Term.Text _
    | Term.Size _
    | Term.Tuple _
    | Term.Word _ -> []

/// An item as the columns of a table show it: numbers, or the words as written.
let display (textOf: Span -> string) (axis: Axis) (item: Expression) : AxisValue list =
    let one (item: Expression) =
        match item.Value with
        | Term.Number(value, (NumberForm.Whole | NumberForm.Decimal)) -> AxisValue.Number(float value)
        | Term.Word word -> AxisValue.Word word
        | _ -> AxisValue.Word(textOf item.Span)

    match axis.Columns, item.Value with
    | _ :: _ :: _, Term.Tuple items when items.Length = axis.Columns.Length -> items |> List.map one
    // An item of another length is a mistake that has been told.
    | columns, _ -> columns |> List.map (fun _ -> one item)
