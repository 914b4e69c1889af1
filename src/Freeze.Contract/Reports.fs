namespace Freeze

/// How what one side of a claim measured lies to what the next one did.
[<RequireQualifiedAccess>]
type Relation =
    | Greater
    | Less
    /// Less than Margin apart: in percentage points of a fraction, else in the measure's unit.
    | Within of Margin: float

/// A statement about results that runs can prove wrong.
[<RequireQualifiedAccess>]
type ReportClaim =
    /// `best accuracy on fixed 0.1 > zero 0.1`: two sides or more, each the values that its runs have on their axes, and
    /// how each lies to the next.
    | Comparison of Measure: string * Sides: string[][] * Relation: Relation
    /// `ensemble accuracy > mean accuracy on share`: measures of the same runs, of those that have the values On, and how each
    /// lies to the next.
    | Measures of Names: string[] * On: string[] * Relation: Relation
    /// `best accuracy rises with trained parameters (log) for net`: a line through the runs of each combination of the axes.
    | Trend of Measure: string * Rises: bool * Over: string * Logarithmic: bool * For: string[]

/// What a report shows, as its file asks for it. Measures and axes are the words of the file.
[<RequireQualifiedAccess>]
type ReportItem =
    /// A row for each combination of the axes, the mean over all others.
    | Table of Measures: string[] * By: string[]
    /// A curve for each combination of the axes, over epochs or another measure; Fit is "", "linear" or "log".
    | Plot of Measures: string[] * Over: string * Logarithmic: bool * For: string[] * Fit: string
    /// The means of runs over the values of an axis: a line for each combination of the axes For, or where it names none, of all
    /// other axes but the seed.
    | AxisPlot of Measures: string[] * Axis: string * Logarithmic: bool * For: string[]
    /// Statistics of the weights, such as `mean |w|`, by layer.
    | Weights of Measures: string[]
    /// A map of the features of a stage, from 1; 0 is the last one.
    | Tsne of Stage: int * Samples: int
    /// Judged over all runs, with what the seeds leave uncertain.
    | Claim of Statement: ReportClaim

[<RequireQualifiedAccess>]
module Selection =
    /// Whether runs are chosen by an axis: not by the seed, whose numbers would be taken for another axis's values.
    let isByAxis (axis: Axis) = axis.Name <> "seed"

    /// What a run can be called by behind `on`: its values on the axes, its net and its data.
    let values (axes: Axis seq) (net: string) (data: string) : Set<string> =
        axes
        |> Seq.filter isByAxis
        |> Seq.collect (fun axis -> AxisValue.names axis.Value)
        |> Seq.append [ net; data ]
        |> Set.ofSeq

    /// Whether a word behind `on` is among the values: `1 filters` may be the value 1 of a case `filters`.
    let has (values: Set<string>) (word: string) =
        values.Contains word
        || match word.Split ' ' with
           | [| number; unit |] -> values.Contains number && values.Contains unit
           | _ -> false

    /// Whether a side of a claim is about a run.
    let holds (side: string seq) (run: Run) =
        let values = values run.Values run.NetName (DataSource.plainName run.Recipe.Data)
        side |> Seq.forall (has values)

    /// Whether a side of a claim names the value of an axis.
    let names (side: string seq) (axis: Axis) =
        isByAxis axis
        && AxisValue.names axis.Value |> Seq.exists (fun name -> Seq.contains name side)
