namespace Freeze

/// A process that is running a run, as the store shows it.
type Attempt =
    {
        /// Such as "process 12 of node7".
        Holder: string
        /// When it took the lease of the run: UTC, ISO 8601; "" if that cannot be read.
        Since: string
        /// Number of finished epochs.
        Epochs: int
        /// Estimated seconds of training left, from the pace so far; NaN before the first epoch.
        Left: float
        /// Seconds since its last sign of life; the clocks of its machine and this one may differ.
        Silent: float
    }

/// The state of a run in a store, as seen by an observer.
[<RequireQualifiedAccess>]
type RunState =
    /// Finished, with its accuracy on the test set.
    | Done of TestAccuracy: float * Epochs: int
    | Running of Attempt: Attempt
    /// Started, but no process is running it: the next `freeze run` continues it.
    | Interrupted of Epochs: int
    | Waiting
    /// It starts from a run that has no result yet or has failed.
    | WaitingFor of Base: string * HasFailed: bool
    | Failed of Failure: RunFailure
