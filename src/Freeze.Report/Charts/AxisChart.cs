using System.Globalization;
using System.Text.Json.Nodes;
using Freeze.Report.Statistics;

namespace Freeze.Report.Charts;

/// <summary>
/// One measure over the values of an axis: means for each combination of other axes, with bars of one standard deviation if a
/// mean covers several runs, and lines if the values are numbers.
/// </summary>
internal static class AxisChart
{
    // More values than this would overlap: the axis then chooses some itself.
    private const int MostTicks = 12;

    // Longer words, or more words, are written at a slant.
    private const int ShortWord = 8;

    // Has no values if runs with this axis value are planned but none has finished: a gap in its line.
    private sealed record Point(AxisValue Value, string Word, Spread? Values, string Series)
    {
        public double Number => AxisValueModule.number(Value);
    }

    /// <summary>Its heading.</summary>
    public static string Title(string measure, ReportItem.AxisPlot item) => $"{CurveChart.Sentence([measure])} against {item.Axis}";

    /// <summary>The chart, or null if it has no points.</summary>
    public static Chart? Of(ReportFile file, string measure, ReportItem.AxisPlot item)
    {
        var lines = item.For.Length > 0 ? item.For : file.Telling([item.Axis]);
        var groups = file.By(lines);
        Point[] all = [.. groups.SelectMany(group => Points(file with { Runs = group.Runs }, Label(group, lines), measure, item.Axis))];
        // Numbers of one kind get a numeric scale; other values stand side by side in the file's order.
        var isNumeric = AxisValueModule.areOfOneScale(Values(file, item.Axis));
        var isLogarithmic = isNumeric && item.Logarithmic;
        Point[] points = [.. all.Where(point => !isLogarithmic || point.Number > 0)];
        if (points.All(point => point.Values is null))
        {
            return null;
        }

        var title = Title(measure, item);
        var columns = new Columns();
        _ = isNumeric ? columns.Numbers("x", points.Select(point => point.Number)) : columns.Words("x", points.Select(point => point.Word));
        double Number(Point point, Func<Spread, double> of) => point.Values is { } values ? of(values) : double.NaN;
        columns
            .Numbers("y", points.Select(point => Number(point, of => of.Mean)))
            .Numbers("deviation", points.Select(point => Number(point, of => of.Deviation)))
            .Numbers("low", points.Select(point => Number(point, of => of.Mean - of.Deviation)))
            .Numbers("high", points.Select(point => Number(point, of => of.Mean + of.Deviation)))
            .Numbers("n", points.Select(point => (double)(point.Values?.Count ?? 0)))
            .Words("series", points.Select(point => point.Series));
        var found = points.Where(point => point.Values is not null).ToArray();
        return new Chart(
            title,
            Describe(title, measure, item, found, all.Length - points.Length, Without(file, item.Axis)),
            Specification(file.Called(measure), item.Axis, Horizontal(file, item.Axis, isNumeric, isLogarithmic, found), isNumeric, beside: found.CountBy(point => point.Word).Any(word => word.Value > 1)),
            [("points", columns)]);
    }

    // Runs without values belong to a case that does not have these lists.
    private static string Label(RunGroup group, string[] lines) => lines.Length > 0 && group.Values.All(value => value.Length == 0)
        ? $"without {string.Join(", ", lines)}"
        : group.Label(lines);

    private static IEnumerable<AxisValue> Values(ReportFile file, string axis) =>
        file.Runs.SelectMany(run => run.Run.Column(axis)).Select(found => found.Value);

    private static IEnumerable<Point> Points(ReportFile line, string label, string measure, string axis)
    {
        foreach (var group in line.By([axis]))
        {
            var measured = group.Finished.Select(run => Measures.Of(measure, run)).OfType<double>().Where(double.IsFinite).ToArray();
            if (group.Runs[0].Run.Column(axis) is [var found])
            {
                yield return new Point(found.Value, group.Values[0], measured.Length > 0 ? Spread.Of(measured) : null, label);
            }
        }
    }

    // Counts finished runs without a value of the axis, such as those of a case without the list.
    private static int Without(ReportFile file, string axis) =>
        file.Runs.Count(run => run.State.IsDone && run.Run.Column(axis).Length == 0);

    // Describes the chart in numbers, for readers who cannot see it.
    private static string Describe(string title, string measure, ReportItem.AxisPlot item, Point[] points, int unseen, int without)
    {
        string Named(Point point) => point.Series == "all runs" ? $"{item.Axis} {point.Word}" : $"{item.Axis} {point.Word}, {point.Series}";
        var values = points.Select(point => point.Word).Distinct().Count();
        var text = $"{title}: {Chart.Count(points.Select(point => point.Series).Distinct().Count(), "group")} of runs at {Chart.Count(values, "value")}, "
            + Chart.Extremes(measure, [.. points.Select(point => (Named(point), point.Values!.Mean))]);
        if (points.Any(point => point.Values!.Count > 1))
        {
            text += ". Means, with bars of one standard deviation to either side";
        }

        if (unseen > 0)
        {
            text += $". Not shown: {Chart.Count(unseen, "point")} at 0 or less, which a logarithmic axis cannot show";
        }

        return without > 0 ? text + $". Not shown: {Chart.Count(without, "finished run")} without {item.Axis}" : text;
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
                 "axis": {"labelAngle": {{{angle}}}, "labelLimit": 160}}
                """;
        }

        double[] values = [.. points.Select(point => point.Number).Distinct().Order()];
        var ticks = values.Length > MostTicks
            ? "\"tickCount\": 8"
            : $"\"values\": [{string.Join(", ", values.Select(value => value.ToString("R", CultureInfo.InvariantCulture)))}]";
        var scale = isLogarithmic ? """{"type": "log", "nice": false, "padding": 20}""" : """{"zero": false, "nice": false, "padding": 20}""";
        return $$$"""
            {"field": "x", "type": "quantitative", "title": {{{title}}}, "scale": {{{scale}}},
             "axis": {"format": "~r", "grid": false, "labelOverlap": true, {{{ticks}}}}}
            """;
    }

    // Words have no order for a line to follow: groups stand beside each other instead.
    private static JsonNode Specification(string measure, string axis, string horizontal, bool isNumeric, bool beside)
    {
        var format = Chart.Format(measure);
        var offset = isNumeric || !beside ? "" : """, "xOffset": {"field": "series", "type": "nominal", "sort": null}""";
        var line = isNumeric
            ? """
                {
                  "mark": {"type": "line", "strokeWidth": 2},
                  "encoding": {"y": {"field": "y", "type": "quantitative"} }
                },
              """
            : "";
        return Chart.Parse($$$"""
            {
              "width": "container", "height": 340, "data": {"name": "points"},
              "encoding": {
                "x": {{{horizontal}}}{{{offset}}},
                "color": {{{Chart.Colour}}}
              },
              "layer": [
                {
                  "mark": {"type": "rule", "strokeWidth": 1.5},
                  "encoding": {"y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"} }
                },
                {{{line}}}
                {
                  "mark": {"type": "point", "filled": true, "size": 60, "opacity": 1},
                  "encoding": {
                    "y": {"field": "y", "type": "quantitative", "title": {{{Chart.Quote(Chart.Label(measure))}}}, "scale": {"zero": false}, "axis": {{{Chart.Axis(measure)}}} },
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
