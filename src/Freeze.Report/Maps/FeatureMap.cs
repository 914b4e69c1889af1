using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;

namespace Freeze.Report.Maps;

/// <summary>
/// A map of a trained net's features of test images at one of its nodes, as stored in the file tsne-NODE-SAMPLES.json of a run's
/// folder.
/// </summary>
/// <param name="Node">The node of the net.</param>
/// <param name="X">The x of each image.</param>
/// <param name="Y">The y of each image.</param>
/// <param name="Classes">The class of each image.</param>
/// <param name="Divergence">The Kullback-Leibler divergence, in nats.</param>
/// <param name="NearestInput">The fraction of images whose class is the majority of their ten nearest, by pixels.</param>
/// <param name="NearestFeatures">As above, by features.</param>
/// <param name="NearestMap">As above, on the map.</param>
/// <param name="Perplexity">The perplexity of the map.</param>
/// <param name="Thumbnails">Small pictures of the first images, as PNG in base64.</param>
public sealed record FeatureMap(
    string Node,
    double[] X,
    double[] Y,
    int[] Classes,
    double Divergence,
    double NearestInput,
    double NearestFeatures,
    double NearestMap,
    double Perplexity,
    string[] Thumbnails)
{
    private const long LargestFile = 50_000_000;
    private const int Nearest = 10;

    /// <summary>The most images that tooltips show, to keep pages small.</summary>
    public const int MostThumbnails = 500;

    /// <summary>The name of a map's file.</summary>
    public static string FileName(string node, int samples)
    {
        var safe = string.Concat(node.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '_'));
        return string.Create(CultureInfo.InvariantCulture, $"tsne-{safe}-{samples}.json");
    }

    /// <summary>Makes a map of features, and measures how well pixels, features and map separate the classes.</summary>
    /// <param name="node">The node that computes the features.</param>
    /// <param name="features">The features of each image.</param>
    /// <param name="pixels">The pixels of each image.</param>
    /// <param name="classes">The class of each image.</param>
    /// <param name="thumbnails">Small pictures of the first images.</param>
    /// <param name="seed">The run's seed.</param>
    public static FeatureMap Make(
        string node, Points features, Points pixels, int[] classes, string[] thumbnails, long seed)
    {
        ArgumentNullException.ThrowIfNull(features);
        var options = TsneOptions.Usual(features.Count, seed);
        var map = Tsne.Map(features, options);
        var layout = new Points([.. map.Layout.Select(place => (float)place)], features.Count, 2);
        double Told(Points points) => Neighbours.Accuracy(points, classes, Nearest, options.Threads);
        double[] Side(int offset) => [.. Enumerable.Range(0, features.Count).Select(i => Math.Round(map.Layout[(2 * i) + offset], 4))];
        return new FeatureMap(
            node, Side(0), Side(1), classes, map.Divergence, Told(pixels), Told(features), Told(layout), options.Perplexity, thumbnails);
    }

    /// <summary>The largest of a run's maps of a stage's features that does not exceed a number of images, or null.</summary>
    /// <param name="maps">The run's maps.</param>
    /// <param name="net">Its net.</param>
    /// <param name="stage">From 1; 0 is the last stage, or the input of the last layer if the net has no stages.</param>
    /// <param name="samples">The maximal number of images.</param>
    internal static FeatureMap? Shown(IEnumerable<FeatureMap> maps, Net net, int stage, int samples)
    {
        int? node = (stage, net.Stages.Length) switch
        {
            (0, 0) => net.Nodes[^1].Inputs[0],
            (0, _) => net.Stages[^1].Output,
            _ when stage <= net.Stages.Length => net.Stages[stage - 1].Output,
            _ => null,
        };
        return node is { } found
            ? maps.Where(map => map.Node == net.Nodes[found].Name && map.X.Length <= samples).MaxBy(map => map.X.Length)
            : null;
    }

    /// <summary>The text of a map's file.</summary>
    public string ToText() => JsonSerializer.Serialize(this) + "\n";

    /// <summary>The maps in a run's folder, which need not exist, by name; damaged files are left out.</summary>
    public static IReadOnlyList<FeatureMap> ReadAll(string folder) => !Directory.Exists(folder) ? [] :
        [.. Directory.EnumerateFiles(folder, "tsne-*.json").Order(StringComparer.Ordinal).Select(TryRead).OfType<FeatureMap>()];

    private static FeatureMap? TryRead(string path)
    {
        try
        {
            if (new FileInfo(path).Length > LargestFile)
            {
                return null;
            }

            var map = JsonSerializer.Deserialize<FeatureMap>(File.ReadAllText(path));
            return map is { Node: not null, X: not null, Y: not null, Classes: not null, Thumbnails: not null }
                && map.X.Length == map.Classes.Length && map.Y.Length == map.Classes.Length
                && map.Thumbnails.All(IsBase64)
                ? map
                : null;
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            return null;
        }
    }

    // Pages use it as the source of a picture.
    private static bool IsBase64(string text) => text is not null && Base64.IsValid(text);
}
