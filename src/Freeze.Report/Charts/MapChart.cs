using System.Globalization;
using Freeze.Report.Maps;

namespace Freeze.Report.Charts;

/// <summary>A map of features: a point for each image, a colour for each class, the image itself under the pointer.</summary>
internal static class MapChart
{
    /// <summary>The chart of a run's map.</summary>
    public static Chart Of(string run, FeatureMap map)
    {
        var classes = map.Classes.Distinct().Order().Select(found => found.ToString(CultureInfo.InvariantCulture)).ToArray();
        return new Chart(
            $"What {map.Node} sees in {run}",
            $"t-SNE map of {map.X.Length} test images by the features at {map.Node}, coloured by class",
            Chart.Parse($$$"""
                {
                  "width": "container", "height": 460, "data": {"name": "images"},
                  "params": [{"name": "picked", "select": {"type": "point", "fields": ["class"], "toggle": "true"}, "bind": "legend"}],
                  "mark": {"type": "point", "filled": true, "size": 26},
                  "encoding": {
                    "x": {"field": "x", "type": "quantitative", "axis": null, "scale": {"zero": false} },
                    "y": {"field": "y", "type": "quantitative", "axis": null, "scale": {"zero": false} },
                    "color": {"field": "class", "type": "nominal", "sort": [{{{string.Join(", ", classes.Select(Chart.Quote))}}}], "scale": {"scheme": {{{Chart.Scheme(classes.Length)}}} } },
                    "opacity": {"condition": {"param": "picked", "value": 0.85}, "value": 0.05},
                    "tooltip": [{"field": "class"}, {"field": "image"}]
                  }
                }
                """),
            [("images", new Columns()
                .Numbers("x", map.X)
                .Numbers("y", map.Y)
                .Words("class", map.Classes.Select(found => found.ToString(CultureInfo.InvariantCulture)))
                .Words("image", map.X.Select((_, i) => i < map.Thumbnails.Length ? $"data:image/png;base64,{map.Thumbnails[i]}" : "")))]);
    }
}
