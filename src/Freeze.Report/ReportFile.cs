using System.Globalization;

namespace Freeze.Report;

/// <summary>A file and the records of its runs: everything that its part of a report depends on.</summary>
/// <param name="Path">The path as the user named it.</param>
/// <param name="Text">Its text; empty for a plan.</param>
/// <param name="Revision">The git revision of the file's repository, or "".</param>
/// <param name="Profile">The active profile, or "".</param>
/// <param name="Items">The items that the file asks for.</param>
/// <param name="Runs">The runs, in the file's order.</param>
public sealed record ReportFile(
    string Path,
    string Text,
    string Revision,
    string Profile,
    IReadOnlyList<ReportItem> Items,
    IReadOnlyList<RunRecords> Runs)
{
    /// <summary>Whether the requested items need the weights of the runs.</summary>
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

    /// <summary>Up to this number of runs, everything available is shown.</summary>
    public const int FewRuns = 24;

    /// <summary>The items to show: those that the file asks for, or else tables and curves by its axes.</summary>
    public IReadOnlyList<ReportItem> Shown => Items.Any(item => item is not ReportItem.Claim) ? Items :
    [
        .. Items,
        ReportItem.NewTable(["best accuracy", "test accuracy", "trained parameters", "seconds per epoch"], Axes),
        ReportItem.NewPlot(["training error", "validation error"], "epoch", false, Axes, ""),
    ];

    /// <summary>Whether all runs are validated on the test set.</summary>
    internal bool IsJudgedByTest => Runs.Count > 0 && Runs.All(run => run.Run.Recipe.Validation.IsTest);

    /// <summary>
    /// The name of a measure in tables and charts: says so if the test set replaces validation images, and keeps the file's own
    /// word beside it if that says otherwise.
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

    /// <summary>A recorded time in milliseconds since 1970, or NaN if it is damaged.</summary>
    internal static double Milliseconds(string iso) =>
        DateTimeOffset.TryParse(iso, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)
            ? moment.ToUnixTimeMilliseconds()
            : double.NaN;

    /// <summary>The axes along which runs differ, except for the seed.</summary>
    public string[] Axes =>
    [
        .. Runs.SelectMany(run => run.Run.Columns).GroupBy(axis => axis.Name)
            .Where(axis => axis.Key != "seed" && axis.Select(found => AxisValueModule.text(found.Value)).Distinct().Count() > 1)
            .Select(axis => axis.Key),
    ];

    /// <summary>
    /// The axes that distinguish runs beyond the named ones, except for the seed. An axis that varies only together with others,
    /// such as a net's batch, is left out.
    /// </summary>
    internal string[] Telling(string[] named) =>
        Axes.Except(named).Aggregate(Array.Empty<string>(), (kept, axis) =>
            By([.. named, .. kept, axis]).Count > By([.. named, .. kept]).Count ? [.. kept, axis] : kept);

    /// <summary>Groups the runs by their values of some axes, in the order of the file.</summary>
    public IReadOnlyList<RunGroup> By(IReadOnlyList<string> axes) =>
    [
        .. Runs.GroupBy(run => string.Join('\n', axes.Select(axis => Exactly(run, axis))))
            .Select(group => new RunGroup([.. axes.Select(axis => Value(group.First(), axis))], [.. group])),
    ];

    /// <summary>The runs that satisfy a condition, by their net.</summary>
    public IEnumerable<(string Name, ReportFile Runs)> ByNet(Func<RunRecords, bool> has) =>
        Runs.Where(has).GroupBy(run => run.Run.NetName).Select(net => (net.Key, this with { Runs = [.. net] }));

    /// <summary>The value of an axis in a run, as tables show it; "" if the run does not have the axis.</summary>
    public static string Value(RunRecords run, string axis)
    {
        ArgumentNullException.ThrowIfNull(run);
        return run.Run.Column(axis) is [var found] ? Word(found.Value) : "";
    }

    // With all digits: drawn values may differ beyond the digits that tables show.
    private static string Exactly(RunRecords run, string axis) =>
        run.Run.Column(axis) is [var found] ? AxisValueModule.text(found.Value) : "";

    private static string Word(AxisValue value) => value switch
    {
        AxisValue.Number number => number.Value.ToString("0.######", CultureInfo.InvariantCulture),
        AxisValue.Word or AxisValue.Amount or AxisValue.Stand => AxisValueModule.text(value),
        _ => throw new System.Diagnostics.UnreachableException($"no word for plan case {value}"),
    };
}

/// <summary>Runs that share the values of some axes.</summary>
/// <param name="Values">The value of each axis.</param>
/// <param name="Runs">At least one.</param>
public sealed record RunGroup(IReadOnlyList<string> Values, IReadOnlyList<RunRecords> Runs)
{
    /// <summary>The group's name in legends.</summary>
    public string Label(IReadOnlyList<string> axes)
    {
        ArgumentNullException.ThrowIfNull(axes);
        var named = axes.Zip(Values)
            .Where(axis => axis.Second.Length > 0)
            .Select(axis => axis.First is "case" or "net" or "data" ? axis.Second : $"{axis.First}={axis.Second}");
        var label = string.Join(", ", named);
        return label.Length > 0 ? label : "all runs";
    }

    /// <summary>The runs with a result.</summary>
    public IEnumerable<RunRecords> Finished => Runs.Where(run => run.State.IsDone);
}
