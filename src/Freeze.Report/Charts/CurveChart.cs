using System.Text.Json.Nodes;
using Freeze.Report.Statistics;

namespace Freeze.Report.Charts;

/// <summary>Measures over epochs: a colour for each combination of axes, a band over its other runs, dashes for measures.</summary>
internal static class CurveChart
{
    // More points than this are more than a screen has; curves of many epochs are thinned evenly.
    private const int MostPoints = 250;
    private const int PointsWithMarks = 1500;

    private sealed record Row(double Epoch, Spread Values, string Series, string Measure);

    /// <summary>The curves, or null where no epoch is recorded.</summary>
    public static Chart? Of(ReportFile file, ReportItem.Plot item)
    {
        var groups = file.By(item.For);
        var rows = groups.SelectMany(group => item.Measures.SelectMany(measure => Curve(group, group.Label(item.For), measure))).ToArray();
        if (rows.Length == 0)
        {
            return null;
        }

        var title = $"{Sentence(item.Measures)} by epoch";
        var data = new Columns()
            .Numbers("x", rows.Select(row => row.Epoch))
            .Numbers("y", rows.Select(row => row.Values.Mean))
            .Numbers("low", rows.Select(row => row.Values.Least))
            .Numbers("high", rows.Select(row => row.Values.Most))
            .Numbers("n", rows.Select(row => (double)row.Values.Count))
            .Words("series", rows.Select(row => row.Series))
            .Words("measure", rows.Select(row => row.Measure));
        var bands = rows.Any(row => row.Values.Count > 1);
        var described = $"{title} for {groups.Count} {(groups.Count == 1 ? "curve" : "curves")}{(bands ? "; bands span all runs of a curve" : "")}";
        return new Chart(title, described, Specification(item.Measures, groups.Count, rows.Length <= PointsWithMarks), [("curves", data)]);
    }

    /// <summary>Words as the beginning of a sentence.</summary>
    public static string Sentence(IReadOnlyList<string> words)
    {
        var text = string.Join(", ", words);
        return char.ToUpperInvariant(text[0]) + text[1..];
    }

    private static IEnumerable<Row> Curve(RunGroup group, string label, string measure)
    {
        int[] epochs = [.. Enumerable.Range(1, group.Runs.Max(run => run.Epochs.Length))];
        foreach (var epoch in Chart.Thinned(epochs, MostPoints))
        {
            var values = group.Runs.Where(run => run.Epochs.Length >= epoch)
                .Select(run => Measures.OfEpoch(measure, run.Epochs[epoch - 1]))
                .OfType<double>()
                .Where(double.IsFinite)
                .ToArray();
            if (values.Length > 0)
            {
                yield return new Row(epoch, Spread.Of(values), label, measure);
            }
        }
    }

    private static JsonNode Specification(string[] measures, int series, bool marks)
    {
        var points = marks ? """{"size": 28}""" : "false";
        var dashes = measures.Length > 1
            ? """{"symbolType": "stroke", "symbolStrokeColor": "gray", "symbolStrokeWidth": 2, "symbolSize": 400}"""
            : "null";
        return Chart.Parse($$$"""
            {
              "width": "container", "height": 340, "data": {"name": "curves"},
              "encoding": {
                "x": {"field": "x", "type": "quantitative", "title": "epoch", "axis": {"tickMinStep": 1, "grid": false}},
                "color": {"field": "series", "type": "nominal", "title": null, "sort": null, "scale": {"scheme": {{{Chart.Scheme(series)}}}},
                          "legend": {"symbolType": "stroke", "symbolStrokeWidth": 4}},
                "opacity": {"condition": {"param": "picked", "value": 1}, "value": 0.07}
              },
              "layer": [
                {
                  "params": [{"name": "picked", "select": {"type": "point", "fields": ["series"], "toggle": "true"}, "bind": "legend"}],
                  "transform": [{"filter": "datum.n > 1"}],
                  "mark": {"type": "area", "fillOpacity": 0.15},
                  "encoding": {"y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"}, "detail": {"field": "measure"} }
                },
                {
                  "mark": {"type": "line", "strokeWidth": 2, "point": {{{points}}} },
                  "encoding": {
                    "y": {"field": "y", "type": "quantitative", "title": {{{Chart.Quote(string.Join(", ", measures))}}},
                          "scale": {"zero": false}, "axis": {"format": {{{Chart.Format(measures[0])}}} } },
                    "strokeDash": {"field": "measure", "type": "nominal", "title": null, "sort": null,
                      "legend": {{{dashes}}} },
                    "tooltip": [
                      {"field": "series", "title": "runs"}, {"field": "measure"}, {"field": "x", "title": "epoch"},
                      {"field": "y", "title": "mean", "format": {{{Chart.Format(measures[0])}}} },
                      {"field": "low", "title": "least", "format": {{{Chart.Format(measures[0])}}} },
                      {"field": "high", "title": "greatest", "format": {{{Chart.Format(measures[0])}}} },
                      {"field": "n", "title": "number of runs"}
                    ]
                  }
                }
              ]
            }
            """);
    }
}
