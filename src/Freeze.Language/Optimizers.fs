/// `optimizer adam(lr 1e-3)` and the settings that complete it.
module Freeze.Language.Optimizers

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values

/// The parameters that may stand as settings of their own, so that they can be lists and draws.
let standAlone = [ "lr"; "momentum"; "decay" ]

let private parameters optimizer =
    match optimizer with
    | "sgd" -> [ "lr"; "momentum"; "decay"; "nesterov" ]
    | "adam"
    | "adamw" -> [ "lr"; "beta1"; "beta2"; "eps"; "decay" ]
    | "rmsprop" -> [ "lr"; "alpha"; "eps"; "momentum"; "decay" ]
    | _ -> [ "lr"; "momentum"; "window"; "clip"; "decay" ]

/// The optimizer that a call means. `outside` are the settings `lr`, `momentum` and `decay`, with the places of their
/// names.
let read
    scope
    (outside: Map<string, Name * Expression>)
    (call: Arguments.Call)
    : Result<Optimizer, Diagnostic> =
    let name = call.Callee.Value
    let known = parameters name

    let together (own: Map<string, Expression>) =
        outside
        |> Map.toList
        |> List.map (fun (parameter, (at, value)) ->
            match Map.tryFind parameter own with
            | Some inside -> Error(Diagnostic.setTwice at.Span parameter inside.Span)
            | None when List.contains parameter known -> Ok(parameter, value)
            | None -> Error(Diagnostic.unknownParameter at.Span name parameter known))
        |> all
        |> Result.map (fun added -> List.fold (fun all (p, value) -> Map.add p value all) own added)

    let build (values: Map<string, Expression>) =
        let number parameter least most fallback =
            match Map.tryFind parameter values with
            | Some value -> numberBetween scope least most $"`{parameter}`" value |> Result.map float
            | None -> Ok fallback

        let switch parameter =
            match Map.tryFind parameter values with
            | Some value -> oneOf scope "switch" [ "on"; "off" ] value |> Result.map ((=) "on")
            | None -> Ok false

        let window () =
            match Map.tryFind "window" values with
            | Some value -> wholeBetween scope 1L 10_000L "`window`" value |> Result.map int
            | None -> Ok 20

        let lr fallback = number "lr" 0m 1000m fallback
        let momentum fallback = number "momentum" 0m 1m fallback
        let decay fallback = number "decay" 0m 1000m fallback
        let share parameter fallback = number parameter 0m 1m fallback

        let five make a b c d e =
            match a, b, c, d, e with
            | Ok a, Ok b, Ok c, Ok d, Ok e -> Ok(make (a, b, c, d, e))
            | Error e, _, _, _, _
            | _, Error e, _, _, _
            | _, _, Error e, _, _
            | _, _, _, Error e, _
            | _, _, _, _, Error e -> Error e

        let adam make decay =
            five make (lr 1e-3) (share "beta1" 0.9) (share "beta2" 0.999) (share "eps" 1e-8) decay

        match name with
        | "sgd" ->
            five
                (fun (lr, momentum, decay, nesterov, ()) -> Optimizer.Sgd(lr, momentum, decay, nesterov))
                (lr 0.01)
                (momentum 0.9)
                (decay 0.0)
                (switch "nesterov")
                (Ok())
        | "adam" -> adam Optimizer.Adam (decay 0.0)
        | "adamw" -> adam Optimizer.AdamW (decay 0.01)
        | "rmsprop" ->
            five
                Optimizer.RmsProp
                (lr 0.01)
                (share "alpha" 0.99)
                (share "eps" 1e-8)
                (momentum 0.0)
                (decay 0.0)
        | _ ->
            five
                Optimizer.YellowFin
                (lr 0.1)
                (momentum 0.0)
                (window ())
                (number "clip" 0m 1_000_000m 0.0)
                (decay 0.0)

    if List.contains name (Vocabulary.names Vocabulary.optimizers) then
        Arguments.byName known [] call |> Result.bind together |> Result.bind build
    else
        Error(
            Diagnostic.unknownWord call.Callee.Span "optimizer" name (Vocabulary.names Vocabulary.optimizers)
        )
