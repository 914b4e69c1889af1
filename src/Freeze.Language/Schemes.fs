/// Initialisation schemes: `he`, `normal(0.01)`.
module Freeze.Language.Schemes

open Freeze
open Freeze.Language.Syntax
open Freeze.Language.Values
open Freeze.Language.Forms

/// The start of a weight, by its fans.
type Scheme = Weight -> Start

let kind: Kind<Scheme> =
    let fixed' start : Scheme = fun _ -> start

    let scaled name usage meaning make =
        number 0m 1000m "the scale"
        |> map (make >> fixed')
        |> ofValue name usage meaning

    [
        word "torch" "uniform within 1/sqrt(fan-in), PyTorch's default" Starts.torch
        word "he" "normal, deviation sqrt(2/fan-out)" Starts.he
        word "xavier" "uniform within sqrt(6/(fan-in + fan-out))" Starts.xavier
        word "lecun" "normal, deviation 1/sqrt(fan-in)" Starts.lecun
        scaled "normal" "normal(0.01)" "normal, of that deviation" Start.Normal
        scaled "uniform" "uniform(0.05)" "uniform within plus and minus that" Start.Uniform
        word "orthogonal" "orthonormal rows or columns (Saxe et al. 2013)" (fixed' Start.Orthogonal)
        word "hadamard" "rows of a Hadamard matrix with random signs" (fixed' Start.Hadamard)
        word "zero" "all 0" (fixed' (Start.Constant 0.0))
    ]
    |> oneOf "scheme" "a scheme, such as `he`"

/// The scheme that an expression names.
let scheme scope (expression: Expression) : Result<Scheme, Diagnostic> = kind.Read scope [ expression ]

/// Whether a scheme applies to kernels only, since it needs their fans, or rows and columns.
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
