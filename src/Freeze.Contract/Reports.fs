namespace Freeze

/// What a report shows, as its file asks for it. Measures and axes are the words of the file.
[<RequireQualifiedAccess>]
type ReportItem =
    /// A row for each combination of the axes, the mean over all others.
    | Table of Measures: string[] * By: string[]
    /// A curve for each combination of the axes, over epochs or another measure; Fit is "", "linear" or "log".
    | Plot of Measures: string[] * Over: string * Logarithmic: bool * For: string[] * Fit: string
    /// Statistics of the weights, such as `mean |w|`, by layer.
    | Weights of Measures: string[]
    /// A map of the features of a stage, from 1; 0 is the last one.
    | Tsne of Stage: int * Samples: int
