namespace Freeze.Report.Statistics;

/// <summary>A line of one measure over another through groups of runs: a point is the mean of runs that differ in their seeds alone.</summary>
/// <remarks>
/// Seeds share what the line does not tell, so each of them is no point of its own: the interval would be too narrow.
/// Plots and claims both take this line, so that a page has one answer to one question.
/// </remarks>
public static class TrendLine
{
    /// <summary>The points of runs, by <paramref name="over"/> or its logarithm to base 10.</summary>
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

    /// <summary>What a slope is for: "tenfold trained parameters" or "unit of p".</summary>
    public static string Per(string over, bool logarithmic) => logarithmic ? $"per tenfold {over}" : $"per unit of {over}";

    private static double Mean(string measure, RunGroup group) =>
        Measures.BySeed(measure, group).Values.DefaultIfEmpty(double.NaN).Average();
}
