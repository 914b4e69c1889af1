namespace Freeze

/// What happens to the entries of a weight that are not trained.
[<RequireQualifiedAccess>]
type Stillness =
    /// They keep their random initial values, bit for bit.
    | Fixed
    /// They are exactly 0.
    | Zero

/// What happens to a weight. Each of its scalars is trained, fixed or zero throughout.
[<RequireQualifiedAccess>]
type Treatment =
    | Trained
    | Still of Stillness: Stillness
    /// The entries at Indices (ascending) along Dimension are trained; the others are not.
    | Slice of Dimension: int * Indices: int[] * Rest: Stillness
    /// As Slice, with the Count entries that have the largest Euclidean norm at the start. A bias follows its layer's weight.
    | Largest of Dimension: int * Count: int * Rest: Stillness
    /// A linear layer's weight and bias are solved for by least squares on its input features, with a ridge penalty.
    | Solved of Ridge: float

/// The initial values of a weight.
[<RequireQualifiedAccess>]
type Start =
    | Constant of Value: float
    /// Uniform in [-Bound, Bound].
    | Uniform of Bound: float
    /// Normal with mean 0.
    | Normal of Deviation: float
    /// A weight [n, …] as a matrix of n rows with orthonormal rows or columns, whichever are fewer (Saxe et al. 2013).
    | Orthogonal
    /// Rows of a Hadamard matrix with random signs, scaled to norm 1.
    | Hadamard
    /// The tensor with the weight's name in a safetensors file with this SHA-256. Layer is the layer's name in the file; "" if it
    /// is the same as in the net.
    | [<DefaultsTo("Layer", "\"\"")>] File of Path: string * Digest: string * Layer: string
    /// The values of the same weight in the run that the recipe starts from.
    | Base

/// A weight's own learning rate or decay.
[<RequireQualifiedAccess>]
type Rate =
    /// A multiple of the optimizer's value.
    | Times of Factor: float
    | Exactly of Value: float

/// The epochs, from 1, in which a weight is updated; in the others it is fixed.
[<RequireQualifiedAccess>]
type Period =
    | Always
    /// Both ends inclusive.
    | Epochs of First: int * Last: int

/// How the trained part of a weight is updated.
type Update =
    {
        LearningRate: Rate
        Decay: Rate
        Period: Period
    }

type WeightPlan =
    {
        Weight: Weight
        Start: Start
        Treatment: Treatment
        Update: Update
    }

[<RequireQualifiedAccess>]
module Update =
    /// The optimizer's learning rate and decay, from the first epoch to the last.
    let byDefault =
        {
            LearningRate = Rate.Times 1.0
            Decay = Rate.Times 1.0
            Period = Period.Always
        }

/// How many scalars are trained, fixed at their start, and zero.
type Counts =
    {
        Total: int64
        Trained: int64
        Fixed: int64
        Zero: int64
    }

[<RequireQualifiedAccess>]
module Counts =
    let ofWeight (plan: WeightPlan) =
        let total = Weight.size plan.Weight

        let slice (dimension: int) (count: int) =
            total / int64 plan.Weight.Shape[dimension] * int64 count

        let trained, rest =
            match plan.Treatment with
            | Treatment.Trained
            | Treatment.Solved _ -> total, Stillness.Fixed
            | Treatment.Still stillness -> 0L, stillness
            | Treatment.Slice(dimension, indices, rest) -> slice dimension indices.Length, rest
            | Treatment.Largest(dimension, count, rest) -> slice dimension count, rest

        let untrained kind =
            if rest = kind then total - trained else 0L

        {
            Total = total
            Trained = trained
            Fixed = untrained Stillness.Fixed
            Zero = untrained Stillness.Zero
        }

    let ofWeights (plans: WeightPlan seq) : Counts =
        let counts = plans |> Seq.map ofWeight |> Seq.toArray

        {
            Total = counts |> Array.sumBy _.Total
            Trained = counts |> Array.sumBy _.Trained
            Fixed = counts |> Array.sumBy _.Fixed
            Zero = counts |> Array.sumBy _.Zero
        }

    /// Whether any part of a weight is trained in any epoch.
    let learns (plan: WeightPlan) = (ofWeight plan).Trained > 0L
