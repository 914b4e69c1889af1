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
        return (Points.Of([.. rows]), classes);
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
