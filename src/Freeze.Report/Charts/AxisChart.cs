using System.Globalization;
using System.Text.Json.Nodes;
using Freeze.Report.Statistics;

namespace Freeze.Report.Charts;

/// <summary>
/// One measure over the values of an axis: a line through the means of each combination of other axes, with bars of one
/// standard deviation where a mean is of several runs.
/// </summary>
internal static class AxisChart
{
    // More values than this would be written over each other: the axis chooses some by itself.
    private const int MostTicks = 12;

    // Longer words, or more of them, are written at a slant.
    private const int ShortWord = 8;

    private sealed record Point(AxisValue Value, string Word, Spread Values, string Series)
    {
        public double Number => Value is AxisValue.Number number ? number.Value : double.NaN;
    }

    /// <summary>Its heading.</summary>
    public static string Title(string measure, ReportItem.AxisPlot item) => $"{CurveChart.Sentence([measure])} against {item.Axis}";

    /// <summary>The chart, or null where there is no point of it.</summary>
    public static Chart? Of(ReportFile file, string measure, ReportItem.AxisPlot item)
    {
        var lines = item.For.Length > 0 ? item.For : file.Telling([item.Axis]);
        var groups = file.By(lines);
        Point[] all = [.. groups.SelectMany(group => Points(file with { Runs = group.Runs }, Label(group, lines), measure, item.Axis))];
        // Numbers have a scale if all values of the axis are numbers; else the values stand side by side in the file's order.
        var isNumeric = Values(file, item.Axis).All(value => value.IsNumber);
        var isLogarithmic = isNumeric && item.Logarithmic;
        Point[] points = [.. all.Where(point => !isLogarithmic || point.Number > 0)];
        if (points.Length == 0)
        {
            return null;
        }

        var title = Title(measure, item);
        var columns = new Columns();
        _ = isNumeric ? columns.Numbers("x", points.Select(point => point.Number)) : columns.Words("x", points.Select(point => point.Word));
        columns
            .Numbers("y", points.Select(point => point.Values.Mean))
            .Numbers("deviation", points.Select(point => point.Values.Deviation))
            .Numbers("low", points.Select(point => point.Values.Mean - point.Values.Deviation))
            .Numbers("high", points.Select(point => point.Values.Mean + point.Values.Deviation))
            .Numbers("n", points.Select(point => (double)point.Values.Count))
            .Words("series", points.Select(point => point.Series));
        return new Chart(
            title,
            Describe(title, measure, item, points, all.Length - points.Length, Without(file, item.Axis)),
            Specification(
                measure,
                item.Axis,
                Horizontal(file, item.Axis, isNumeric, isLogarithmic, points),
                groups.Count,
                withBars: points.Any(point => point.Values.Count > 1)),
            [("points", columns)]);
    }

    // Runs of no value are those of a case without these lists.
    private static string Label(RunGroup group, string[] lines) => lines.Length > 0 && group.Values.All(value => value.Length == 0)
        ? $"without {string.Join(", ", lines)}"
        : group.Label(lines);

    private static IEnumerable<AxisValue> Values(ReportFile file, string axis) =>
        file.Runs.SelectMany(run => run.Run.Columns).Where(found => found.Name == axis).Select(found => found.Value);

    private static IEnumerable<Point> Points(ReportFile line, string label, string measure, string axis)
    {
        foreach (var group in line.By([axis]))
        {
            var measured = group.Finished.Select(run => Measures.Of(measure, run)).OfType<double>().Where(double.IsFinite).ToArray();
            if (measured.Length > 0 && group.Runs[0].Run.Columns.FirstOrDefault(found => found.Name == axis) is { } found)
            {
                yield return new Point(found.Value, group.Values[0], Spread.Of(measured), label);
            }
        }
    }

    // Finished runs that have no value of the axis, such as those of a case without the list.
    private static int Without(ReportFile file, string axis) =>
        file.Runs.Count(run => run.State.IsDone && run.Run.Columns.All(found => found.Name != axis));

    // What the chart shows, in numbers, for readers who do not see it.
    private static string Describe(string title, string measure, ReportItem.AxisPlot item, Point[] points, int unseen, int without)
    {
        string Named(Point point) => $"{Measures.Show(measure, point.Values.Mean)} ({item.Axis} {point.Word}, {point.Series})";
        var values = points.Select(point => point.Word).Distinct().Count();
        var text = $"{title}: {Chart.Count(points.Select(point => point.Series).Distinct().Count(), "line")} over {Chart.Count(values, "value")}, "
            + $"greatest mean {Named(points.MaxBy(point => point.Values.Mean)!)}, least {Named(points.MinBy(point => point.Values.Mean)!)}";
        if (points.Any(point => point.Values.Count > 1))
        {
            text += "; bars are one standard deviation to either side";
        }

        if (unseen > 0)
        {
            text += $"; {Chart.Count(unseen, "point")} at 0 or less left out of the logarithmic axis";
        }

        return without > 0 ? text + $"; {Chart.Count(without, "finished run")} without {item.Axis} left out" : text;
    }

    private static string Horizontal(ReportFile file, string axis, bool isNumeric, bool isLogarithmic, Point[] points)
    {
        var title = Chart.Quote(axis);
        if (!isNumeric)
        {
            string[] words = [.. file.By([axis]).Select(group => group.Values[0]).Where(word => word.Length > 0)];
            var angle = words.Length > MostTicks || words.Any(word => word.Length > ShortWord) ? -30 : 0;
            return $$$"""
                {"field": "x", "type": "ordinal", "title": {{{title}}}, "sort": [{{{string.Join(", ", words.Select(Chart.Quote))}}}],
                 "scale": {"type": "point"}, "axis": {"labelAngle": {{{angle}}}, "labelLimit": 160}}
                """;
        }

        double[] values = [.. points.Select(point => point.Number).Distinct().Order()];
        var ticks = values.Length > MostTicks
            ? "\"tickCount\": 8"
            : $"\"values\": [{string.Join(", ", values.Select(value => value.ToString("R", CultureInfo.InvariantCulture)))}]";
        var scale = isLogarithmic ? """{"type": "log", "nice": false, "padding": 20}""" : """{"zero": false, "nice": false, "padding": 20}""";
        return $$$"""
            {"field": "x", "type": "quantitative", "title": {{{title}}}, "scale": {{{scale}}},
             "axis": {"format": "~g", "grid": false, "labelOverlap": true, {{{ticks}}}}}
            """;
    }

    private static JsonNode Specification(string measure, string axis, string horizontal, int series, bool withBars)
    {
        var format = Chart.Format(measure);
        // A layer without data has no extent, of which Vega would complain.
        var bars = withBars
            ? """
                {
                  "transform": [{"filter": "datum.n > 1"}],
                  "mark": {"type": "rule", "strokeWidth": 1.5},
                  "encoding": {"y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"} }
                },
              """
            : "";
        return Chart.Parse($$$"""
            {
              "width": "container", "height": 340, "data": {"name": "points"},
              "encoding": {
                "x": {{{horizontal}}},
                "color": {"field": "series", "type": "nominal", "title": null, "sort": null, "scale": {"scheme": {{{Chart.Scheme(series)}}}} },
                "opacity": {"condition": {"param": "picked", "value": 1}, "value": 0.07}
              },
              "layer": [
                {{{bars}}}
                {
                  "mark": {"type": "line", "strokeWidth": 2},
                  "encoding": {"y": {"field": "y", "type": "quantitative"} }
                },
                {
                  "params": [{"name": "picked", "select": {"type": "point", "fields": ["series"], "toggle": "true"}, "bind": "legend"}],
                  "mark": {"type": "point", "filled": true, "size": 60},
                  "encoding": {
                    "y": {"field": "y", "type": "quantitative", "title": {{{Chart.Quote(measure)}}}, "scale": {"zero": false},
                          "axis": {"format": {{{format}}}} },
                    "tooltip": [
                      {"field": "series", "title": "runs"}, {"field": "x", "title": {{{Chart.Quote(axis)}}}},
                      {"field": "y", "title": "mean", "format": {{{format}}}},
                      {"field": "deviation", "title": "standard deviation", "format": {{{format}}}},
                      {"field": "n", "title": "number of runs"}
                    ]
                  }
                }
              ]
            }
            """);
    }
}
