namespace Freeze.Report.Charts;

/// <summary>Small charts side by side, such as one for each layer of a net. The script sets how many fit beside each other.</summary>
internal static class Facets
{
    /// <summary>Nets with more layers show so many, evenly spread over the net, its first and its last among them.</summary>
    public const int MostLayers = 12;

    /// <summary>The layers that are shown.</summary>
    public static string[] Chosen(IReadOnlyList<string> layers) => layers.Count <= MostLayers
        ? [.. layers]
        : [.. Enumerable.Range(0, MostLayers).Select(i => layers[i * (layers.Count - 1) / (MostLayers - 1)])];

    /// <summary>What a chart says of the layers that it leaves out, or "".</summary>
    public static string Omitted(int layers) =>
        layers > MostLayers ? $". {MostLayers} of {layers} layers are shown, weights.csv has all" : "";

    /// <summary>The channel that splits a chart by a field, as JSON.</summary>
    public static string Channel(IEnumerable<string> values, string field = "layer") => $$$"""
        {"field": {{{Chart.Quote(field)}}}, "type": "nominal", "title": null, "columns": 3, "sort": [{{{string.Join(", ", values.Select(Chart.Quote))}}}], "header": {"labelFontSize": 12} }
        """;
}
