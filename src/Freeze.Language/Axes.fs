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
                Item = fun i -> at span (Term.Number(decimal (low + i), NumberForm.Whole))
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
                match argument.Label with
                | Some label -> [ label.Value ]
                | None -> columns

            ofExpression report columns argument.Content)
    // A list of tuples is one axis, whichever names take part.
    | Term.Part _
    | Term.Tuple _ -> []
    | _ -> Walk.operands expression |> List.collect (ofExpression report columns)

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
