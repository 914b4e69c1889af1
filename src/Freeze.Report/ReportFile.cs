using System.Globalization;

namespace Freeze.Report;

/// <summary>A file and the records of its runs: all that its part of a report is made from.</summary>
/// <param name="Path">As the user named it.</param>
/// <param name="Text">What it says; empty for a plan.</param>
/// <param name="Revision">Of the repository that it lies in, or "".</param>
/// <param name="Profile">In force, or "".</param>
/// <param name="Items">What it asks to be shown.</param>
/// <param name="Runs">In its order.</param>
public sealed record ReportFile(
    string Path,
    string Text,
    string Revision,
    string Profile,
    IReadOnlyList<ReportItem> Items,
    IReadOnlyList<RunRecords> Runs)
{
    /// <summary>Whether what a file asks for needs the weights of its runs.</summary>
    public static bool NeedsWeights(IReadOnlyList<ReportItem> items, int runs)
    {
        ArgumentNullException.ThrowIfNull(items);
        bool Names(string[] measures) => measures.Any(measure => measure is "mean |w|" or "variance" or "norm");
        return runs <= FewRuns || items.Any(item => item switch
        {
            ReportItem.Weights => true,
            ReportItem.Table table => Names(table.Measures),
            ReportItem.Plot plot => Names(plot.Measures) || Names([plot.Over]),
            ReportItem.AxisPlot plot => Names(plot.Measures),
            ReportItem.Claim { Statement: ReportClaim.Comparison claim } => Names([claim.Measure]),
            ReportItem.Claim { Statement: ReportClaim.Measures claim } => Names(claim.Names),
            ReportItem.Claim { Statement: ReportClaim.Trend claim } => Names([claim.Measure, claim.Over]),
            _ => false,
        });
    }

    /// <summary>Of so many runs all is shown that can be shown.</summary>
    public const int FewRuns = 24;

    /// <summary>What is shown: what the file asks for, or where it asks for nothing, tables and curves by its axes.</summary>
    public IReadOnlyList<ReportItem> Shown => Items.Any(item => item is not ReportItem.Claim) ? Items :
    [
        .. Items,
        ReportItem.NewTable(["best accuracy", "test accuracy", "trained parameters", "seconds per epoch"], Axes),
        ReportItem.NewPlot(["training error", "validation error"], "epoch", false, Axes, ""),
    ];

    /// <summary>Whether the epochs of all runs are judged by the test set.</summary>
    internal bool IsJudgedByTest => Runs.Count > 0 && Runs.All(run => run.Run.Recipe.Validation.IsTest);

    /// <summary>
    /// What tables and charts call a measure: where the test set stands in for validation images they say so, and keep a word of
    /// the file that says otherwise beside it.
    /// </summary>
    internal string Called(string measure) => !IsJudgedByTest ? measure : measure switch
    {
        "best accuracy" or "best test accuracy" => $"best test accuracy{ChosenOnTest}",
        "best test error" => $"best test error{ChosenOnTest}",
        _ when Measures.OfHeldOut(measure) is { } word => measure.StartsWith("validation ", StringComparison.Ordinal)
            ? $"test {word} ({measure})"
            : $"test {word}",
        _ => measure,
    };

    private const string ChosenOnTest = " (chosen on the test set)";

    /// <summary>A recorded time in milliseconds since 1970, or NaN where it is damaged.</summary>
    internal static double Milliseconds(string iso) =>
        DateTimeOffset.TryParse(iso, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)
            ? moment.ToUnixTimeMilliseconds()
            : double.NaN;

    /// <summary>The axes along which runs differ, but for the seed.</summary>
    public string[] Axes =>
    [
        .. Runs.SelectMany(run => run.Run.Columns).GroupBy(axis => axis.Name)
            .Where(axis => axis.Key != "seed" && axis.Select(found => AxisValueModule.text(found.Value)).Distinct().Count() > 1)
            .Select(axis => axis.Key),
    ];

    /// <summary>
    /// The axes that tell runs apart beside those that are named, but for the seed. One that moves together with them or with
    /// one of these, such as a net's batch, tells nothing.
    /// </summary>
    internal string[] Telling(string[] named) =>
        Axes.Except(named).Aggregate(Array.Empty<string>(), (kept, axis) =>
            By([.. named, .. kept, axis]).Count > By([.. named, .. kept]).Count ? [.. kept, axis] : kept);

    /// <summary>The runs by their values of some axes, in the order of the file.</summary>
    public IReadOnlyList<RunGroup> By(IReadOnlyList<string> axes) =>
    [
        .. Runs.GroupBy(run => string.Join('\n', axes.Select(axis => Exactly(run, axis))))
            .Select(group => new RunGroup([.. axes.Select(axis => Value(group.First(), axis))], [.. group])),
    ];

    /// <summary>Those of the runs that have something, by their net.</summary>
    public IEnumerable<(string Name, ReportFile Runs)> ByNet(Func<RunRecords, bool> has) =>
        Runs.Where(has).GroupBy(run => run.Run.NetName).Select(net => (net.Key, this with { Runs = [.. net] }));

    /// <summary>The value of an axis in a run as tables show it; "" where the run has no such axis.</summary>
    public static string Value(RunRecords run, string axis)
    {
        ArgumentNullException.ThrowIfNull(run);
        return run.Run.Column(axis) is [var found] ? Word(found.Value) : "";
    }

    // With all its digits: drawn values may differ where tables no longer show it.
    private static string Exactly(RunRecords run, string axis) =>
        run.Run.Column(axis) is [var found] ? AxisValueModule.text(found.Value) : "";

    private static string Word(AxisValue value) => value switch
    {
        AxisValue.Number number => number.Value.ToString("0.######", CultureInfo.InvariantCulture),
        AxisValue.Word or AxisValue.Amount or AxisValue.Stand => AxisValueModule.text(value),
        _ => throw new System.Diagnostics.UnreachableException($"no word for plan case {value}"),
    };
}

/// <summary>Runs that have the values of some axes in common.</summary>
/// <param name="Values">Of each axis.</param>
/// <param name="Runs">At least one.</param>
public sealed record RunGroup(IReadOnlyList<string> Values, IReadOnlyList<RunRecords> Runs)
{
    /// <summary>What legends call it.</summary>
    public string Label(IReadOnlyList<string> axes)
    {
        ArgumentNullException.ThrowIfNull(axes);
        var named = axes.Zip(Values)
            .Where(axis => axis.Second.Length > 0)
            .Select(axis => axis.First is "case" or "net" or "data" ? axis.Second : $"{axis.First}={axis.Second}");
        var label = string.Join(", ", named);
        return label.Length > 0 ? label : "all runs";
    }

    /// <summary>Those that have a result.</summary>
    public IEnumerable<RunRecords> Finished => Runs.Where(run => run.State.IsDone);
}
