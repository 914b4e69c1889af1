/// `optimizer adam(lr 1e-3)` and the settings that complete it.
module Freeze.Language.Optimizers

open System.Globalization
open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.Vocabulary
open Freeze.Language.Forms

/// What each parameter takes, as a number; a switch is 1 where it is on.
let kindOf (parameter: string) : Kind<float> =
    let what = $"`{parameter}`"

    match parameter with
    | "lr"
    | "decay" -> number 0m 1000m what
    | "clip" -> number 0m 1_000_000m what
    | "window" -> whole 1L 10_000L what |> map float
    // Corrected by 1 - beta^t, which must not be 0.
    | "beta1"
    | "beta2" -> belowOne what
    | "nesterov" -> oneWord "switch" [ "on", "", 1.0; "off", "", 0.0 ]
    | _ -> number 0m 1m what

type Described =
    {
        Entry: Entry
        /// Each with its default, as it is written.
        Parameters: (string * string) list
        Make: (string -> float) -> Optimizer
    }

let table =
    let optimizer name parameters meaning make =
        let written =
            parameters
            |> List.map (fun (name, value) -> $"{name} {value}")
            |> String.concat ", "

        {
            Entry = entry name $"{name}({written})" meaning
            Parameters = parameters
            Make = make
        }

    let adam decay =
        [
            "lr", "1e-3"
            "beta1", "0.9"
            "beta2", "0.999"
            "eps", "1e-8"
            "decay", decay
        ]

    [
        optimizer
            "sgd"
            [ "lr", "0.01"; "momentum", "0.9"; "decay", "0"; "nesterov", "off" ]
            "stochastic gradient descent, PyTorch's rule"
            (fun p -> Optimizer.Sgd(p "lr", p "momentum", p "decay", p "nesterov" = 1.0))
        optimizer "adam" (adam "0") "Kingma and Ba 2014" (fun p ->
            Optimizer.Adam(p "lr", p "beta1", p "beta2", p "eps", p "decay"))
        optimizer
            "adamw"
            (adam "0.01")
            "Adam with decay apart from the gradient (Loshchilov and Hutter 2017)"
            (fun p -> Optimizer.AdamW(p "lr", p "beta1", p "beta2", p "eps", p "decay"))
        optimizer
            "rmsprop"
            [ "lr", "0.01"; "alpha", "0.99"; "eps", "1e-8"; "momentum", "0"; "decay", "0" ]
            "PyTorch's RMSprop"
            (fun p -> Optimizer.RmsProp(p "lr", p "alpha", p "eps", p "momentum", p "decay"))
        optimizer
            "yellowfin"
            [ "lr", "0.1"; "momentum", "0"; "window", "20"; "clip", "0"; "decay", "0" ]
            "learning rate and momentum tuned on the run (Zhang and Mitliagkas 2017)"
            (fun p -> Optimizer.YellowFin(p "lr", p "momentum", int (p "window"), p "clip", p "decay"))
    ]

let entries = table |> List.map _.Entry

let tryFind name =
    table |> List.tryFind (fun optimizer -> optimizer.Entry.Name = name)

let private usual (written: string) =
    if written = "off" then
        0.0
    else
        System.Double.Parse(written, CultureInfo.InvariantCulture)

/// The optimizer that a call means. `outside` are the settings `lr`, `momentum` and `decay`, with the places of their
/// names; `above` are those that a stage has in their place, and in that of the call's own.
let read
    scope
    (outside: Map<string, Name * Expression>)
    (above: Map<string, Name * Expression>)
    (call: Arguments.Call)
    : Result<Optimizer, Diagnostic> =
    let name = call.Callee.Value

    let together isTwice written known (own: Map<string, Expression>) =
        written
        |> Map.toList
        |> List.map (fun (parameter, (at: Name, value: Expression)) ->
            match Map.tryFind parameter own with
            | Some inside when isTwice -> Error(Diagnostic.setTwice at.Span parameter inside.Span)
            | _ when List.contains parameter known -> Ok(parameter, value)
            | _ -> Error(Diagnostic.unknownParameter at.Span name parameter known))
        |> all
        |> Result.map (fun added -> List.fold (fun all (p, value) -> Map.add p value all) own added)

    let value (written: Map<string, Expression>) (parameter, fallback) =
        match Map.tryFind parameter written with
        | Some value -> (kindOf parameter).Read scope [ value ]
        | None -> Ok(usual fallback)
        |> Result.map (fun value -> parameter, value)

    match tryFind name with
    | None -> Error(Diagnostic.unknownWord call.Callee.Span "optimizer" name (names entries))
    | Some optimizer ->
        let known = optimizer.Parameters |> List.map fst

        Arguments.byName known [] call
        |> Result.bind (together true outside known)
        |> Result.bind (together false above known)
        |> Result.bind (fun written -> optimizer.Parameters |> List.map (value written) |> all)
        |> Result.map (fun values ->
            let values = Map.ofList values
            optimizer.Make(fun name -> values[name]))
