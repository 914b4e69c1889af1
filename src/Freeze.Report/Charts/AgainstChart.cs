using System.Text.Json.Nodes;
using Freeze.Report.Statistics;

namespace Freeze.Report.Charts;

/// <summary>A line that was fitted to the points of a series.</summary>
/// <param name="Series">Whose points.</param>
/// <param name="Fit">In terms of x, or of its logarithm to base 10.</param>
internal sealed record FittedSeries(string Series, LineFit Fit);

/// <summary>One measure over another: a point for each finished run, lines fitted by least squares with 95% bands.</summary>
internal static class AgainstChart
{
    private const int Steps = 40;

    private sealed record Point(double X, double Y, string Series, string Run);

    /// <summary>The chart and its fits, or null where no run has both measures.</summary>
    public static (Chart Chart, IReadOnlyList<FittedSeries> Fits)? Of(ReportFile file, ReportItem.Plot item)
    {
        var measure = item.Measures[0];
        var groups = file.By(item.For);
        var points = groups.SelectMany(group => Points(group, group.Label(item.For), measure, item)).ToArray();
        if (points.Length == 0)
        {
            return null;
        }

        var logarithmicFit = item.Fit == "log" || (item.Fit.Length > 0 && item.Logarithmic);
        var fits = item.Fit.Length == 0 ? [] : Fits(points, logarithmicFit);
        var lines = fits.SelectMany(fit => Line(fit, points, logarithmicFit)).ToArray();
        var title = $"{CurveChart.Sentence([measure])} against {item.Over}";
        return (new Chart(
            title,
            $"{title}: {points.Length} finished runs, {(fits.Length == 1 ? "one fitted line" : $"{fits.Length} fitted lines")}, 95% confidence bands",
            Specification(measure, item, groups.Count),
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

    private static FittedSeries[] Fits(Point[] points, bool logarithmic) =>
    [
        .. points.GroupBy(point => point.Series)
            .Select(series => (series.Key, Fit: LineFit.Of([.. series.Select(point => (Place(point.X, logarithmic), point.Y))])))
            .Where(found => found.Fit is not null)
            .Select(found => new FittedSeries(found.Key, found.Fit!)),
    ];

    private static IEnumerable<Point> Points(RunGroup group, string label, string measure, ReportItem.Plot item) =>
        group.Finished
            .Select(run => new Point(
                Measures.Of(item.Over, run) ?? double.NaN, Measures.Of(measure, run) ?? double.NaN, label, run.Run.Name))
            .Where(point => double.IsFinite(point.X) && double.IsFinite(point.Y)
                && (point.X > 0 || !(item.Logarithmic || item.Fit == "log")));

    private static double Place(double x, bool logarithmic) => logarithmic ? Math.Log10(x) : x;

    private static IEnumerable<(double X, double Y, double Band, string Series)> Line(
        FittedSeries fitted, Point[] points, bool logarithmic)
    {
        var places = points.Where(point => point.Series == fitted.Series).Select(point => Place(point.X, logarithmic)).ToArray();
        for (var step = 0; step <= Steps; step++)
        {
            var place = places.Min() + ((places.Max() - places.Min()) * step / Steps);
            yield return (logarithmic ? Math.Pow(10, place) : place, fitted.Fit.At(place), fitted.Fit.Band(place), fitted.Series);
        }
    }

    private static JsonNode Specification(string measure, ReportItem.Plot item, int series)
    {
        // Powers of ten as ends would leave most of the axis empty.
        var scale = item.Logarithmic ? """{"type": "log", "nice": false, "padding": 20}""" : """{"zero": false}""";
        return Chart.Parse($$$"""
            {
              "width": "container", "height": 340,
              "encoding": {
                "x": {"field": "x", "type": "quantitative", "title": {{{Chart.Quote(item.Over)}}},
                      "scale": {{{scale}}},
                      "axis": {"format": "~s", "grid": false, "tickCount": 6} },
                "color": {"field": "series", "type": "nominal", "title": null, "sort": null, "scale": {"scheme": {{{Chart.Scheme(series)}}} } },
                "opacity": {"condition": {"param": "picked", "value": 1}, "value": 0.07}
              },
              "layer": [
                {
                  "data": {"name": "lines"}, "mark": {"type": "area", "fillOpacity": 0.13, "clip": true},
                  "encoding": {"y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"} }
                },
                {
                  "data": {"name": "lines"}, "mark": {"type": "line", "strokeWidth": 1.5},
                  "encoding": {"y": {"field": "y", "type": "quantitative"} }
                },
                {
                  "data": {"name": "points"},
                  "params": [{"name": "picked", "select": {"type": "point", "fields": ["series"], "toggle": "true"}, "bind": "legend"}],
                  "mark": {"type": "point", "filled": true, "size": 70},
                  "encoding": {
                    "y": {"field": "y", "type": "quantitative", "title": {{{Chart.Quote(measure)}}}, "scale": {"zero": false},
                          "axis": {"format": {{{Chart.Format(measure)}}} } },
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
