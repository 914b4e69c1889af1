namespace Freeze

/// What becomes of the entries of a weight that do not learn.
[<RequireQualifiedAccess>]
type Stillness =
    /// They stay at their random start, bit for bit.
    | Fixed
    /// They are exactly 0.
    | Zero

/// What happens to a weight. Each of its scalars is trained, fixed or zero, and stays so.
[<RequireQualifiedAccess>]
type Treatment =
    | Trained
    | Still of Stillness: Stillness
    /// The entries at Indices (ascending) along Dimension learn; the others do not.
    | Slice of Dimension: int * Indices: int[] * Rest: Stillness
    /// As Slice, of the Count entries that have the largest Euclidean norm at the start. A bias follows the weight of
    /// its layer.
    | Largest of Dimension: int * Count: int * Rest: Stillness
    /// A linear layer's weight and bias by least squares on the features before it, with a ridge penalty.
    | Solved of Ridge: float

/// Where a weight starts.
[<RequireQualifiedAccess>]
type Start =
    | Constant of Value: float
    /// Uniform in [-Bound, Bound].
    | Uniform of Bound: float
    /// Normal of mean 0.
    | Normal of Deviation: float
    /// A weight [n, …] as a matrix of n rows with orthonormal rows or columns, whichever are fewer (Saxe et al. 2013).
    | Orthogonal
    /// Rows of a Hadamard matrix with signs drawn at random, scaled to norm 1.
    | Hadamard
    /// The tensor of the weight's name in a safetensors file, which has this SHA-256. Layer is what the weight's layer is called
    /// there; "" where it has its own name.
    | [<DefaultsTo("Layer", "\"\"")>] File of Path: string * Digest: string * Layer: string
    /// As the run that its recipe comes from has left the weight of its name.
    | Base

/// A learning rate or decay of a weight's own.
[<RequireQualifiedAccess>]
type Rate =
    /// Times the optimizer's.
    | Times of Factor: float
    | Exactly of Value: float

/// The epochs, from 1, in which a weight is updated; in others it is fixed.
[<RequireQualifiedAccess>]
type Period =
    | Always
    /// Both ends included.
    | Epochs of First: int * Last: int

/// How what learns of a weight is updated.
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

/// How many scalars learn, stay at their start and are zero.
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

    /// Whether anything of a weight learns, in some epoch at least.
    let learns (plan: WeightPlan) = (ofWeight plan).Trained > 0L
