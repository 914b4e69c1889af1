namespace Freeze

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
    /// Smith and Topin 2018, as PyTorch's OneCycleLR: from Start times the learning rate up to it over the fraction Rise of all
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

[<RequireQualifiedAccess>]
type Loss =
    /// Smoothing is the fraction of the target that is spread over all classes.
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
    /// After each epoch the net is evaluated on the whole test set.
    | Test
    /// So many training images are held out, drawn by the seed; the test set is evaluated on at the end.
    | HeldOut of Images: int

/// What ends a run after an epoch that is not its last.
[<RequireQualifiedAccess>]
type Stop =
    /// The best validation accuracy is so many epochs old.
    | Plateau of Epochs: int
    /// The validation accuracy is at least this fraction.
    | Accuracy of Share: float
    /// So many epochs are over. No file writes it: it is the beginning of a run whose rates depend on its length.
    | After of Epochs: int

/// Which weights a run leaves behind.
[<RequireQualifiedAccess>]
type Keep =
    /// Those after its last epoch.
    | Last
    /// Also those after the epoch of the best validation accuracy, of equal ones the first.
    | Best

/// What a stage of a net learns when it is its turn.
[<RequireQualifiedAccess>]
type StageLearning =
    /// Its weights, behind a classifier.
    | Classify
    /// A classifier alone, by least squares with a ridge penalty, on what its weights make of the images at their start.
    | Solve of Ridge: float
    /// Its weights without labels, before a decoder that makes the stage's input again; then, with these fixed, a
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
