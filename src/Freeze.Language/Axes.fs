/// The lists of a file: each is an axis, and each choice of one item from every axis is a run.
module Freeze.Language.Axes

open System.Globalization
open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values

type ListAxis =
    {
        /// The columns that it fills: settings, lets, or what is counted. A list of tuples has several; a part that nothing reads
        /// has "".
        Columns: string list
        /// For each column, what rules count with it: `filters`, nothing, or several things.
        Units: Set<string> list
        /// The span of the list; it identifies the axis.
        Place: Span
        Count: int64
        /// The item with the given index, from 0.
        Item: int64 -> Expression
    }

/// For each item of a list, how many values it stands for and the value at an index: a range stands for all its values.
let private valuesOf report scope (item: Expression) : (int64 * (int64 -> Expression)) list =
    let bound =
        wholeBetween scope -1_000_000_000_000L 1_000_000_000_000L "the end of a range"
        >> Diagnostic.keep report

    let range (first: Expression) last make =
        match bound first, bound last with
        | Some low, Some high when low > high ->
            report (Diagnostic.emptyRange item.Span low high)
            []
        | Some low, Some high ->
            let number i =
                at item.Span (Term.Number(decimal (low + i), NumberForm.Whole))

            [ high - low + 1L, number >> make ]
        | _ -> []

    match item.Value with
    | Term.Range(first, last) -> range first last id
    | Term.Amount({ Value = Term.Range(first, last) }, unit) ->
        range first last (fun number -> at item.Span (Term.Amount(number, unit)))
    | _ -> [ 1L, (fun _ -> item) ]

/// Warns of `[0.1, 0.5, 1]` of filters: it ends with one filter, where all may be meant.
let private warnOfMixed report (units: Set<string>) (items: Expression list) =
    let isFraction (item: Expression) =
        match item.Value with
        | Term.Number(_, (NumberForm.Decimal | NumberForm.Percent)) -> true
        | _ -> false

    let bare (item: Expression) =
        match item.Value with
        | Term.Number(0m, _) -> None
        | Term.Number(count, NumberForm.Whole) -> Some(item, count)
        | _ -> None

    if not units.IsEmpty && List.exists isFraction items then
        List.tryPick bare items
        |> Option.iter (fun (item, count) ->
            report (Diagnostic.fractionsAndCounts item.Span count units.MinimumElement))

let private ofItems
    report
    scope
    (columns: (string * Set<string>) list)
    (place: Span)
    (items: Expression list)
    : ListAxis list =
    columns
    |> List.iteri (fun i (_, units) ->
        items
        |> List.choose (fun item ->
            match columns, item.Value with
            | [ _ ], _ -> Some item
            | _, Term.Tuple parts -> List.tryItem i parts
            | _ -> None)
        |> warnOfMixed report units)

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
                Columns = List.map fst columns
                Units = List.map snd columns
                Place = place
                Count = List.sumBy fst values
                Item = item values
            }
        ]

/// The axes in an expression where one value is expected. The ends of ranges may be lets of the scope, which are known before any
/// axis is chosen. `columns` are the names that get the values, each with what rules count with it.
let rec ofExpression
    report
    scope
    (columns: (string * Set<string>) list)
    (expression: Expression)
    : ListAxis list =
    match expression.Value with
    | Term.List [] ->
        report (Diagnostic.emptyList expression.Span)
        []
    | Term.List items -> ofItems report scope columns expression.Span items
    | Term.Amount({ Value = Term.Range _ }, _)
    | Term.Range _ -> ofItems report scope columns expression.Span [ expression ]
    // The epochs of a schedule are one value.
    | Term.Call({ Value = "step" | "by" }, _) -> []
    | Term.Call(_, arguments) ->
        arguments
        |> List.collect (fun argument ->
            let columns =
                match argument.Label with
                | Some label -> [ label.Value, Set.empty ]
                | None -> columns

            ofExpression report scope columns argument.Content)
    // A list of tuples is one axis, whichever names use it.
    | Term.Part _
    | Term.Tuple _ -> []
    | _ -> Walk.operands expression |> List.collect (ofExpression report scope columns)

/// An item as shown in table columns: a number with what it counts, or the words as written.
let display (textOf: Span -> string) (axis: ListAxis) (item: Expression) : AxisValue list =
    let one (units: Set<string>) (item: Expression) =
        match item.Value with
        | Term.Number(value, form)
        | Term.Amount({ Value = Term.Number(value, form) }, _) ->
            let unit =
                match item.Value with
                | Term.Amount(_, unit) -> Vocabulary.tryDimension unit.Value |> Option.map _.Word
                | _ when units.Count = 1 && value <> 0m -> Some units.MinimumElement
                | _ -> None

            match form, unit with
            | NumberForm.Whole, Some unit -> AxisValue.Amount(float value, unit)
            // All of something, unlike `1`.
            | NumberForm.Decimal, Some _ when value = 1m -> AxisValue.Amount(1.0, "")
            | (NumberForm.Whole | NumberForm.Decimal), _ -> AxisValue.Number(float value)
            | NumberForm.Percent, _ -> AxisValue.Amount(float value, "%")
            | NumberForm.Factor, _ -> AxisValue.Word(textOf item.Span)
        | Term.Word word -> AxisValue.Word word
        | _ -> AxisValue.Word(textOf item.Span)

    match axis.Units, item.Value with
    | _ :: _ :: _ as units, Term.Tuple items when items.Length = units.Length -> List.map2 one units items
    // An item with the wrong number of parts has already been reported.
    | units, _ -> units |> List.map (fun units -> one units item)
