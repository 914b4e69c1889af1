using System.Globalization;
using Freeze.Report.Charts;
using Freeze.Report.Claims;
using Freeze.Report.Statistics;

namespace Freeze.Report.Tables;

/// <summary>Fitted lines, with their uncertainty.</summary>
internal static class FitTable
{
    /// <summary>A row for each line; slope and interval have the same format as in claims.</summary>
    public static Table Of(IReadOnlyList<FittedSeries> fits, string measure, string over, bool logarithmic) => new(
        "fitted lines",
        $"Lines fitted to {measure} by least squares. A point is the mean of runs that differ in their seeds alone; the slope is {TrendLine.Per(over, logarithmic)}",
        [new("runs"), new("slope", IsNumber: true), new("95% CI", IsNumber: true), new("R²", IsNumber: true), new("points", IsNumber: true)],
        fits.Select(fitted =>
        {
            var (line, per) = (fitted.Fit, TrendLine.Per(over, logarithmic));
            var slope = new ClaimPart(measure, "", line.Slope, line.SlopeBand, line.Count, Verdict.Open) { Per = per };
            return new Cell[]
            {
                fitted.Series, slope.Difference, slope.Interval, line.Determination.ToString("F2", CultureInfo.InvariantCulture), Cell.Of(line.Count),
            };
        }));
}
