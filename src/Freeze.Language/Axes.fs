/// The lists of a file: each is an axis, and each choice of one item from every axis is a run.
module Freeze.Language.Axes

open System.Globalization
open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values

type ListAxis =
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

/// How many values an item of a list stands for, and the one of a number: a range stands for all of its own.
let private valuesOf report scope (item: Expression) : (int64 * (int64 -> Expression)) list =
    let bound =
        wholeBetween scope -1_000_000_000_000L 1_000_000_000_000L "the end of a range"
        >> Diagnostic.keep report

    match item.Value with
    | Term.Range(first, last) ->
        match bound first, bound last with
        | Some low, Some high when low > high ->
            report (Diagnostic.emptyRange item.Span low high)
            []
        | Some low, Some high ->
            let number i =
                at item.Span (Term.Number(decimal (low + i), NumberForm.Whole))

            [ high - low + 1L, number ]
        | _ -> []
    | _ -> [ 1L, (fun _ -> item) ]

let private ofItems report scope columns (place: Span) (items: Expression list) : ListAxis list =
    let rec item (values: (int64 * (int64 -> Expression)) list) i =
        match values with
        | (count, _) :: rest when i >= count -> item rest (i - count)
        | (_, value) :: _ -> value i
        | [] -> failwith $"a list has no item {i}"

    match items |> List.collect (valuesOf report scope) with
    | [] -> []
    | values ->
        [
            {
                Columns = columns
                Place = place
                Count = List.sumBy fst values
                Item = item values
            }
        ]

/// The axes in an expression that stands where one value is wanted. The ends of ranges may be lets of the scope: they are
/// known before any axis is chosen.
let rec ofExpression report scope (columns: string list) (expression: Expression) : ListAxis list =
    match expression.Value with
    | Term.List [] ->
        report (Diagnostic.emptyList expression.Span)
        []
    | Term.List items -> ofItems report scope columns expression.Span items
    | Term.Range _ -> ofItems report scope columns expression.Span [ expression ]
    // The epochs of a schedule are one value.
    | Term.Call({ Value = "step" | "by" }, _) -> []
    | Term.Call(_, arguments) ->
        arguments
        |> List.collect (fun argument ->
            let columns =
                match argument.Label with
                | Some label -> [ label.Value ]
                | None -> columns

            ofExpression report scope columns argument.Content)
    // A list of tuples is one axis, whichever names take part.
    | Term.Part _
    | Term.Tuple _ -> []
    | _ -> Walk.operands expression |> List.collect (ofExpression report scope columns)

/// An item as the columns of a table show it: numbers, or the words as written.
let display (textOf: Span -> string) (axis: ListAxis) (item: Expression) : AxisValue list =
    let one (item: Expression) =
        match item.Value with
        | Term.Number(value, (NumberForm.Whole | NumberForm.Decimal)) -> AxisValue.Number(float value)
        | Term.Word word -> AxisValue.Word word
        | _ -> AxisValue.Word(textOf item.Span)

    match axis.Columns, item.Value with
    | _ :: _ :: _, Term.Tuple items when items.Length = axis.Columns.Length -> items |> List.map one
    // An item of another length is a mistake that has been told.
    | columns, _ -> columns |> List.map (fun _ -> one item)
