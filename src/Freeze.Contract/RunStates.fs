namespace Freeze

/// A process that is running a run, as the store shows it.
type Attempt =
    {
        /// Such as "process 12 of node7".
        Holder: string
        /// When it took the lease of the run: UTC, ISO 8601; "" where it cannot be read.
        Since: string
        /// Epochs that are done.
        Epochs: int
        /// How many seconds of training are left at the pace of the epochs done; NaN before the first.
        Left: float
        /// For how many seconds it has given no sign of life; its machine's clock and ours may differ.
        Silent: float
    }

/// Where a run stands in a store, to those who only look.
[<RequireQualifiedAccess>]
type RunState =
    /// With its accuracy on the test set.
    | Done of TestAccuracy: float * Epochs: int
    | Running of Attempt: Attempt
    /// Begun, and no process is running it: the next `freeze run` goes on.
    | Interrupted of Epochs: int
    | Waiting
    /// It starts from a run that has no result yet, or has failed.
    | WaitingFor of Base: string * HasFailed: bool
    | Failed of Failure: RunFailure
