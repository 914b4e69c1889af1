/// Schemes of initialisation: `he`, `normal(0.01)`.
module Freeze.Language.Schemes

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values

/// Where a weight of given fans starts.
type Scheme = Weight -> Start

/// The scheme that an expression names.
let scheme scope (expression: Expression) : Result<Scheme, Diagnostic> =
    let known = Vocabulary.names Vocabulary.inits

    let withOne (call: Arguments.Call) make =
        match call.Arguments with
        | [ { Label = None; Content = value } ] ->
            numberBetween scope 0m 1000m "the scale" value
            |> Result.map (fun scale -> fun (_: Weight) -> make (float scale))
        | _ ->
            let usage = Vocabulary.usage Vocabulary.inits call.Callee.Value
            Error(Diagnostic.wrongValue expression.Span $"`{usage}`")

    let plain (call: Arguments.Call) (scheme: Scheme) =
        match call.Arguments with
        | [] -> Ok scheme
        | first :: _ ->
            Error(Diagnostic.wrongValue first.Content.Span $"`{call.Callee.Value}` without brackets")

    Arguments.call scope "a scheme, such as `he`" expression
    |> Result.bind (fun call ->
        match call.Callee.Value with
        | "torch" -> plain call Starts.torch
        | "he" -> plain call Starts.he
        | "xavier" -> plain call Starts.xavier
        | "lecun" -> plain call Starts.lecun
        | "orthogonal" -> plain call (fun _ -> Start.Orthogonal)
        | "hadamard" -> plain call (fun _ -> Start.Hadamard)
        | "zero" -> plain call (fun _ -> Start.Constant 0.0)
        | "normal" -> withOne call Start.Normal
        | "uniform" -> withOne call Start.Uniform
        | other -> Error(Diagnostic.unknownWord call.Callee.Span "scheme" other known))

/// Whether a scheme has a meaning for kernels alone: it needs their fans, or rows and columns.
let isOfKernels (scheme: Scheme) : bool =
    let bias: Weight =
        {
            Name = "bias"
            Layer = ""
            Kind = LayerKind.Conv
            IsBias = true
            Shape = [| 1 |]
            FanIn = 1
            FanOut = 2
        }

    let other = { bias with FanOut = 3 }
    let start = scheme bias
    start.IsOrthogonal || start.IsHadamard || start <> scheme other
