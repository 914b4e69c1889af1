/// `optimizer adam(lr 1e-3)` and the settings that complement it.
module Freeze.Language.Optimizers

open System.Globalization
open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.Vocabulary
open Freeze.Language.Forms

/// The kind of a parameter, as a number; a switch is 1 if it is on.
let kindOf (parameter: string) : Kind<float> =
    let what = $"`{parameter}`"

    match parameter with
    | "lr"
    | "decay" -> number 0m 1000m what
    | "clip" -> number 0m 1_000_000m what
    | "window" -> whole 1L 10_000L what |> map float
    // The correction divides by 1 - beta^t, which must not be 0.
    | "beta1"
    | "beta2" -> belowOne what
    | "nesterov" -> oneWord "switch" [ "on", "", 1.0; "off", "", 0.0 ]
    | _ -> number 0m 1m what

/// An optimizer: its parameters with their defaults as written, and its constructor.
let private form name (parameters: (string * string) list) meaning make : Form<Optimizer> =
    let usage =
        parameters
        |> List.map (fun (parameter, written) -> $"{parameter} {written}")
        |> String.concat ", "

    let value (written: string) =
        if written = "off" then
            0.0
        else
            System.Double.Parse(written, CultureInfo.InvariantCulture)

    ofNumbers
        name
        $"{name}({usage})"
        meaning
        [
            for parameter, written in parameters -> parameter, kindOf parameter, value written
        ]
        make

let private forms =
    let adam decay =
        [
            "lr", "1e-3"
            "beta1", "0.9"
            "beta2", "0.999"
            "eps", "1e-8"
            "decay", decay
        ]

    [
        form
            "sgd"
            [ "lr", "0.01"; "momentum", "0.9"; "decay", "0"; "nesterov", "off" ]
            "stochastic gradient descent, PyTorch's rule"
            (fun p -> Optimizer.Sgd(p "lr", p "momentum", p "decay", p "nesterov" = 1.0))
        form "adam" (adam "0") "Kingma and Ba 2014" (fun p ->
            Optimizer.Adam(p "lr", p "beta1", p "beta2", p "eps", p "decay"))
        form
            "adamw"
            (adam "0.01")
            "Adam with decay apart from the gradient (Loshchilov and Hutter 2017)"
            (fun p -> Optimizer.AdamW(p "lr", p "beta1", p "beta2", p "eps", p "decay"))
        form
            "rmsprop"
            [ "lr", "0.01"; "alpha", "0.99"; "eps", "1e-8"; "momentum", "0"; "decay", "0" ]
            "PyTorch's RMSprop"
            (fun p -> Optimizer.RmsProp(p "lr", p "alpha", p "eps", p "momentum", p "decay"))
        form
            "yellowfin"
            [ "lr", "0.1"; "momentum", "0"; "window", "20"; "clip", "0"; "decay", "0" ]
            "learning rate and momentum tuned on the run (Zhang and Mitliagkas 2017)"
            (fun p -> Optimizer.YellowFin(p "lr", p "momentum", int (p "window"), p "clip", p "decay"))
    ]

/// Parameters that may also be separate settings, so that they can be lists and draws.
let standAlone =
    let parameter name written what =
        kindOf name
        |> setting name written 0.0 $"the optimizer's {what}, where its brackets do not say it"

    [
        parameter "lr" "0.01" "learning rate"
        parameter "momentum" "0.9" "momentum"
        parameter "decay" "0" "weight decay"
    ]

let isStandAlone name =
    standAlone |> List.exists (fun setting -> setting.Entry.Name = name)

/// Whether a stage may set it separately.
let isOfStage name = name = "optimizer" || isStandAlone name

/// The optimizer as given by its brackets alone.
let private kind = forms |> oneOf "optimizer" "an optimizer, such as `sgd(lr 0.1)`"

let entries = kind.Entries

let optimizer =
    call kind.Expected
    |> written kind.Entries
    |> setting
        "optimizer"
        "sgd(lr 0.01, momentum 0.9)"
        (Calls.bare (at Span.Nowhere "sgd"))
        "how the trained weights are updated"

/// The separate settings, as arguments of the optimizer.
let private arguments (written: Map<string, Written>) : Result<Argument list, Diagnostic> =
    standAlone
    |> List.choose (fun setting -> Map.tryFind setting.Entry.Name written)
    |> List.map (fun setting ->
        match setting.Phrase with
        | [ value ] ->
            Ok
                {
                    Label = Some setting.Name
                    Content = value
                }
        | phrase -> Error(Diagnostic.wrongValue (join phrase) "one number"))
    |> all

/// The optimizer that the settings mean. A stage's own settings override the run's and the call's arguments; a stage's own
/// optimizer ignores the run's settings.
let read
    (scope: Scope)
    (written: Map<string, Written>)
    (ofStage: Map<string, Written>)
    : Result<Optimizer, Diagnostic> =
    let isOverridden (argument: Argument) =
        argument.Label |> Option.exists (fun label -> ofStage.ContainsKey label.Value)

    let isOwn = ofStage.ContainsKey optimizer.Entry.Name
    let source = if isOwn then ofStage else written

    let call =
        tryRead scope source optimizer |> Option.defaultValue (Ok optimizer.Default)

    both call (both (if isOwn then Ok [] else arguments written) (arguments ofStage))
    |> Result.bind (fun (call, (outside, own)) ->
        let others =
            if isOwn then
                call.Arguments
            else
                call.Arguments @ outside |> List.filter (isOverridden >> not)

        let whole = Term.Call(call.Callee, others @ own)
        kind.Read scope [ at call.Callee.Span whole ])
