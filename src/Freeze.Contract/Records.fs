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
    }

/// How long an epoch of a run took: apart from what it measured, which is the same in every repetition.
type EpochTime =
    {
        /// From 1.
        Epoch: int
        /// Wall time of the training steps alone.
        Seconds: float
        /// Images trained on in one of those seconds.
        ImagesPerSecond: float
        /// When the epoch ended, evaluation included: UTC, ISO 8601.
        Ended: string
        /// The machine's name.
        Machine: string
        Threads: int
    }

/// Where an unfinished run stands. Sums are over the steps done of the epoch under way.
type Position =
    {
        /// The run's hash.
        Hash: string
        /// The epoch under way, from 1.
        Epoch: int
        /// Steps of it that are done.
        Step: int
        LossSum: float
        Right: int64
        Images: int
        Seconds: float
        /// The epochs before it.
        Records: EpochRecord[]
        Times: EpochTime[]
        Threads: int
        Versions: string
    }

/// What a finished run leaves: written last, so that its presence means that the run is whole. It holds nothing that
/// a repetition with as many threads would not give again.
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
    | Finished of Result: RunResult * Times: EpochTime[]
    /// The store had its result: nothing was trained.
    | Already of Result: RunResult * Times: EpochTime[]
    | Failed of Failure: RunFailure
    /// It failed in an earlier attempt and was not tried again.
    | FailedBefore of Failure: RunFailure
    /// Another process is at it: who, and where.
    | Elsewhere of Holder: string
    /// The user stopped it; what it had done is kept, and the run goes on from there.
    | Interrupted

/// What a run tells while it goes on.
[<RequireQualifiedAccess>]
type Progress =
    /// Something that takes a while before the first step, such as fetching a data set.
    | Note of Text: string
    /// Loss and accuracy are means over the epoch so far.
    | Step of Epoch: int * Step: int * Steps: int * Loss: float * Accuracy: float * ImagesPerSecond: float
    | Epoch of Record: EpochRecord * Time: EpochTime
