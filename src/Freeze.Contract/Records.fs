namespace Freeze

/// What one epoch of a run measured. Accuracies are fractions in [0, 1]; losses are means of cross-entropy in nats. Where a
/// stage learns to make its input again, losses are mean squared errors, and accuracies 0: nothing is classified.
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
        /// The hash of the run that trained it, where a longer run went on from there; else "".
        [<DefaultsTo("\"\"")>]
        From: string
        /// The peak of main memory of the process that trained the run, up to the end of the epoch: bytes beyond those
        /// that it had before its first run. 0 where the system does not tell it.
        [<DefaultsTo("0")>]
        PeakMemory: int64
    }

/// How large what learns of a layer's weight was, its bias left out.
type LayerSize =
    {
        Layer: string
        /// The mean of |w|.
        MeanAbsolute: float
        /// About the mean, by n.
        Variance: float
        /// The root of the sum of squares.
        Norm: float
    }

/// The weights of a run at the end of an epoch: of each layer of which something learns, that part.
type WeightRecord =
    {
        /// From 1.
        Epoch: int
        Layers: LayerSize[]
    }

/// A machine that has trained a run, or a part of it.
type MachineRecord =
    {
        /// Its name.
        Machine: string
        /// The model of its processor, or "" where the system does not tell it.
        Processor: string
    }

/// What one epoch of a stage that learns to make its input again measured: mean squared errors of a value of the input.
type ReconstructionEpoch =
    {
        /// From 1.
        Epoch: int
        TrainingError: float
        ValidationError: float
    }

/// One training of a stage: the optimizer that was tried and what its epochs measured.
type CandidateRecord =
    {
        Optimizer: Optimizer
        /// Where the stage learned to make its input again; else there are none.
        Reconstruction: ReconstructionEpoch[]
        /// Those of its classifier; behind a reconstruction the best candidate alone has one.
        Epochs: EpochRecord[]
        /// Why it came to nothing, such as a loss that is no longer a number; else "".
        Failure: string
    }

/// A stage that learned behind a classifier of its own.
type StageRecord =
    {
        Name: string
        /// That of all that the stage depends on: stages of one address are trained once.
        Address: string
        Candidates: CandidateRecord[]
        /// The candidate with the best validation accuracy in its last epoch, or the least validation error of a
        /// reconstruction, from 0: of equal ones the first.
        Best: int
        /// SHA-256 of the file of its weights.
        Weights: string
    }

/// How long a stage took: apart from what it measured, which is the same in every repetition.
type StageTime =
    {
        Name: string
        Address: string
        /// Wall time of computing the features of the stages before, once for all candidates; 0 where each batch
        /// computes them.
        FeatureSeconds: float
        /// Of each candidate its epochs.
        Candidates: EpochTime[][]
        /// Of the classifier that a reconstruction is followed by its epochs; else there are none.
        Classifier: EpochTime[]
    }

/// A member of an ensemble at its end, evaluated on the test set.
type MemberRecord =
    {
        Epochs: EpochRecord[]
        TestLoss: float
        TestAccuracy: float
    }

/// Nets that went on from one start, evaluated on the test set.
type EnsembleRecord =
    {
        /// The run that trained what they start from.
        Base: string
        Members: MemberRecord[]
        /// Mean of the members' accuracies.
        MeanAccuracy: float
        /// Of the mean of the members' softmax.
        Accuracy: float
        /// The fraction of images on which two members drawn at random disagree: mean over all pairs.
        Disagreement: float
        /// Trained scalars of all members: members times those of one.
        LearnedParameters: int64
        /// Scalars to keep for all members: those of one net and, for each further member, the trained ones.
        DistinctParameters: int64
    }

/// What a way of learning leaves in addition to the epochs.
[<RequireQualifiedAccess>]
type LearningRecord =
    | Together
    | StageByStage of Stages: StageRecord[]
    | Ensemble of Ensemble: EnsembleRecord

/// What a run with `keep best` leaves in addition to its last weights.
[<RequireQualifiedAccess>]
type BestRecord =
    /// The run kept its last weights alone.
    | NotKept
    /// The weights after this epoch. StillVerified counts their fixed and zero scalars, each compared with its start; Weights is
    /// the SHA-256 of their file.
    | Kept of Epoch: int * TestLoss: float * TestAccuracy: float * StillVerified: int64 * Weights: string

[<RequireQualifiedAccess>]
module EpochRecord =
    /// The epoch of the best validation accuracy, of equal ones the first.
    let best (epochs: EpochRecord seq) : EpochRecord =
        epochs |> Seq.maxBy _.ValidationAccuracy

    /// The epochs of several trainings, one behind the other, counted through from 1.
    let numbered (epochs: EpochRecord seq) : EpochRecord[] =
        epochs |> Seq.mapi (fun i epoch -> { epoch with Epoch = i + 1 }) |> Seq.toArray

[<RequireQualifiedAccess>]
module EpochTime =
    /// As `EpochRecord.numbered`.
    let numbered (times: EpochTime seq) : EpochTime[] =
        times |> Seq.mapi (fun i time -> { time with Epoch = i + 1 }) |> Seq.toArray

    /// With the most memory that was in use up to its end.
    let withPeak (bytes: int64) (time: EpochTime) : EpochTime = { time with PeakMemory = bytes }

    /// The epochs of a run as a longer one takes them over.
    let takenFrom (hash: string) (times: EpochTime seq) : EpochTime[] =
        times
        |> Seq.map (fun time -> if time.From = "" then { time with From = hash } else time)
        |> Seq.toArray

[<RequireQualifiedAccess>]
module StageRecord =
    /// With the epochs of a classifier that learned behind the weights of the best candidate.
    let classified (record: StageRecord) (classifier: CandidateRecord) : StageRecord =
        let best =
            { record.Candidates[record.Best] with
                Epochs = classifier.Epochs
            }

        { record with
            Candidates = Array.updateAt record.Best best record.Candidates
        }

    /// With the SHA-256 of the file in which the stage's weights are kept.
    let kept (record: StageRecord) (weights: string) : StageRecord = { record with Weights = weights }

[<RequireQualifiedAccess>]
module StageTime =
    /// With the times of a classifier that learned behind the weights of the best candidate.
    let classified (time: StageTime) (classifier: EpochTime[]) : StageTime =
        { time with Classifier = classifier }

    /// Of the epochs that the run tells of. What it took to learn without labels, of which no epoch of the run tells, is that
    /// of the first.
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

/// Where an unfinished run goes on. Sums are over the steps done of the epoch under way.
type ResumePoint =
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
        /// Learning stage by stage has those of each stage's best candidate, one stage behind the other, and an ensemble
        /// the means over its members.
        Epochs: EpochRecord[]
        /// Of an ensemble those of the mean of its members' softmax.
        TestLoss: float
        TestAccuracy: float
        /// Of learning stage by stage that of the last stage.
        BestValidationAccuracy: float
        [<DefaultsTo("\"notKept\"")>]
        Best: BestRecord
        Learning: LearningRecord
        Counts: Counts
        /// Fixed scalars found bit-identical to their start, and zero scalars found zero, when the run ended.
        StillVerified: int64
        Threads: int
        /// Versions of what computed this, and the passes that it was to do without, such as "Freeze 0.1.0, libtorch 1.13.1"
        /// or "Freeze 0.1.0, libtorch 1.13.1, without slices".
        Versions: string
    }

/// A weight of which a file holds the entries at Indices along Dimension; the others are the base's.
type BorrowedSlice =
    {
        Name: string
        Dimension: int
        Indices: int[]
    }

/// What the header of a run's weights says where the file holds but what is the run's own: the rest is its base's.
type Borrowed =
    {
        /// The address of the run that it started from.
        Base: string
        /// SHA-256 of that run's file.
        Digest: string
        /// All weights and running statistics, in their order.
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

/// How a run came out.
[<RequireQualifiedAccess>]
type RunOutcome =
    | Finished of Result: RunResult * Times: EpochTime[]
    /// The store had its result: nothing was trained.
    | Already of Result: RunResult * Times: EpochTime[]
    | Failed of Failure: RunFailure
    /// It failed in an earlier attempt and was not tried again.
    | FailedBefore of Failure: RunFailure
    /// Another process is running it: who, and where.
    | Elsewhere of Holder: string
    /// It starts from a run that has failed: nothing of it was trained.
    | WaitingFor of Base: string * Reason: string
    /// The user stopped it; what it had done is kept, and the run goes on from there.
    | Interrupted
    /// The batch ended before its turn.
    | Waiting

/// What a run tells while it goes on.
[<RequireQualifiedAccess>]
type Progress =
    /// Something that takes a while before the first step, such as fetching a data set.
    | Note of Text: string
    /// A step of one of so many epochs; loss and accuracy are means over the epoch so far.
    | Step of
        Epoch: int *
        Epochs: int *
        Step: int *
        Steps: int *
        Loss: float *
        Accuracy: float *
        ImagesPerSecond: float
    /// One of so many epochs.
    | Epoch of Record: EpochRecord * Epochs: int * Time: EpochTime
