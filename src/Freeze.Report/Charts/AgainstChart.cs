using System.Text.Json.Nodes;
using Freeze.Report.Statistics;

namespace Freeze.Report.Charts;

/// <summary>A line fitted to the points of a series.</summary>
/// <param name="Series">The series.</param>
/// <param name="Fit">The line, over x or its logarithm to base 10.</param>
/// <param name="Least">The least x of its points.</param>
/// <param name="Most">The greatest x of its points.</param>
internal sealed record FittedSeries(string Series, LineFit Fit, double Least, double Most);

/// <summary>One measure over another: a point for each finished run, lines through the means over seeds with 95% bands.</summary>
internal static class AgainstChart
{
    private const int Steps = 40;

    private sealed record Point(double X, double Y, string Series, string Run);

    /// <summary>Its heading.</summary>
    public static string Title(ReportItem.Plot item) => $"{CurveChart.Sentence([item.Measures[0]])} against {item.Over}";

    /// <summary>Whether its lines are fitted to the logarithm of x.</summary>
    public static bool IsLogarithmicFit(ReportItem.Plot item) => item.Fit == "log" || (item.Fit.Length > 0 && item.Logarithmic);

    /// <summary>The chart and its fits, or null if no run has both measures.</summary>
    public static (Chart Chart, IReadOnlyList<FittedSeries> Fits)? Of(ReportFile file, ReportItem.Plot item)
    {
        var measure = item.Measures[0];
        var groups = file.By(item.For);
        var points = groups.SelectMany(group => Points(group, group.Label(item.For), measure, item)).ToArray();
        if (points.Length == 0)
        {
            return null;
        }

        var logarithmic = IsLogarithmicFit(item);
        FittedSeries[] fits = item.Fit.Length == 0 ? [] : [.. groups.Select(group => Fit(file, group, item, logarithmic)).OfType<FittedSeries>()];
        var lines = fits.SelectMany(fit => Line(fit, logarithmic)).ToArray();
        return (new Chart(
            Title(item),
            Describe(item, points, fits.Length),
            Specification(file.Called(measure), item, Limits(measure, lines), withLines: lines.Length > 0),
            [
                ("points", new Columns()
                    .Numbers("x", points.Select(point => point.X))
                    .Numbers("y", points.Select(point => point.Y))
                    .Words("series", points.Select(point => point.Series))
                    .Words("run", points.Select(point => point.Run))),
                ("lines", new Columns()
                    .Numbers("x", lines.Select(line => line.X))
                    .Numbers("y", lines.Select(line => line.Y))
                    .Numbers("low", lines.Select(line => line.Y - line.Band))
                    .Numbers("high", lines.Select(line => line.Y + line.Band))
                    .Words("series", lines.Select(line => line.Series))),
            ]), fits);
    }

    private static FittedSeries? Fit(ReportFile file, RunGroup group, ReportItem.Plot item, bool logarithmic)
    {
        var points = TrendLine.Points(file with { Runs = group.Runs }, item.Measures[0], item.Over, logarithmic);
        return LineFit.Of(points) is { } line
            ? new FittedSeries(group.Label(item.For), line, points.Min(point => point.X), points.Max(point => point.X))
            : null;
    }

    private static IEnumerable<Point> Points(RunGroup group, string label, string measure, ReportItem.Plot item) =>
        group.Finished
            .Select(run => new Point(
                Measures.Of(item.Over, run) ?? double.NaN, Measures.Of(measure, run) ?? double.NaN, label, run.Run.Name))
            .Where(point => double.IsFinite(point.X) && double.IsFinite(point.Y)
                && (point.X > 0 || !(item.Logarithmic || item.Fit == "log")));

    private static IEnumerable<(double X, double Y, double Band, string Series)> Line(FittedSeries fitted, bool logarithmic)
    {
        for (var step = 0; step <= Steps; step++)
        {
            var place = fitted.Least + ((fitted.Most - fitted.Least) * step / Steps);
            yield return (logarithmic ? Math.Pow(10, place) : place, fitted.Fit.At(place), fitted.Fit.Band(place), fitted.Series);
        }
    }

    private static string Describe(ReportItem.Plot item, Point[] points, int fits)
    {
        var measure = item.Measures[0];
        var text = $"{Title(item)}: {Chart.Count(points.Length, "finished run")}, {Chart.Extremes(measure, [.. points.Select(point => (point.Run, point.Y))])}";
        return (item.Fit.Length, fits) switch
        {
            (0, _) => text,
            (_, 0) => $"{text}. No line: a fit needs at least three groups of runs that differ in more than their seeds",
            _ => $"{text}. {(fits == 1 ? "The line is" : "Lines are")} fitted by least squares to means over seeds; a band is the 95% confidence interval of its line",
        };
    }

    // A band may extend beyond possible accuracies.
    private static string Limits(string measure, (double X, double Y, double Band, string Series)[] lines)
    {
        var isShare = Measures.Unit(measure) == MeasureUnit.Share;
        return (isShare && lines.Any(line => line.Y - line.Band < 0) ? ", \"domainMin\": 0" : "")
            + (isShare && lines.Any(line => line.Y + line.Band > 1) ? ", \"domainMax\": 1" : "");
    }

    private static JsonNode Specification(string measure, ReportItem.Plot item, string limits, bool withLines)
    {
        // Ending the axis at powers of ten would leave most of it empty.
        var scale = item.Logarithmic ? """{"type": "log", "nice": false, "padding": 20}""" : """{"zero": false, "padding": 20}""";
        var format = Measures.Unit(item.Over) == MeasureUnit.Share ? Chart.Quote("%") : Chart.Quote("~s");
        var lines = withLines
            ? """
                {
                  "data": {"name": "lines"}, "mark": {"type": "area", "fillOpacity": 0.13, "clip": true},
                  "encoding": {"y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"} }
                },
                {
                  "data": {"name": "lines"}, "mark": {"type": "line", "strokeWidth": 1.5},
                  "encoding": {"y": {"field": "y", "type": "quantitative"} }
                },
              """
            : "";
        return Chart.Parse($$$"""
            {
              "width": "container", "height": 340,
              "encoding": {
                "x": {"field": "x", "type": "quantitative", "title": {{{Chart.Quote(Chart.Label(item.Over))}}},
                      "scale": {{{scale}}}, "axis": {"grid": false, "tickCount": 6, "format": {{{format}}} } },
                "color": {{{Chart.Colour}}}
              },
              "layer": [
                {{{lines}}}
                {
                  "data": {"name": "points"},
                  "mark": {"type": "point", "filled": true, "size": 70, "opacity": 1},
                  "encoding": {
                    "y": {"field": "y", "type": "quantitative", "title": {{{Chart.Quote(Chart.Label(measure))}}}, "scale": {"zero": false{{{limits}}}}, "axis": {{{Chart.Axis(measure)}}} },
                    "tooltip": [
                      {"field": "run"}, {"field": "x", "title": {{{Chart.Quote(item.Over)}}}, "format": {{{Chart.Format(item.Over)}}} },
                      {"field": "y", "title": {{{Chart.Quote(measure)}}}, "format": {{{Chart.Format(measure)}}} }
                    ]
                  }
                }
              ]
            }
            """);
    }
}
