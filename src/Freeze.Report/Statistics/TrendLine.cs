namespace Freeze.Report.Statistics;

/// <summary>A line of one measure over another; each point is the mean of runs that differ only in their seeds.</summary>
/// <remarks>
/// Seeds share deviations from the line, so they are no points of their own: the interval would be too narrow. Plots and claims
/// use the same line, so that a page gives one answer to one question.
/// </remarks>
public static class TrendLine
{
    /// <summary>The points of runs, over <paramref name="over"/> or its logarithm to base 10.</summary>
    public static (double X, double Y)[] Points(ReportFile runs, string measure, string over, bool logarithmic)
    {
        ArgumentNullException.ThrowIfNull(runs);
        return
        [
            .. runs.By(runs.Axes)
                .Select(alike => (X: Mean(over, alike), Y: Mean(measure, alike)))
                .Where(point => double.IsFinite(point.Y) && double.IsFinite(point.X) && (point.X > 0 || !logarithmic))
                .Select(point => (logarithmic ? Math.Log10(point.X) : point.X, point.Y)),
        ];
    }

    /// <summary>The unit of x for a slope: "tenfold trained parameters" or "unit of p".</summary>
    public static string Per(string over, bool logarithmic) => logarithmic ? $"per tenfold {over}" : $"per unit of {over}";

    private static double Mean(string measure, RunGroup group) =>
        Measures.BySeed(measure, group).Values.DefaultIfEmpty(double.NaN).Average();
}
