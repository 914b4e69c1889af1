namespace Freeze

/// How the value of one side of a claim relates to that of the next side.
[<RequireQualifiedAccess>]
type Relation =
    | Greater
    | Less
    /// They differ by less than Margin: in percentage points for a fraction, else in the measure's unit.
    | Within of Margin: float

/// A statement about results that runs can refute.
[<RequireQualifiedAccess>]
type ReportClaim =
    /// `best accuracy on fixed 0.1 > zero 0.1`: at least two sides, each given by the axis values of its runs, and the relation
    /// of each side to the next.
    | Comparison of Measure: string * Sides: string[][] * Relation: Relation
    /// `ensemble accuracy > mean accuracy on share`: measures of the same runs (those with the values On), and the relation of
    /// each measure to the next.
    | Measures of Names: string[] * On: string[] * Relation: Relation
    /// `best accuracy rises with trained parameters (log) for net`: a line through the runs of each combination of the axes For.
    | Trend of Measure: string * Rises: bool * Over: string * Logarithmic: bool * For: string[]

/// What a report shows. Measures and axes are the words of the file.
[<RequireQualifiedAccess>]
type ReportItem =
    /// A row for each combination of the axes; means over all others.
    | Table of Measures: string[] * By: string[]
    /// A curve for each combination of the axes For, over epochs or another measure; Fit is "", "linear" or "log".
    | Plot of Measures: string[] * Over: string * Logarithmic: bool * For: string[] * Fit: string
    /// The means of runs over the values of an axis: a line for each combination of the axes For or, if For is empty, of all
    /// other axes except the seed.
    | AxisPlot of Measures: string[] * Axis: string * Logarithmic: bool * For: string[]
    /// Statistics of the weights, such as `mean |w|`, by layer.
    | Weights of Measures: string[]
    /// A t-SNE map of the features of a stage, counted from 1; 0 means the last stage.
    | Tsne of Stage: int * Samples: int
    /// Checked over all runs, with the uncertainty that the seeds leave.
    | Claim of Statement: ReportClaim

[<RequireQualifiedAccess>]
module Selection =
    /// Whether the axis can select runs. The seed cannot: its numbers would be confused with another axis's values.
    let isByAxis (axis: Axis) = axis.Name <> "seed"

    /// The words after `on` that select a run: its values on the axes, its net and its data.
    let values (axes: Axis seq) (net: string) (data: string) : Set<string> =
        axes
        |> Seq.filter isByAxis
        |> Seq.collect (fun axis -> AxisValue.names axis.Value)
        |> Seq.append [ net; data ]
        |> Set.ofSeq

    /// Whether a word after `on` is among the values: `1 filters` may be the value 1 of a case `filters`.
    let has (values: Set<string>) (word: string) =
        values.Contains word
        || match word.Split ' ' with
           | [| number; unit |] -> values.Contains number && values.Contains unit
           | _ -> false

    /// Whether a side of a claim selects a run.
    let holds (side: string seq) (run: Run) =
        let values = values run.Values run.NetName (DataSource.plainName run.Recipe.Data)
        side |> Seq.forall (has values)

    /// Whether a side of a claim names the value of an axis.
    let names (side: string seq) (axis: Axis) =
        isByAxis axis
        && AxisValue.names axis.Value |> Seq.exists (fun name -> Seq.contains name side)
