using System.Globalization;
using Freeze.Report.Maps;

namespace Freeze.Report.Charts;

/// <summary>Maps of features side by side: a point for each image, a colour for each class, the image as a tooltip.</summary>
internal static class MapChart
{
    /// <summary>The chart of one node's maps, at least one, each from a run.</summary>
    public static Chart Of(IReadOnlyList<(string Run, FeatureMap Map)> maps)
    {
        var node = maps[0].Map.Node;
        var images = maps.SelectMany(of => Enumerable.Range(0, of.Map.X.Length).Select(i => (of.Run, of.Map, I: i))).ToArray();
        static string Class((string Run, FeatureMap Map, int I) image) => image.Map.Classes[image.I].ToString(CultureInfo.InvariantCulture);
        var classes = maps.SelectMany(of => of.Map.Classes).Distinct().Order().Select(found => Chart.Quote(found.ToString(CultureInfo.InvariantCulture)));
        string[] runs = [.. maps.Select(of => of.Run)];
        return new Chart(
            $"Maps of the features at {node} (t-SNE)",
            $"t-SNE maps of the features at {node} of {Chart.Count(maps.Count, "run")}: a point is one of {maps.Max(of => of.Map.X.Length)} test images, coloured by class. "
            + $"10-NN accuracy on the map: {Chart.Extremes("accuracy", [.. maps.Select(of => (of.Run, of.Map.NearestMap))])}",
            Chart.Parse($$$"""
                {
                  "usermeta": {"square": true},
                  "width": 270, "height": 270, "data": {"name": "images"},
                  "mark": {"type": "point", "filled": true, "size": 16, "opacity": 0.85},
                  "encoding": {
                    "facet": {{{Facets.Channel(runs, "run")}}},
                    "x": {"field": "x", "type": "quantitative", "axis": null, "scale": {"zero": false} },
                    "y": {"field": "y", "type": "quantitative", "axis": null, "scale": {"zero": false} },
                    "color": {"field": "class", "type": "nominal", "title": null, "sort": [{{{string.Join(", ", classes)}}}]},
                    "tooltip": [{"field": "class"}, {"field": "image"}]
                  },
                  "resolve": {"scale": {"x": "independent", "y": "independent"} }
                }
                """),
            [("images", new Columns()
                .Words("run", images.Select(image => image.Run))
                .Numbers("x", images.Select(image => image.Map.X[image.I]))
                .Numbers("y", images.Select(image => image.Map.Y[image.I]))
                .Words("class", images.Select(Class))
                .Words("image", images.Select(image => image.I < image.Map.Thumbnails.Length ? $"data:image/png;base64,{image.Map.Thumbnails[image.I]}" : "")))]);
    }
}
