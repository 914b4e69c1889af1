/// The lists of a file: each is an axis, and each choice of one item from every axis is a run.
module Freeze.Language.Axes

open System.Globalization
open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values

type Axis =
    {
        /// The column it fills: the setting, the let or what is counted.
        Name: string
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
        | Term.List items ->
            for item in items do
                yield! words item
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
    | Select.Layer count -> [ count ]
    | Select.Layers(first, last) -> [ first; last ]
    | Select.Union several -> several |> List.collect selectorExpressions
    | Select.In(a, b)
    | Select.Except(a, b) -> selectorExpressions a @ selectorExpressions b

let rec netExpressions (body: NetPart list) : Expression list =
    body
    |> List.collect (fun part ->
        match part.Value with
        | NetItem.Layer(_, phrase) -> phrase
        | NetItem.Block(_, inner) -> netExpressions inner
        | NetItem.Broken -> [])

let private ofRange report name (span: Span) first last =
    // The ends of a range must be known before any axis is chosen.
    let scope = Scope(Map.empty, fun _ -> None)

    let bound =
        wholeBetween scope -1_000_000_000_000L 1_000_000_000_000L "the end of a range"

    match bound first |> Diagnostic.keep report, bound last |> Diagnostic.keep report with
    | Some low, Some high when low > high ->
        report (Diagnostic.emptyRange span low high)
        []
    | Some low, Some high ->
        [
            {
                Name = name
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
let rec ofExpression report (name: string) (expression: Expression) : Axis list =
    match expression.Value with
    | Term.List [] ->
        report (Diagnostic.emptyList expression.Span)
        []
    | Term.List items ->
        let items = List.toArray items

        [
            {
                Name = name
                Place = expression.Span
                Count = int64 items.Length
                Item = fun i -> items[int i]
            }
        ]
    | Term.Range(first, last) -> ofRange report name expression.Span first last
    | Term.Call(_, arguments) ->
        arguments
        |> List.collect (fun argument ->
            let name = argument.Label |> Option.map _.Value |> Option.defaultValue name
            ofExpression report name argument.Content)
    | Term.Negative inner -> ofExpression report name inner
    | Term.Binary(_, a, b) -> ofExpression report name a @ ofExpression report name b
    | Term.Number _
    | Term.Text _
    | Term.Size _
    | Term.Word _ -> []

/// An item as a column of a table shows it: a number, or the words as written.
let display (source: Source) (item: Expression) : AxisValue =
    match item.Value with
    | Term.Number(value, (NumberForm.Whole | NumberForm.Decimal)) -> AxisValue.Number(float value)
    | Term.Word word -> AxisValue.Word word
    | _ -> AxisValue.Word(source.Text.Substring(item.Span.Start, item.Span.End - item.Span.Start))

let text (value: AxisValue) =
    match value with
    | AxisValue.Number number -> number.ToString CultureInfo.InvariantCulture
    | AxisValue.Word word -> word
