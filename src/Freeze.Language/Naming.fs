/// What runs, their axes and their nets are called.
module Freeze.Language.Naming

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.Axes

/// Two axes of one name get columns of their own: `filters`, `filters 2`.
let columns (axes: Axis list) : string list list =
    let folder (used: Map<string, int>, found) (axis: Axis) =
        let number (used: Map<string, int>) name =
            Map.tryFind name used |> Option.defaultValue 0 |> (+) 1

        let named, used =
            axis.Columns
            |> List.mapFold
                (fun used name ->
                    let n = number used name
                    (if n = 1 || name = "" then name else $"{name} {n}"), Map.add name n used)
                used

        used, named :: found

    axes |> List.fold folder (Map.empty, []) |> snd |> List.rev

/// What an axis adds to a run's name: of values that move together the first, where that tells them apart.
let ofAxis (axis: Axis) (values: Freeze.Axis list) : string list =
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

/// `wrn(28, 10, drop 0.3)`, in the numbers of one run.
let ofNet scope (call: Arguments.Call) =
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
