using System.Text.Json.Nodes;
using Freeze.Report.Statistics;

namespace Freeze.Report.Charts;

/// <summary>A statistic of the weights by layer: trained, fixed and zero parts separately, at the start and at the end.</summary>
internal static class WeightChart
{
    private sealed record Row(string Layer, double Value, string Series, string When);

    /// <summary>A chart for each net that has finished runs with weight statistics.</summary>
    public static IEnumerable<Chart> Of(ReportFile file, string measure) =>
        file.ByNet(run => run.Weights.Count > 0).Select(net => Of(measure, net.Name, net.Runs, file.Axes));

    /// <summary>Selects one of three statistics by its word.</summary>
    public static double Value(string measure, double meanAbsolute, double variance, double norm) => measure switch
    {
        "variance" => variance,
        "norm" => norm,
        _ => meanAbsolute,
    };

    /// <summary>A statistic of values, by its word.</summary>
    public static double Value(string measure, Magnitudes of) => Value(measure, of.MeanAbsolute, of.Variance, of.Norm);

    private static Chart Of(string measure, string net, ReportFile file, string[] axes)
    {
        var groups = file.By(axes);
        var rows = groups.SelectMany(group => Rows(group, group.Label(axes), measure)).ToArray();
        var title = $"{CurveChart.Sentence([measure])} by layer of {net}";

        var layers = file.Runs[0].Weights.Select(weight => weight.Layer).Distinct().Where(layer => rows.Any(row => row.Layer == layer)).ToArray();
        return new Chart(
            title,
            Describe(title, measure, rows, layers.Length),
            Specification(measure, layers),
            [("weights", new Columns()
                .Words("layer", rows.Select(row => row.Layer))
                .Numbers("y", rows.Select(row => row.Value))
                .Words("series", rows.Select(row => row.Series))
                .Words("part", rows.Select(row => row.When)))]);
    }

    private static IEnumerable<Row> Rows(RunGroup group, string label, string measure) =>
        group.Runs.SelectMany(run => run.Weights)
            .SelectMany(weight => weight.Shown.Select(shown => (weight.Layer, shown.When, Value: Value(measure, shown.Values))))
            .GroupBy(weight => (weight.Layer, weight.When))
            .Select(found => new Row(found.Key.Layer, found.Average(weight => weight.Value), label, found.Key.When))
            .Where(row => double.IsFinite(row.Value) && row.Value > 0);

    private static string Describe(string title, string measure, Row[] rows, int layers)
    {
        var ends = rows.Where(row => row.When == "learned, at the end").GroupBy(row => row.Layer)
            .Select(layer => (layer.Key, layer.Average(row => row.Value)))
            .ToArray();
        var text = $"{title}: {Chart.Count(layers, "layer")}, {Chart.Count(rows.Select(row => row.Series).Distinct().Count(), "group")} of runs";
        return ends.Length > 0 ? $"{text}. Trained weights end at: {Chart.Extremes(measure, ends)}" : text;
    }

    // Points without lines: layers are not steps of one quantity, and a layer may have no value.
    private static JsonNode Specification(string measure, string[] layers) => Chart.Parse($$$"""
        {
          "width": "container", "height": 340, "data": {"name": "weights"},
          "mark": {"type": "point", "size": 60, "filled": true, "opacity": 1},
          "encoding": {
            "x": {"field": "layer", "type": "nominal", "title": null, "sort": [{{{string.Join(", ", layers.Select(Chart.Quote))}}}],
                  "axis": {"labelAngle": -40, "labelOverlap": "greedy", "grid": true} },
            "xOffset": {"field": "series", "type": "nominal", "sort": null},
            "y": {"field": "y", "type": "quantitative", "title": {{{Chart.Quote(measure)}}}, "scale": {"type": "log", "nice": false, "padding": 12}, "axis": {"format": "~r", "tickCount": 5} },
            "color": {{{Chart.Colour}}},
            "shape": {"field": "part", "type": "nominal", "title": null, "sort": ["learned, at the end", "learned, at the start", "fixed"]},
            "tooltip": [
              {"field": "layer"}, {"field": "series", "title": "runs"}, {"field": "part", "title": "weights"},
              {"field": "y", "title": {{{Chart.Quote(measure)}}}, "format": ".4~g"}
            ]
          }
        }
        """);
}
