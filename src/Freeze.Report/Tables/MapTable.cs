using System.Globalization;
using Freeze.Report.Maps;

namespace Freeze.Report.Tables;

/// <summary>How well maps, features and pixels separate the classes.</summary>
internal static class MapTable
{
    /// <summary>A row for each run.</summary>
    public static Table Of(IReadOnlyList<(string Run, FeatureMap Map)> maps) => new(
        "10-NN accuracy",
        "10-NN accuracy: the fraction of images whose class is that of most of their ten nearest neighbours, by pixels, by features and on the map",
        [
            new("run"), new("pixels", IsNumber: true), new("features", IsNumber: true), new("map", IsNumber: true),
            new("perplexity", IsNumber: true), new("KL divergence (nats)", IsNumber: true),
        ],
        maps.Select(of => new Cell[]
        {
            of.Run, Percent(of.Map.NearestInput), Percent(of.Map.NearestFeatures), Percent(of.Map.NearestMap),
            of.Map.Perplexity.ToString("0.#", CultureInfo.InvariantCulture), of.Map.Divergence.ToString("F3", CultureInfo.InvariantCulture),
        }));

    private static string Percent(double fraction) => Measures.Show("accuracy", fraction);
}
