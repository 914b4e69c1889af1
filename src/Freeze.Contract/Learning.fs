namespace Freeze

[<RequireQualifiedAccess>]
type Optimizer =
    /// As in PyTorch's SGD: decay is added to the gradient before momentum.
    | Sgd of LearningRate: float * Momentum: float * Decay: float * Nesterov: bool
    /// Kingma and Ba 2014; decay is added to the gradient.
    | Adam of LearningRate: float * Beta1: float * Beta2: float * Epsilon: float * Decay: float
    /// Loshchilov and Hutter 2017; the weight shrinks by decay times the learning rate.
    | AdamW of LearningRate: float * Beta1: float * Beta2: float * Epsilon: float * Decay: float
    /// As in PyTorch's RMSprop; Alpha smooths the squared gradient.
    | RmsProp of LearningRate: float * Alpha: float * Epsilon: float * Momentum: float * Decay: float
    /// Zhang and Mitliagkas 2017: learning rate and momentum are tuned during the run. Clip is the maximum norm of the gradient,
    /// 0 for none; Window is the window of the curvature range.
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
    /// The learning rate is multiplied by the fraction of steps that remain, raised to Power.
    | Polynomial of Power: float
    /// Smith and Topin 2018, as in PyTorch's OneCycleLR: from Start times the learning rate up to it over the fraction Rise of
    /// all steps, then down to End times the learning rate; each part is half a cosine.
    | OneCycle of Rise: float * Start: float * End: float
    /// The learning rate is multiplied by Factor each time Epochs epochs in a row bring no a better validation accuracy.
    | Plateau of Epochs: int * Factor: float

/// What is done to the gradients of a step, all together, before the optimizer sees them.
[<RequireQualifiedAccess>]
type Clipping =
    | Off
    /// If their Euclidean norm exceeds Greatest, they are scaled down to it.
    | Norm of Greatest: float
    /// Each entry is clamped to [-Greatest, Greatest].
    | Value of Greatest: float

[<RequireQualifiedAccess>]
type Loss =
    /// Smoothing is the fraction of the target that is spread over all classes.
    | CrossEntropy of Smoothing: float
    /// The mean squared error of the reconstructed input. Each channel of the last node holds one pixel of a block, in the order
    /// channel, row, column; otherwise its values are those of the input. Files cannot set it; parts of a run use it.
    | Reconstruction

[<RequireQualifiedAccess>]
type Precision =
    | Fp32
    /// Single precision, but a GPU rounds the factors of products to 10 bits; on a CPU the same as Fp32.
    | Tf32
    /// Activations in bfloat16; weights, statistics and updates in single precision.
    | Bf16
    | Fp64

[<RequireQualifiedAccess>]
type Device =
    /// A GPU if there is one.
    | Auto
    | Cpu
    | Cuda

[<RequireQualifiedAccess>]
type Validation =
    /// The net is evaluated on the whole test set after each epoch.
    | Test
    /// Images training images, drawn by the seed, are held out; the net is evaluated on the test set at the end.
    | HeldOut of Images: int

/// What ends a run before its last epoch.
[<RequireQualifiedAccess>]
type Stop =
    /// The validation accuracy has not improved for Epochs epochs.
    | Plateau of Epochs: int
    /// The validation accuracy is at least this fraction.
    | Accuracy of Share: float
    /// Epochs epochs are done. Files cannot write it: it marks the beginning of a run whose rates depend on its length.
    | After of Epochs: int

/// Which weights a run saves.
[<RequireQualifiedAccess>]
type Keep =
    /// The weights after its last epoch.
    | Last
    /// Also the weights after the epoch with the best validation accuracy; the first one on ties.
    | Best

/// How a stage of a net is trained when it is its turn.
[<RequireQualifiedAccess>]
type StageLearning =
    /// Trains its weights, followed by a classifier.
    | Classify
    /// Solves for a classifier alone, by least squares with a ridge penalty, on the features that the initial weights give.
    | Solve of Ridge: float
    /// Trains its weights without labels, followed by a decoder that reconstructs the stage's input; then fixes them and trains a
    /// classifier.
    | Reconstruct
    /// As Reconstruct, but solves for the classifier by least squares.
    | ReconstructThenSolve of Ridge: float

/// In which order the parts of a net are trained.
[<RequireQualifiedAccess>]
type Learning =
    | Together
    /// Each stage of the net is trained with a temporary linear classifier on the features of the stages before it, which are
    /// then fixed. Candidates are the optimizers to try for each stage; the one with the best validation accuracy (or the
    /// smallest error, if the stage reconstructs its input) is kept. Stages says how each stage is trained.
    | StageByStage of Candidates: Optimizer[][] * Stages: StageLearning[]
    /// The recipe's weights are trained for After epochs; from there, Members nets are trained under Weights and FrozenStatistics
    /// for the recipe's epochs, each with its own order of batches.
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
    /// Whether the first epochs differ if there are more epochs in total.
    let dependsOnLength (schedule: Schedule) =
        match schedule with
        | Schedule.Cosine
        | Schedule.Polynomial _
        | Schedule.OneCycle _ -> true
        | Schedule.Constant
        | Schedule.Step _
        | Schedule.Exponential _
        | Schedule.Plateau _ -> false
