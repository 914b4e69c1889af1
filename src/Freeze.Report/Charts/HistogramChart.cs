using System.Text.Json.Nodes;
using Freeze.Report.Statistics;

namespace Freeze.Report.Charts;

/// <summary>The distribution of a run's weights, by layer: trained ones at the start and at the end, and fixed ones.</summary>
internal static class HistogramChart
{
    /// <summary>The most groups of runs that are shown, each by its first run with weights.</summary>
    public const int MostRuns = 4;

    private sealed record Row(string Layer, double Value, double Density, string Part, int Count);

    /// <summary>The runs to show: the first of each group.</summary>
    public static RunRecords[] Chosen(ReportFile file) =>
    [
        .. file.By(file.Axes).Select(group => group.Runs.FirstOrDefault(run => run.Weights.Count > 0)).OfType<RunRecords>().Take(MostRuns),
    ];

    /// <summary>The chart of a run that has its weights' statistics.</summary>
    public static Chart Of(RunRecords run)
    {
        string[] layers = [.. run.Weights.Where(weight => weight.Shown.Any()).Select(weight => weight.Layer).Distinct()];
        var shown = Facets.Chosen(layers);
        var rows = run.Weights.Where(weight => shown.Contains(weight.Layer))
            .SelectMany(weight => weight.Shown.SelectMany(part => Rows(weight.Layer, part.Values, part.When)))
            .ToArray();
        var title = $"Weights of {run.Run.Name}";
        return new Chart(
            title,
            $"{title}: a histogram per layer of trained weights, at the start and at the end, and of fixed ones. {Describe(run, shown)}{Facets.Omitted(layers.Length)}",
            Specification(shown),
            [("bins", new Columns()
                .Words("layer", rows.Select(row => row.Layer))
                .Numbers("w", rows.Select(row => row.Value))
                .Numbers("density", rows.Select(row => row.Density))
                .Numbers("n", rows.Select(row => (double)row.Count))
                .Words("part", rows.Select(row => row.Part)))]);
    }

    private static string Describe(RunRecords run, string[] layers)
    {
        var ends = run.Weights.Where(weight => layers.Contains(weight.Layer) && weight.Part == WeightPart.Learned).ToArray();
        return ends.Length == 0
            ? "Nothing learns"
            : $"At the end weights lie from {Measures.Show("mean |w|", ends.Min(weight => weight.End.Least))} to {Measures.Show("mean |w|", ends.Max(weight => weight.End.Most))}";
    }

    // Fractions of the part per unit of weight, so that parts of different sizes and ranges are comparable.
    private static IEnumerable<Row> Rows(string layer, Magnitudes of, string part)
    {
        var width = (of.Most - of.Least) / of.Histogram.Length;
        Row Bin(int bin, int count) => new(layer, of.Least + ((bin + 0.5) * width), count / (of.Count * width), part, count);

        // With empty bins at both sides, so that the line begins and ends on the axis.
        return width > 0
            ? of.Histogram.Select((count, bin) => Bin(bin, count)).Prepend(Bin(-1, 0)).Append(Bin(of.Histogram.Length, 0))
            : [];
    }

    private static JsonNode Specification(string[] layers) => Chart.Parse($$$"""
        {
          "width": 250, "height": 130, "data": {"name": "bins"},
          "mark": {"type": "line", "interpolate": "step", "strokeWidth": 1.5},
          "encoding": {
            "facet": {{{Facets.Channel(layers)}}},
            "x": {"field": "w", "type": "quantitative", "title": "weight", "scale": {"zero": false}, "axis": {"grid": false, "tickCount": 5, "format": "~r"} },
            "y": {"field": "density", "type": "quantitative", "title": "density", "axis": {"tickCount": 3, "format": "~r"} },
            "color": {"field": "part", "type": "nominal", "title": null, "sort": ["learned, at the end", "learned, at the start", "fixed"]},
            "tooltip": [
              {"field": "layer"}, {"field": "part", "title": "weights"}, {"field": "w", "title": "about", "format": ".3~g"},
              {"field": "n", "title": "number of weights"}
            ]
          },
          "resolve": {"scale": {"x": "independent", "y": "independent"} }
        }
        """);
}
