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

    /// <summary>The name of a map's file.</summary>
    public static string FileName(string node, int samples) => $"tsne-{node}-{samples}.json";

    /// <summary>The text of a map's file.</summary>
    public string ToText() => JsonSerializer.Serialize(this) + "\n";

    /// <summary>The maps in a run's folder, by name; files that are damaged are left out.</summary>
    public static IReadOnlyList<FeatureMap> ReadAll(string folder) =>
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
    private static bool IsBase64(string text) => text is not null && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '/' or '=');
}
