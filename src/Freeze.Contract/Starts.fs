namespace Freeze

open System

/// Named initialisation schemes: what they mean for a weight with given fans.
[<RequireQualifiedAccess>]
module Starts =
    /// PyTorch's default: uniform within 1 / sqrt(fan-in), which is He's with a = sqrt 5; biases too. Norms: 1 and 0.
    let torch (weight: Weight) =
        match weight.Kind with
        | LayerKind.BatchNorm
        | LayerKind.Norm -> Start.Constant(if weight.IsBias then 0.0 else 1.0)
        | LayerKind.Conv
        | LayerKind.Linear -> Start.Uniform(1.0 / sqrt (float weight.FanIn))

    /// He et al. 2015 with the fan-out, as in the source papers' nets: normal, deviation sqrt(2 / fan-out).
    let he (weight: Weight) =
        Start.Normal(sqrt (2.0 / float weight.FanOut))

    /// Glorot and Bengio 2010: uniform within sqrt(6 / (fan-in + fan-out)).
    let xavier (weight: Weight) =
        Start.Uniform(sqrt (6.0 / float (weight.FanIn + weight.FanOut)))

    /// LeCun et al. 1998: normal, deviation 1 / sqrt(fan-in).
    let lecun (weight: Weight) =
        Start.Normal(1.0 / sqrt (float weight.FanIn))

    /// The name of a start in tables.
    let describe (start: Start) =
        let number (value: float) =
            value.ToString("0.####", Globalization.CultureInfo.InvariantCulture)

        match start with
        | Start.Constant value -> number value
        | Start.Uniform bound -> $"uniform ±{number bound}"
        | Start.Normal deviation -> $"normal σ {number deviation}"
        | Start.Orthogonal -> "orthogonal"
        | Start.Hadamard -> "hadamard"
        | Start.File(path, _, _) -> IO.Path.GetFileName path
        | Start.Base -> "the base's"

    /// The start of a weight, for tables: zero if the plan says so, whatever the weight's own start is.
    let ofPlan (plan: WeightPlan) =
        match plan.Treatment with
        | Treatment.Still Stillness.Zero -> describe (Start.Constant 0.0)
        | _ -> describe plan.Start
