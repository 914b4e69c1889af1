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
    /// The entries at Indices (ascending) along Dimension learn; the others are still.
    | Slice of Dimension: int * Indices: int[] * Rest: Stillness

type WeightPlan =
    { Weight: Weight; Treatment: Treatment }

[<RequireQualifiedAccess>]
type Optimizer =
    /// As PyTorch's SGD: decay is added to the gradient before momentum.
    | Sgd of LearningRate: float * Momentum: float * Decay: float * Nesterov: bool

[<RequireQualifiedAccess>]
type Validation =
    /// After each epoch the whole test set is judged.
    | Test
    /// So many training images are held out, drawn by the seed; the test set is judged at the end.
    | HeldOut of Images: int

/// Whether a run uses all training images or the first so many.
[<RequireQualifiedAccess>]
type Images =
    | All
    | First of Count: int

/// All that decides a run's numbers. Its hash is the run's address.
type Recipe =
    {
        Data: string
        Images: Images
        Validation: Validation
        Net: Net
        Weights: WeightPlan[]
        Optimizer: Optimizer
        Batch: int
        Epochs: int
        Shuffle: bool
        Seed: int64
    }

/// The value of an axis in one run.
[<RequireQualifiedAccess>]
type AxisValue =
    | Number of Value: float
    | Word of Text: string

type Axis = { Name: string; Value: AxisValue }

/// One training to do: what it is called, and its recipe.
type Run =
    {
        Name: string
        Axes: Axis[]
        NetName: string
        Recipe: Recipe
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
    let none =
        {
            Total = 0L
            Trained = 0L
            Fixed = 0L
            Zero = 0L
        }

    let add a b =
        {
            Total = a.Total + b.Total
            Trained = a.Trained + b.Trained
            Fixed = a.Fixed + b.Fixed
            Zero = a.Zero + b.Zero
        }

    let private still stillness count =
        match stillness with
        | Stillness.Fixed ->
            { none with
                Total = count
                Fixed = count
            }
        | Stillness.Zero ->
            { none with
                Total = count
                Zero = count
            }

    let ofWeight (plan: WeightPlan) =
        let size = Weight.size plan.Weight

        let trained count =
            { none with
                Total = count
                Trained = count
            }

        match plan.Treatment with
        | Treatment.Trained -> trained size
        | Treatment.Still stillness -> still stillness size
        | Treatment.Slice(dimension, indices, rest) ->
            let learning = size / int64 plan.Weight.Shape[dimension] * int64 indices.Length

            add (trained learning) (still rest (size - learning))

    let ofWeights (plans: WeightPlan seq) =
        plans |> Seq.map ofWeight |> Seq.fold add none
