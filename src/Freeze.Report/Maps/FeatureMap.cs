using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;

namespace Freeze.Report.Maps;

/// <summary>
/// A map of what a trained net makes of test images at one of its nodes, as the file tsne-NODE-SAMPLES.json of a run's
/// folder holds it.
/// </summary>
/// <param name="Node">The node of the net.</param>
/// <param name="X">Of each image.</param>
/// <param name="Y">Of each image.</param>
/// <param name="Classes">Of each image.</param>
/// <param name="Divergence">Kullback and Leibler's, in nats.</param>
/// <param name="NearestInput">The share of images whose class is that of most of their ten nearest, by pixels.</param>
/// <param name="NearestFeatures">The same by features.</param>
/// <param name="NearestMap">The same by the map.</param>
/// <param name="Perplexity">That of the map.</param>
/// <param name="Thumbnails">Small pictures of the first images as PNG in base 64.</param>
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

    /// <summary>So many images are shown under the pointer: a page must stay small.</summary>
    public const int MostThumbnails = 500;

    /// <summary>The name of a map's file.</summary>
    public static string FileName(string node, int samples)
    {
        var safe = string.Concat(node.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '_'));
        return string.Create(CultureInfo.InvariantCulture, $"tsne-{safe}-{samples}.json");
    }

    /// <summary>The map of features, and how well classes can be told apart by pixels, features and map.</summary>
    /// <param name="node">Where the features are from.</param>
    /// <param name="features">Of each image.</param>
    /// <param name="pixels">Of each image.</param>
    /// <param name="classes">Of each image.</param>
    /// <param name="thumbnails">Of the first images.</param>
    /// <param name="seed">The run's.</param>
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

    /// <summary>Of the maps of a run the largest one of a stage's features that has at most so many images, if there is one.</summary>
    /// <param name="maps">Of the run.</param>
    /// <param name="net">Its net.</param>
    /// <param name="stage">From 1; 0 is the last one, or of a net without stages what its last layer reads.</param>
    /// <param name="samples">How many images, at most.</param>
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

    /// <summary>The maps in a run's folder, which need not be there, by name; files that are damaged are left out.</summary>
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

    // What goes into a page as the source of a picture.
    private static bool IsBase64(string text) => text is not null && Base64.IsValid(text);
}
