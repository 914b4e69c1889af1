using Freeze.Report.Maps;

namespace Freeze.Report.Tests.Maps;

/// <summary>Made-up points.</summary>
internal static class Clouds
{
    /// <summary>So many clouds of points around centres far from each other, and to which cloud each belongs.</summary>
    public static (Points Points, int[] Classes) Of(int clouds, int each, int dimension, double distance = 10)
    {
        var key = RandomStream.Key(7, "clouds");
        var classes = Enumerable.Range(0, clouds * each).Select(i => i % clouds).ToArray();
        var rows = classes.Select((cloud, i) => Enumerable.Range(0, dimension)
            .Select(j => Normal(key, (i * dimension) + j)
                + (float)(distance * Normal(RandomStream.Key(cloud, "centre"), j) / Math.Sqrt(dimension)))
            .ToArray());
        return (Clouds.Points([.. rows]), classes);
    }

    /// <summary>Points of a list of rows of equal length.</summary>
    public static Points Points(IReadOnlyList<float[]> rows) => new([.. rows.SelectMany(row => row)], rows.Count, rows[0].Length);

    /// <summary>
    /// How far neighbours in a map are neighbours in truth, 1 being best (Venna and Kaski 2001): each that is not is charged by
    /// how far down it stands among the true ones.
    /// </summary>
    public static double Trustworthiness(Points truth, Points map, int count)
    {
        var n = truth.Count;
        var (near, all) = (Neighbours.Of(map, count, 1), Neighbours.Of(truth, n - 1, 1));
        var charges = 0.0;
        for (var i = 0; i < n; i++)
        {
            var ranks = all.Indices.AsSpan(i * (n - 1), n - 1);
            foreach (var j in near.Indices.AsSpan(i * count, count))
            {
                charges += Math.Max(0, ranks.IndexOf(j) + 1 - count);
            }
        }

        return 1 - (2 * charges / ((double)n * count * ((2.0 * n) - (3 * count) - 1)));
    }

    public static double[] Layout(int count, double scale)
    {
        var key = RandomStream.Key(1, "layout");
        return [.. Enumerable.Range(0, 2 * count).Select(i => scale * Normal(key, i))];
    }

    // The sum of twelve even numbers is normal enough.
    private static float Normal(ulong key, int index) =>
        Enumerable.Range(0, 12).Sum(i => RandomStream.Unit(key, (index * 12L) + i)) - 6;
}
