using System.Text.Json.Nodes;
using Freeze.Report.Statistics;

namespace Freeze.Report.Charts;

/// <summary>A statistic of each layer's trained weights over the epochs, from the start on.</summary>
internal static class WeightCurveChart
{
    private const int MostCurves = 20;
    private const int MostPoints = 100;

    private sealed record Row(string Layer, int Epoch, double Value, string Series);

    /// <summary>A chart for each net whose runs record their weights in each epoch.</summary>
    public static IEnumerable<Chart> Of(ReportFile file, string measure) =>
        file.ByNet(run => run.Sizes.Count > 0).Select(net => Of(measure, net.Name, net.Runs, file.Axes));

    private static Chart Of(string measure, string net, ReportFile file, string[] axes)
    {
        var (runs, groups) = (file.Runs, file.By(axes));
        var normalised = runs.SelectMany(run => run.Run.Recipe.Weights)
            .Where(plan => LayerKindModule.isNorm(plan.Weight.Kind))
            .Select(plan => plan.Weight.Layer)
            .ToHashSet();
        string[] layers =
        [
            .. runs.SelectMany(run => run.Run.Recipe.Weights).Select(plan => plan.Weight.Layer).Distinct()
                .Where(layer => !normalised.Contains(layer))
                .Where(layer => runs.Any(run => run.Sizes.Any(size => size.Layers.Any(found => found.Layer == layer)))),
        ];
        var shown = Facets.Chosen(layers);
        var rows = groups.Take(MostCurves).SelectMany(group => shown.SelectMany(layer => Curve(group, group.Label(axes), layer, measure))).ToArray();
        var title = $"{CurveChart.Sentence([measure])} of what learns, by epoch, in {net}";
        var omitted = groups.Count > MostCurves ? $". The first {MostCurves} of {groups.Count} groups of runs are shown" : "";
        return new Chart(
            title,
            $"{title}: a chart for each layer, means over the runs of a group. {Describe(measure, rows)}{omitted}{Facets.Omitted(layers.Length)}",
            Specification(measure, shown),
            [("sizes", new Columns()
                .Words("layer", rows.Select(row => row.Layer))
                .Numbers("epoch", rows.Select(row => (double)row.Epoch))
                .Numbers("y", rows.Select(row => row.Value))
                .Words("series", rows.Select(row => row.Series)))]);
    }

    private static IEnumerable<Row> Curve(RunGroup group, string label, string layer, string measure)
    {
        var starts = group.Runs.SelectMany(run => run.Weights)
            .Where(weight => weight.Layer == layer && weight.Part == WeightPart.Learned)
            .Select(weight => WeightChart.Value(measure, weight.Start))
            .ToArray();
        if (starts.Length > 0)
        {
            yield return new Row(layer, 0, starts.Average(), label);
        }

        var found = group.Runs.SelectMany(run => run.Sizes)
            .SelectMany(size => size.Layers.Where(of => of.Layer == layer).Select(of => (size.Epoch, Value: WeightChart.Value(measure, of.MeanAbsolute, of.Variance, of.Norm))))
            .GroupBy(size => size.Epoch)
            .OrderBy(epoch => epoch.Key)
            .ToArray();
        foreach (var epoch in Chart.Thinned(found, MostPoints))
        {
            yield return new Row(layer, epoch.Key, epoch.Average(size => size.Value), label);
        }
    }

    private static string Describe(string measure, Row[] rows)
    {
        var ends = rows.Where(row => double.IsFinite(row.Value)).GroupBy(row => row.Layer)
            .Select(layer => (layer.Key, layer.GroupBy(row => row.Series).Average(series => series.Last().Value)))
            .ToArray();
        return ends.Length > 0 ? $"At the end: {Chart.Extremes(measure, ends)}" : "No value is finite";
    }

    private static JsonNode Specification(string measure, string[] layers) => Chart.Parse($$$"""
        {
          "width": 250, "height": 150, "data": {"name": "sizes"},
          "mark": {"type": "line", "strokeWidth": 2, "point": {"size": 20} },
          "encoding": {
            "facet": {{{Facets.Channel(layers)}}},
            "x": {"field": "epoch", "type": "quantitative", "title": "epoch", "scale": {"zero": false, "nice": false}, "axis": {"tickMinStep": 1, "grid": false, "tickCount": 4, "format": "d"} },
            "y": {"field": "y", "type": "quantitative", "title": {{{Chart.Quote(measure)}}}, "scale": {"zero": false}, "axis": {"format": "~r", "tickCount": 4} },
            "color": {{{Chart.Colour}}},
            "tooltip": [
              {"field": "layer"}, {"field": "series", "title": "runs"}, {"field": "epoch"},
              {"field": "y", "title": {{{Chart.Quote(measure)}}}, "format": ".4~g"}
            ]
          },
          "resolve": {"scale": {"y": "independent"}, "axis": {"x": "independent"} }
        }
        """);
}
