namespace Freeze

/// What one epoch of a run measured. Accuracies are shares in [0, 1]; losses are means of cross-entropy in nats.
type EpochRecord =
    {
        /// From 1.
        Epoch: int
        /// Mean over the epoch's batches, as they were when trained on.
        TrainingLoss: float
        TrainingAccuracy: float
        ValidationLoss: float
        ValidationAccuracy: float
        /// Wall time of the training steps alone, without evaluation.
        Seconds: float
    }

/// What a finished run leaves: written last, so that its presence means that the run is whole.
type RunResult =
    {
        Hash: string
        Name: string
        Epochs: EpochRecord[]
        TestLoss: float
        TestAccuracy: float
        BestValidationAccuracy: float
        Counts: Counts
        /// Fixed scalars found bit-identical to their start, and zero scalars found zero, when the run ended.
        StillVerified: int64
        Seconds: float
        Threads: int
        /// Versions of what computed this, such as "Freeze 0.1.0, libtorch 1.13.1".
        Versions: string
    }

/// Why a run ended without a result.
type RunFailure =
    {
        Hash: string
        Name: string
        Message: string
        /// What the user can do.
        Advice: string
    }

/// How a run came out.
[<RequireQualifiedAccess>]
type RunOutcome =
    | Finished of Result: RunResult
    /// The store had its result: nothing was trained.
    | Already of Result: RunResult
    | Failed of Failure: RunFailure
    /// The user stopped it; what it had done is in its records.
    | Interrupted

/// What a run tells while it goes on.
[<RequireQualifiedAccess>]
type Progress =
    /// Something that takes a while before the first step, such as fetching a data set.
    | Note of Text: string
    /// Loss and accuracy are means over the epoch so far.
    | Step of Epoch: int * Step: int * Steps: int * Loss: float * Accuracy: float * ImagesPerSecond: float
    | Epoch of Record: EpochRecord
