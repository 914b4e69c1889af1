namespace Freeze

/// What one epoch of a run measured. Accuracies are fractions in [0, 1]; losses are mean cross-entropies in nats. If a stage
/// reconstructs its input, losses are mean squared errors and accuracies are 0, since nothing is classified.
type EpochRecord =
    {
        /// From 1.
        Epoch: int
        /// Mean over the epoch's batches, each measured when it was trained on.
        TrainingLoss: float
        TrainingAccuracy: float
        ValidationLoss: float
        ValidationAccuracy: float
    }

/// How long an epoch of a run took; kept apart from the measurements, which are the same in every repetition.
type EpochTime =
    {
        /// From 1.
        Epoch: int
        /// Wall time of the training steps only.
        Seconds: float
        /// Images trained on per second of that time.
        ImagesPerSecond: float
        /// When the epoch ended, including evaluation: UTC, ISO 8601.
        Ended: string
        /// The machine's name.
        Machine: string
        Threads: int
        /// The hash of the run that trained this epoch, if a longer run continued from it; else "".
        [<DefaultsTo("\"\"")>]
        From: string
        /// Peak main memory of the process that trained the run, up to the end of the epoch, in bytes beyond what it used before
        /// its first run. 0 if the system does not report it.
        [<DefaultsTo("0")>]
        PeakMemory: int64
    }

/// The size of the trained part of a layer's weight, without its bias.
type LayerSize =
    {
        Layer: string
        /// The mean of |w|.
        MeanAbsolute: float
        /// About the mean, divided by n.
        Variance: float
        /// The Euclidean norm.
        Norm: float
    }

/// The weights of a run at the end of an epoch: the trained part of each layer.
type WeightRecord =
    {
        /// From 1.
        Epoch: int
        Layers: LayerSize[]
    }

/// A machine that has trained a run or a part of it.
type MachineRecord =
    {
        /// Its name.
        Machine: string
        /// The model of its processor; "" if the system does not report it.
        Processor: string
    }

/// What one epoch of a reconstructing stage measured: mean squared errors per input value.
type ReconstructionEpoch =
    {
        /// From 1.
        Epoch: int
        TrainingError: float
        ValidationError: float
    }

/// One training of a stage: the optimizer that was tried and the measurements of its epochs.
type CandidateRecord =
    {
        Optimizer: Optimizer
        /// Filled if the stage learned to reconstruct its input; else empty.
        Reconstruction: ReconstructionEpoch[]
        /// The epochs of its classifier; after a reconstruction only the best candidate has one.
        Epochs: EpochRecord[]
        /// Why it failed, such as a loss that is no longer a number; else "".
        Failure: string
    }

/// A stage that was trained with its own classifier.
type StageRecord =
    {
        Name: string
        /// The address of everything that the stage depends on: stages with the same address are trained once.
        Address: string
        Candidates: CandidateRecord[]
        /// Index from 0 of the candidate with the best validation accuracy in its last epoch, or with the smallest validation
        /// error of a reconstruction; the first one on ties.
        Best: int
        /// SHA-256 of its weights file.
        Weights: string
    }

/// How long a stage took; kept apart from the measurements, which are the same in every repetition.
type StageTime =
    {
        Name: string
        Address: string
        /// Wall time of computing the features of the earlier stages, once for all candidates; 0 if each batch computes them.
        FeatureSeconds: float
        /// The epochs of each candidate.
        Candidates: EpochTime[][]
        /// The epochs of the classifier after a reconstruction; else empty.
        Classifier: EpochTime[]
    }

/// A member of an ensemble after training, evaluated on the test set.
type MemberRecord =
    {
        Epochs: EpochRecord[]
        TestLoss: float
        TestAccuracy: float
    }

/// Nets that continued from one start, evaluated on the test set.
type EnsembleRecord =
    {
        /// The run that trained the common start.
        Base: string
        Members: MemberRecord[]
        /// Mean of the members' accuracies.
        MeanAccuracy: float
        /// Accuracy of the mean of the members' softmax outputs.
        Accuracy: float
        /// The fraction of images on which two members disagree: the mean over all pairs.
        Disagreement: float
        /// Trained scalars of all members: the number of members times those of one.
        LearnedParameters: int64
        /// Scalars to store for all members: those of one net plus, for each further member, the trained ones.
        DistinctParameters: int64
    }

/// What a way of training leaves in addition to the epochs.
[<RequireQualifiedAccess>]
type LearningRecord =
    | Together
    | StageByStage of Stages: StageRecord[]
    | Ensemble of Ensemble: EnsembleRecord

/// What a run with `keep best` leaves in addition to its last weights.
[<RequireQualifiedAccess>]
type BestRecord =
    /// The run kept only its last weights.
    | NotKept
    /// The weights after this epoch. StillVerified counts their fixed and zero scalars, each compared with its start; Weights is
    /// the SHA-256 of their file.
    | Kept of Epoch: int * TestLoss: float * TestAccuracy: float * StillVerified: int64 * Weights: string

[<RequireQualifiedAccess>]
module EpochRecord =
    /// The epoch with the best validation accuracy; the first one on ties.
    let best (epochs: EpochRecord seq) : EpochRecord =
        epochs |> Seq.maxBy _.ValidationAccuracy

    /// The epochs of several trainings in sequence, renumbered from 1.
    let numbered (epochs: EpochRecord seq) : EpochRecord[] =
        epochs |> Seq.mapi (fun i epoch -> { epoch with Epoch = i + 1 }) |> Seq.toArray

[<RequireQualifiedAccess>]
module EpochTime =
    /// As `EpochRecord.numbered`.
    let numbered (times: EpochTime seq) : EpochTime[] =
        times |> Seq.mapi (fun i time -> { time with Epoch = i + 1 }) |> Seq.toArray

    /// With the peak memory use up to its end.
    let withPeak (bytes: int64) (time: EpochTime) : EpochTime = { time with PeakMemory = bytes }

    /// The epochs of a run as copied into a longer one.
    let takenFrom (hash: string) (times: EpochTime seq) : EpochTime[] =
        times
        |> Seq.map (fun time -> if time.From = "" then { time with From = hash } else time)
        |> Seq.toArray

[<RequireQualifiedAccess>]
module StageRecord =
    /// With the epochs of a classifier trained on the features of the best candidate.
    let classified (record: StageRecord) (classifier: CandidateRecord) : StageRecord =
        let best =
            { record.Candidates[record.Best] with
                Epochs = classifier.Epochs
            }

        { record with
            Candidates = Array.updateAt record.Best best record.Candidates
        }

    /// With the SHA-256 of the stage's weights file.
    let kept (record: StageRecord) (weights: string) : StageRecord = { record with Weights = weights }

[<RequireQualifiedAccess>]
module StageTime =
    /// With the times of a classifier trained on the features of the best candidate.
    let classified (time: StageTime) (classifier: EpochTime[]) : StageTime =
        { time with Classifier = classifier }

    /// The times of the epochs that the run reports. The time of training without labels, of which the run reports no epoch, is
    /// added to the first.
    let ofEpochs (time: StageTime) (best: int) : EpochTime[] =
        let own = time.Candidates[best]

        match Array.tryHead time.Classifier with
        | None -> own
        | Some first ->
            time.Classifier
            |> Array.updateAt
                0
                { first with
                    Seconds = first.Seconds + Array.sumBy _.Seconds own
                }

/// Where an unfinished run continues. Sums are over the finished steps of the current epoch.
type ResumePoint =
    {
        /// The run's hash.
        Hash: string
        /// The current epoch, from 1.
        Epoch: int
        /// Its finished steps.
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

/// The result of a finished run. It is written last, so its presence means that the run is complete. It holds only what a
/// repetition with the same number of threads reproduces.
type RunResult =
    {
        Hash: string
        Name: string
        /// For training stage by stage, the epochs of each stage's best candidate, one stage after the other; for an ensemble,
        /// the means over its members.
        Epochs: EpochRecord[]
        /// For an ensemble, measured on the mean of its members' softmax outputs.
        TestLoss: float
        TestAccuracy: float
        /// For training stage by stage, that of the last stage.
        BestValidationAccuracy: float
        [<DefaultsTo("\"notKept\"")>]
        Best: BestRecord
        Learning: LearningRecord
        Counts: Counts
        /// Number of fixed scalars found bit-identical to their start, and zero scalars found zero, at the end of the run.
        StillVerified: int64
        Threads: int
        /// Versions of the software that computed this, and the excluded passes, such as "Freeze 0.1.0, libtorch 1.13.1" or
        /// "Freeze 0.1.0, libtorch 1.13.1, without slices".
        Versions: string
    }

/// A weight whose entries at Indices along Dimension are in the file; the other entries are the base's.
type BorrowedSlice =
    {
        Name: string
        Dimension: int
        Indices: int[]
    }

/// The header of a weights file that holds only what the run has of its own: the rest is in its base's file.
type Borrowed =
    {
        /// The address of the run that it started from.
        Base: string
        /// SHA-256 of that run's file.
        Digest: string
        /// All weights and running statistics, in order.
        Names: string[]
        Slices: BorrowedSlice[]
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

/// The outcome of a run.
[<RequireQualifiedAccess>]
type RunOutcome =
    | Finished of Result: RunResult * Times: EpochTime[]
    /// The store had its result; nothing was trained.
    | Already of Result: RunResult * Times: EpochTime[]
    | Failed of Failure: RunFailure
    /// It failed in an earlier attempt and was not retried.
    | FailedBefore of Failure: RunFailure
    /// Another process is running it; Holder says which process, on which machine.
    | Elsewhere of Holder: string
    /// It starts from a run that failed; nothing of it was trained.
    | WaitingFor of Base: string * Reason: string
    /// The user stopped it; its progress is kept, and the run can resume.
    | Interrupted
    /// The batch ended before its turn.
    | Waiting

/// What a run reports while it trains.
[<RequireQualifiedAccess>]
type Progress =
    /// Something that takes time before the first step, such as downloading a data set.
    | Note of Text: string
    /// A step of one of Epochs epochs; loss and accuracy are means over the epoch so far.
    | Step of
        Epoch: int *
        Epochs: int *
        Step: int *
        Steps: int *
        Loss: float *
        Accuracy: float *
        ImagesPerSecond: float
    /// One of Epochs epochs.
    | Epoch of Record: EpochRecord * Epochs: int * Time: EpochTime
