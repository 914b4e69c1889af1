/// The names of runs, axes and nets.
module Freeze.Language.Naming

open System.IO
open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.Searches
open Freeze.Language.Settings
open Freeze.Language.Axes
open Freeze.Language.Variants

/// Two axes with the same name get separate columns: `filters`, `filters 2`.
let private columns (axes: ListAxis list) : string list list =
    let column (used: Map<string, int>) name =
        let number = 1 + (Map.tryFind name used |> Option.defaultValue 0)
        (if number = 1 || name = "" then name else $"{name} {number}"), Map.add name number used

    axes
    |> List.mapFold (fun used (axis: ListAxis) -> List.mapFold column used axis.Columns) Map.empty
    |> fst

/// What an axis adds to a run's name: of values that vary together, only the first if that distinguishes the items.
let private ofAxis (axis: ListAxis) (values: Freeze.Axis list) : string list =
    // The first part that has a column.
    let shown = axis.Columns |> List.tryFindIndex ((<>) "") |> Option.defaultValue 0

    let first (item: Expression) =
        match item.Value with
        | Term.Tuple parts when shown < parts.Length -> parts[shown].Value
        | other -> other

    let isTold =
        axis.Count < 1000L
        && (let firsts = [ for i in 0L .. axis.Count - 1L -> first (axis.Item i) ]
            List.distinct firsts = firsts)

    (if isTold then List.truncate 1 values else values)
    |> List.map (fun value -> $"{value.Name}={AxisValue.text value.Value}")

/// `wrn(28, 10, drop 0.3)`, with the numbers of one run.
let ofNet scope (call: Calls.Call) =
    let argument (argument: Argument) =
        let value =
            match number scope argument.Content with
            | Ok(value, _) -> AxisValue.text (AxisValue.Number(float value))
            | Error _ -> "…"

        match argument.Label with
        | Some label -> $"{label.Value} {value}"
        | None -> value

    match call.Arguments with
    | [] -> call.Callee.Value
    | several ->
        several
        |> List.map argument
        |> String.concat ", "
        |> (fun inside -> $"{call.Callee.Value}({inside})")

/// A run's name, axes and place among other runs.
type Standing =
    {
        Name: string
        Axes: Freeze.Axis list
        Place: Place
        /// The values drawn for its candidate.
        Draws: Freeze.Axis list
    }

/// The standing of a run that has chosen an item from each axis; `drawn` is what its candidate draws, `netOf` the net that a
/// profile puts in place of a word.
let standing
    (source: Source)
    (textOf: Span -> string)
    (netOf: string -> string option)
    (variant: Variant)
    (choice: int64 list)
    (candidate: int)
    (drawn: (Name * Expression) list)
    : Standing =
    let axes = variant.Outer @ variant.Inner
    let file = Path.GetFileNameWithoutExtension source.Path
    let axis name value : Freeze.Axis = { Name = name; Value = value }

    let named name value =
        match value with
        | AxisValue.Word word when name = "net" ->
            match netOf word with
            | Some net when net <> word -> axis name (AxisValue.Stand(word, net))
            | _ -> axis name value
        | _ -> axis name value

    let label names (axis': ListAxis) i =
        List.map2 named names (display textOf axis' (axis'.Item i))
        |> List.filter (fun axis -> axis.Name <> "")

    let labels = List.map3 label (columns axes) axes choice
    let outer, inner = List.splitAt variant.Outer.Length labels
    let case = variant.Case |> Option.map _.Value |> Option.toList

    let draws =
        drawn
        |> List.choose (fun (name, value) ->
            match value.Value with
            | Term.Number(value, _) -> Some(axis name.Value (AxisValue.Number(float value)))
            | Term.Word word -> Some(axis name.Value (AxisValue.Word word))
            | _ -> None)

    let place, inner, draws =
        match variant.Search with
        | Search.Runs trials ->
            Place.InSearch
                {
                    Search = file
                    Candidate = candidate
                    Rung = if trials.IsHalving then 1 else 0
                    Draws = List.toArray draws
                },
            // The candidates are the last axis.
            List.truncate (inner.Length - 1) inner,
            draws
        | Search.No
        | Search.Stages _ -> Place.Alone, inner, []

    {
        Name =
            match case @ List.concat (List.map2 ofAxis axes labels) with
            | [] -> file
            | parts -> String.concat " " parts
        Axes =
            List.concat outer
            @ (case |> List.map (AxisValue.Word >> axis "case"))
            @ List.concat inner
        Place = place
        Draws = draws
    }
