using System.Text.Json.Nodes;
using Freeze.Report.Statistics;

namespace Freeze.Report.Charts;

/// <summary>
/// Measures over epochs: a colour for each combination of axes, a band over its runs, dashes for measures. Measures of different
/// units get separate charts.
/// </summary>
internal static class CurveChart
{
    // More points than this exceed a screen's resolution; long curves are thinned evenly.
    private const int MostPoints = 250;
    private const int PointsWithMarks = 1500;
    private const int FewEpochs = 12;

    private sealed record Row(int Epoch, Spread? Values, string Series, string Measure, RunGroup Group);

    /// <summary>A chart for each unit that has recorded epochs.</summary>
    public static IEnumerable<Chart> Of(ReportFile file, ReportItem.Plot item)
    {
        var groups = file.By(item.For);
        return item.Measures.GroupBy(Measures.Unit).Select(alike => Of(file, groups, item.For, [.. alike])).OfType<Chart>();
    }

    /// <summary>Words with a capital, to begin a sentence.</summary>
    public static string Sentence(IReadOnlyList<string> words)
    {
        var text = string.Join(", ", words);
        return char.ToUpperInvariant(text[0]) + text[1..];
    }

    private static Chart? Of(ReportFile file, IReadOnlyList<RunGroup> groups, string[] axes, string[] measures)
    {
        Row[] rows =
        [
            .. groups.SelectMany(group => measures.SelectMany(measure =>
                Curve(group, group.Label(axes), measure).Select(row => row with { Measure = file.Called(measure) }))),
        ];
        var written = Sentence(measures);
        measures = Array.ConvertAll(measures, file.Called);
        if (rows.All(row => row.Values is null))
        {
            return null;
        }

        var data = new Columns()
            .Numbers("x", rows.Select(row => (double)row.Epoch))
            .Numbers("y", rows.Select(row => row.Values?.Mean ?? double.NaN))
            .Numbers("low", rows.Select(row => row.Values?.Least ?? double.NaN))
            .Numbers("high", rows.Select(row => row.Values?.Most ?? double.NaN))
            .Numbers("n", rows.Select(row => (double)(row.Values?.Count ?? 0)))
            .Words("series", rows.Select(row => row.Series))
            .Words("measure", rows.Select(row => row.Measure));
        // The axes by which readers can group curves in the script.
        string[] telling = groups.Count > 1 && axes.Length > 1 ? axes : [];
        foreach (var (axis, place) in telling.Select((axis, place) => (axis, place)))
        {
            data.Words($"by {axis}", rows.Select(row => Named(axis, row.Group.Values[place])));
        }

        var epochs = rows.Max(row => row.Epoch);
        var title = epochs == 1 ? $"{written} after the first epoch" : $"{written} by epoch";
        return new Chart(
            title, Describe(title, rows, groups.Count, measures),
            epochs == 1 ? OneEpoch(measures, groups.Count) : Specification(measures, telling, rows.Length <= PointsWithMarks, epochs),
            [("curves", data)]);
    }

    private static string Named(string axis, string value) =>
        value.Length == 0 ? $"without {axis}" : axis is "case" or "net" or "data" ? value : $"{axis}={value}";

    // A gap if runs are recorded but none has a finite value, so that no line crosses it.
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
            yield return new Row(epoch, values.Length > 0 ? Spread.Of(values) : null, label, measure, group);
        }
    }

    private static string Describe(string title, Row[] rows, int curves, string[] measures)
    {
        var text = $"{title}: {Chart.Count(curves, "group")} of runs";
        var end = rows.Any(row => row.Epoch > 1) ? " at the end" : "";
        foreach (var measure in measures)
        {
            var last = rows.Where(row => row.Measure == measure && row.Values is not null).GroupBy(row => row.Series)
                .Select(series => (series.Key, series.Last().Values!.Mean))
                .ToArray();
            text += last.Length > 0 ? $". {Sentence([measure])}{end}: {Chart.Extremes(measure, last)}" : "";
        }

        return rows.Any(row => row.Values?.Count > 1) ? $"{text}. Means, with bands from the min to the max of the runs of a group" : text;
    }

    private static string Tooltip(string measure) => $$$"""
        [
          {"field": "series", "title": "runs"}, {"field": "measure"}, {"field": "x", "title": "epoch"},
          {"field": "y", "title": "mean", "format": {{{Chart.Format(measure)}}} },
          {"field": "low", "title": "min", "format": {{{Chart.Format(measure)}}} },
          {"field": "high", "title": "max", "format": {{{Chart.Format(measure)}}} },
          {"field": "n", "title": "number of runs"}
        ]
        """;

    private static JsonNode Specification(string[] measures, string[] axes, bool marks, int epochs)
    {
        // With Vega's default step of 1 for integers, some of the values would be missing.
        var ticks = epochs <= FewEpochs
            ? $"\"labelOverlap\": false, \"tickMinStep\": 0.1, \"values\": [{string.Join(", ", Enumerable.Range(1, epochs))}]"
            : "\"tickMinStep\": 1";
        var points = marks ? """{"size": 28}""" : "false";
        return Chart.Parse($$$"""
            {
              "usermeta": {"axes": [{{{string.Join(", ", axes.Select(Chart.Quote))}}}] },
              "width": "container", "height": 340, "data": {"name": "curves"},
              "encoding": {
                "x": {"field": "x", "type": "quantitative", "title": "epoch", "scale": {"zero": false, "nice": false, "padding": 8},
                      "axis": {"grid": false, "format": "d", {{{ticks}}} } },
                "color": {{{Chart.Colour}}}
              },
              "layer": [
                {
                  "mark": {"type": "area", "fillOpacity": 0.15},
                  "encoding": {"y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"}, "detail": {"field": "measure"} }
                },
                {
                  "mark": {"type": "line", "strokeWidth": 2, "point": {{{points}}} },
                  "encoding": {
                    "y": {"field": "y", "type": "quantitative", "title": {{{Chart.Quote(string.Join(", ", measures.Select(Chart.Label)))}}},
                          "scale": {"zero": false}, "axis": {{{Chart.Axis(measures[0])}}} },
                    "strokeDash": {"field": "measure", "type": "nominal", "title": null, "sort": null},
                    "tooltip": {{{Tooltip(measures[0])}}}
                  }
                }
              ]
            }
            """);
    }

    // Curves of one point would overlap, so each group of runs gets a row instead.
    private static JsonNode OneEpoch(string[] measures, int groups) => Chart.Parse($$$"""
        {
          "width": "container", "height": {{{groups * (groups > 40 ? 14 : 24)}}}, "data": {"name": "curves"},
          "encoding": {
            "y": {"field": "series", "type": "nominal", "title": null, "sort": null, "axis": {"grid": true, "labelLimit": 170} },
            "color": {"field": "measure", "type": "nominal", "title": null, "sort": null}
          },
          "layer": [
            {
              "mark": {"type": "rule", "strokeWidth": 2, "opacity": 0.5},
              "encoding": {"x": {"field": "low", "type": "quantitative"}, "x2": {"field": "high"} }
            },
            {
              "mark": {"type": "point", "filled": true, "size": 70, "opacity": 1},
              "encoding": {
                "x": {"field": "y", "type": "quantitative", "title": {{{Chart.Quote(string.Join(", ", measures.Select(Chart.Label)))}}},
                      "scale": {"zero": false, "padding": 12}, "axis": {{{Chart.Axis(measures[0])}}} },
                "tooltip": {{{Tooltip(measures[0])}}}
              }
            }
          ]
        }
        """);
}
