namespace Freeze

open System.Globalization

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
    /// The tensor of the weight's name in a safetensors file, which has this SHA-256.
    | File of Path: string * Digest: string

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
type Optimizer =
    /// As PyTorch's SGD: decay is added to the gradient before momentum.
    | Sgd of LearningRate: float * Momentum: float * Decay: float * Nesterov: bool
    /// Kingma and Ba 2014; decay is added to the gradient.
    | Adam of LearningRate: float * Beta1: float * Beta2: float * Epsilon: float * Decay: float
    /// Loshchilov and Hutter 2017; the weight shrinks by decay times the learning rate.
    | AdamW of LearningRate: float * Beta1: float * Beta2: float * Epsilon: float * Decay: float
    /// As PyTorch's RMSprop; Alpha smooths the squared gradient.
    | RmsProp of LearningRate: float * Alpha: float * Epsilon: float * Momentum: float * Decay: float
    /// Zhang and Mitliagkas 2017: learning rate and momentum are tuned on the run. Clip is the greatest norm of the
    /// gradient, 0 for none; Window is that of the curvature's range.
    | YellowFin of LearningRate: float * Momentum: float * Window: int * Clip: float * Decay: float

[<RequireQualifiedAccess>]
type Schedule =
    | Constant
    /// The learning rate is multiplied by Factor after each of these epochs.
    | Step of Epochs: int[] * Factor: float
    /// Half a cosine from the learning rate to 0 over all epochs.
    | Cosine
    /// The learning rate is multiplied by Factor after each epoch.
    | Exponential of Factor: float
    /// The learning rate times the part of all steps that is left, to the power.
    | Polynomial of Power: float
    /// Smith and Topin 2018, as PyTorch's OneCycleLR: from Start times the learning rate up to it over the share Rise of all
    /// steps, then down to End times it; each half a cosine.
    | OneCycle of Rise: float * Start: float * End: float
    /// The learning rate is multiplied by Factor after each Epochs in a row without a better validation accuracy.
    | Plateau of Epochs: int * Factor: float

/// What becomes of gradients before the optimizer sees them, all that learn in a step together.
[<RequireQualifiedAccess>]
type Clipping =
    | Off
    /// Where their Euclidean norm is greater than this they are scaled down to it.
    | Norm of Greatest: float
    /// Each entry is brought between minus this and this.
    | Value of Greatest: float

/// Where a run's images come from.
[<RequireQualifiedAccess>]
type DataSource =
    /// One of DataSets.all. Digest is that of its images and labels; "" where it is not known.
    | [<DefaultsTo("Digest", "\"\"")>] Named of Name: string * Digest: string
    /// A folder of images, each brought to Size x Size. Digest is that of its classes, paths, labels and files; "" where it is
    /// not known, as are then the counts.
    | Folder of
        Path: string *
        Digest: string *
        Size: int *
        Classes: int *
        TrainingImages: int *
        TestImages: int

/// How pixels, which are bytes, become a net's input. What it is by is that of all the set's training images.
[<RequireQualifiedAccess>]
type Normalisation =
    /// For each channel less its mean, divided by its standard deviation.
    | Own
    /// The same by these numbers, in which the brightest pixel is 1.
    | By of Mean: float[] * Deviation: float[]
    /// Less the mean image, pixel by pixel; not divided.
    | MeanImage

[<RequireQualifiedAccess>]
type Augmentation =
    /// Zeros around the image, then a window of the image's size at a random place.
    | Crop of Padding: int
    /// Left and right change places in half of the images.
    | Flip
    /// A window at a random place, of a share of the image's area between Scale and 1 and of an aspect between Ratio and
    /// 1 / Ratio, scaled to the image's size.
    | ResizedCrop of Scale: float * Ratio: float
    /// Turned about its middle by an angle between minus this and this.
    | Rotation of Degrees: float
    /// A square of this side at a random place is filled with the mean (DeVries and Taylor 2017).
    | Cutout of Size: int
    /// Mixed with another image, and its label with the other's, in shares drawn from Beta(Alpha, Alpha) (Zhang et al. 2018).
    | Mixup of Alpha: float

[<RequireQualifiedAccess>]
type Loss =
    /// Smoothing is the share of the target that is spread over all classes.
    | CrossEntropy of Smoothing: float
    /// The mean squared error of the net's input, made again: the last node's channels are the pixels of a block each, in
    /// the order channel, row, column, or its values those of the input. No file can ask for it: a part of a run has it.
    | Reconstruction

[<RequireQualifiedAccess>]
type Precision =
    | Fp32
    /// Single precision, of which a GPU rounds the factors of products to 10 bits; on a processor the same as Fp32.
    | Tf32
    /// Activations in bfloat16; weights, statistics and updates in single precision.
    | Bf16
    | Fp64

[<RequireQualifiedAccess>]
type Device =
    /// A GPU where there is one.
    | Auto
    | Cpu
    | Cuda

[<RequireQualifiedAccess>]
type Validation =
    /// After each epoch the whole test set is judged.
    | Test
    /// So many training images are held out, drawn by the seed; the test set is judged at the end.
    | HeldOut of Images: int

/// What ends a run after an epoch that is not its last.
[<RequireQualifiedAccess>]
type Stop =
    /// The best validation accuracy is so many epochs old.
    | Plateau of Epochs: int
    /// The validation accuracy is at least this share.
    | Accuracy of Share: float

/// Which weights a run leaves behind.
[<RequireQualifiedAccess>]
type Keep =
    /// Those after its last epoch.
    | Last
    /// These, and beside them those after the epoch of the best validation accuracy, of equal ones the first.
    | Best

/// Whether a run uses all training images or the first so many.
[<RequireQualifiedAccess>]
type Images =
    | All
    | First of Count: int

/// What a stage of a net learns when it is its turn.
[<RequireQualifiedAccess>]
type StageLearning =
    /// Its weights, behind a classifier.
    | Classify
    /// A classifier alone, by least squares with a ridge penalty, on what its weights make of the images at their start.
    | Solve of Ridge: float
    /// Its weights without labels, in front of a decoder that makes the stage's input again; then, with these fixed, a
    /// classifier.
    | Reconstruct
    /// The same with a classifier by least squares.
    | ReconstructThenSolve of Ridge: float

/// In which order the parts of a net learn.
[<RequireQualifiedAccess>]
type Learning =
    | Together
    /// Each stage of the net behind a temporary linear classifier, on the features of the stages before it, which are
    /// then fixed. For each stage the optimizers to try, of which the one with the best validation accuracy is kept (or the
    /// least error of a stage that learns to reconstruct), and what it learns.
    | StageByStage of Candidates: Optimizer[][] * Stages: StageLearning[]
    /// The recipe's weights for After epochs, then Members nets from there under Weights and FrozenStatistics for the
    /// recipe's epochs, each with batches in an order of its own.
    | Ensemble of Members: int * After: int * Weights: WeightPlan[] * FrozenStatistics: string[]

/// All that decides a run's numbers. Its hash is the run's address. A field that is added here, or to a case below, is marked
/// with `DefaultsTo`: then the addresses of all recipes before it hold.
type Recipe =
    {
        Data: DataSource
        Images: Images
        /// The test images that it is judged by.
        [<DefaultsTo("\"all\"")>]
        TestImages: Images
        Validation: Validation
        Normalisation: Normalisation
        Augmentations: Augmentation[]
        /// Outputs of the net; the data may have fewer classes.
        Classes: int
        Net: Net
        Weights: WeightPlan[]
        /// Batch norms that normalise by their running statistics, which stay where they start.
        FrozenStatistics: string[]
        Learning: Learning
        Loss: Loss
        Optimizer: Optimizer
        [<DefaultsTo("\"off\"")>]
        Clipping: Clipping
        Schedule: Schedule
        /// Epochs in which the learning rate rises from 0 step by step.
        Warmup: int
        Batch: int
        /// Whether an epoch ends with its last whole batch.
        [<DefaultsTo("false")>]
        DropLast: bool
        Epochs: int
        /// The first that holds ends the run; without, it has all its epochs.
        Stops: Stop[]
        [<DefaultsTo("\"last\"")>]
        Keep: Keep
        Shuffle: bool
        Precision: Precision
        Device: Device
        Seed: int64
    }

/// The value of an axis in one run.
[<RequireQualifiedAccess>]
type AxisValue =
    | Number of Value: float
    | Word of Text: string

[<RequireQualifiedAccess>]
module AxisValue =
    /// As files write it: `0.1`, `densenet-100-12`.
    let text (value: AxisValue) =
        match value with
        | AxisValue.Number number -> number.ToString CultureInfo.InvariantCulture
        | AxisValue.Word word -> word

type Axis = { Name: string; Value: AxisValue }

/// A published value that a report shows beside the run's own.
type Expectation =
    {
        Measure: string
        Value: float
        /// Such as "Table 1".
        Source: string
    }

/// A candidate of a search over whole runs.
type SearchPlace =
    {
        /// What the search is called; its candidates have this and their axes in common.
        Search: string
        /// From 0, the start.
        Candidate: int
        /// From 1 where the search halves; else 0.
        Rung: int
        /// What was drawn for the candidate.
        Draws: Axis[]
    }

/// Where a run stands among the runs of its file.
[<RequireQualifiedAccess>]
type Place =
    /// It is of no search.
    | Alone
    | InSearch of Place: SearchPlace

/// One training to do: what it is called, and its recipe.
type Run =
    {
        Name: string
        /// The profile that it was planned with, or "".
        Profile: string
        /// Its values of the lists of its file; what a search draws is in its place.
        Axes: Axis[]
        Place: Place
        NetName: string
        Expected: Expectation[]
        Recipe: Recipe
    }

    /// What it can be called by: its axes, and what a search has drawn for it.
    member run.Values: Axis[] =
        match run.Place with
        | Place.Alone -> run.Axes
        | Place.InSearch place -> Array.append run.Axes place.Draws

    /// Its columns in tables: its axes, then candidate, rung and draws of a search.
    member run.Columns: Axis[] =
        match run.Place with
        | Place.Alone -> run.Axes
        | Place.InSearch place ->
            let numbered name (number: int) =
                {
                    Name = name
                    Value = AxisValue.Number(float number)
                }

            [|
                yield! run.Axes
                numbered "candidate" place.Candidate
                if place.Rung > 0 then
                    numbered "rung" place.Rung
                yield! place.Draws
            |]

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

        let still kind =
            if rest = kind then total - trained else 0L

        {
            Total = total
            Trained = trained
            Fixed = still Stillness.Fixed
            Zero = still Stillness.Zero
        }

    let ofWeights (plans: WeightPlan seq) =
        plans |> Seq.map ofWeight |> Seq.fold add none

    /// Whether anything of a weight learns, in some epoch at least.
    let learns (plan: WeightPlan) = (ofWeight plan).Trained > 0L

[<RequireQualifiedAccess>]
module Update =
    /// The optimizer's learning rate and decay, from the first epoch to the last.
    let usual =
        {
            LearningRate = Rate.Times 1.0
            Decay = Rate.Times 1.0
            Period = Period.Always
        }

[<RequireQualifiedAccess>]
module Optimizer =
    let learningRate (optimizer: Optimizer) =
        match optimizer with
        | Optimizer.Sgd(lr, _, _, _)
        | Optimizer.Adam(lr, _, _, _, _)
        | Optimizer.AdamW(lr, _, _, _, _)
        | Optimizer.RmsProp(lr, _, _, _, _)
        | Optimizer.YellowFin(lr, _, _, _, _) -> lr

    let decay (optimizer: Optimizer) =
        match optimizer with
        | Optimizer.Sgd(_, _, decay, _)
        | Optimizer.Adam(_, _, _, _, decay)
        | Optimizer.AdamW(_, _, _, _, decay)
        | Optimizer.RmsProp(_, _, _, _, decay)
        | Optimizer.YellowFin(_, _, _, _, decay) -> decay

[<RequireQualifiedAccess>]
module Augmentation =
    /// What files call it.
    let name (augmentation: Augmentation) =
        match augmentation with
        | Augmentation.Crop _ -> "crop"
        | Augmentation.Flip -> "flip"
        | Augmentation.ResizedCrop _ -> "resized-crop"
        | Augmentation.Rotation _ -> "rotate"
        | Augmentation.Cutout _ -> "cutout"
        | Augmentation.Mixup _ -> "mixup"

[<RequireQualifiedAccess>]
module Schedule =
    /// Whether its first epochs are others where there are more of them.
    let dependsOnLength (schedule: Schedule) =
        match schedule with
        | Schedule.Cosine
        | Schedule.Polynomial _
        | Schedule.OneCycle _ -> true
        | Schedule.Constant
        | Schedule.Step _
        | Schedule.Exponential _
        | Schedule.Plateau _ -> false

[<RequireQualifiedAccess>]
module DataSource =
    let private folderName (path: string) =
        System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator path)

    /// What is known of a run's images without opening them; nothing of a name that no set has.
    let tryDescribe (source: DataSource) : DataSet option =
        match source with
        | DataSource.Named(name, _) -> DataSets.tryFind name
        | DataSource.Folder(path, digest, size, classes, trainingImages, testImages) ->
            Some
                {
                    Name = folderName path
                    Image = [| 3; size; size |]
                    Classes = classes
                    TrainingImages = trainingImages
                    TestImages = testImages
                    Digest = digest
                    About = path
                }

    /// A set as it was published; of a name that no set has nothing is known.
    let published (name: string) : DataSource =
        let digest = DataSets.tryFind name |> Option.map _.Digest |> Option.defaultValue ""
        DataSource.Named(name, digest)

    /// That of the images and labels; "" where it is not known.
    let digest (source: DataSource) =
        match source with
        | DataSource.Named(_, digest)
        | DataSource.Folder(_, digest, _, _, _, _) -> digest

    /// Whether it is known which images these are: without, a run has no address.
    let isIdentified (source: DataSource) = digest source <> ""

    /// What files call it.
    let plainName (source: DataSource) =
        match source with
        | DataSource.Named(name, _) -> name
        | DataSource.Folder(path, _, _, _, _, _) -> folderName path

    /// What tables call it: a copy that is not the published set is named as one.
    let name (source: DataSource) =
        match source, tryDescribe source with
        | DataSource.Named(name, digest), Some set when digest <> "" && digest <> set.Digest ->
            if set.IsKnown then
                $"{name}, not the published files"
            else
                $"{name}, not verified"
        | _ -> plainName source

[<RequireQualifiedAccess>]
module Recipe =
    /// How many training images a run uses, those held out among them, and how many test images; none where nothing is
    /// known of its data.
    let images (recipe: Recipe) : int * int =
        let used all (images: Images) =
            match images with
            | Images.All -> all
            | Images.First count -> count

        match DataSource.tryDescribe recipe.Data with
        | Some set -> used set.TrainingImages recipe.Images, used set.TestImages recipe.TestImages
        | None -> 0, 0

    /// The same, judged by all test images.
    let judgedByAll (recipe: Recipe) : Recipe = { recipe with TestImages = Images.All }

    /// The same net where all weights are read from the file that the run left: those that its weights started from are not
    /// needed. A slice that was chosen by them is no slice any more.
    let ofKeptWeights (recipe: Recipe) : Recipe =
        let kept plan =
            match plan.Start, plan.Treatment with
            | Start.File _, Treatment.Largest _ ->
                { plan with
                    Start = Start.Constant 0.0
                    Treatment = Treatment.Trained
                }
            | Start.File _, _ -> { plan with Start = Start.Constant 0.0 }
            | _ -> plan

        { recipe with
            Weights = recipe.Weights |> Array.map kept
        }
