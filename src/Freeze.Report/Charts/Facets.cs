namespace Freeze.Report.Charts;

/// <summary>Small multiples, such as one chart for each layer of a net. The script sets how many fit in a row.</summary>
internal static class Facets
{
    /// <summary>The most layers that are shown of a net, evenly spaced, including its first and last.</summary>
    public const int MostLayers = 12;

    /// <summary>The layers that are shown.</summary>
    public static string[] Chosen(IReadOnlyList<string> layers) => layers.Count <= MostLayers
        ? [.. layers]
        : [.. Enumerable.Range(0, MostLayers).Select(i => layers[i * (layers.Count - 1) / (MostLayers - 1)])];

    /// <summary>A chart's remark on omitted layers, or "".</summary>
    public static string Omitted(int layers) =>
        layers > MostLayers ? $". {MostLayers} of {layers} layers are shown, weights.csv has all" : "";

    /// <summary>The channel that splits a chart by a field, as JSON.</summary>
    public static string Channel(IEnumerable<string> values, string field = "layer") => $$$"""
        {"field": {{{Chart.Quote(field)}}}, "type": "nominal", "title": null, "columns": 3, "sort": [{{{string.Join(", ", values.Select(Chart.Quote))}}}], "header": {"labelFontSize": 12} }
        """;
}
