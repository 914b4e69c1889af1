using Freeze.Report.Maps;

namespace Freeze.Report.Tests.Maps;

public sealed class PrincipalComponentTests
{
    // Points that vary by 9, 4 and 1 along three directions and hardly elsewhere.
    private static Points Flat(int dimension)
    {
        var layout = Clouds.Layout(600, 1);
        return Clouds.Points([.. Enumerable.Range(0, 400).Select(i => Enumerable.Range(0, dimension)
            .Select(j => (float)((3 * layout[i] * Math.Sin(j)) + (2 * layout[400 + i] * Math.Cos(j)) + (layout[800 + i] * Math.Sin(3 * j)) + 5))
            .ToArray())]);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(300)]
    public void DistancesAreKeptWhereFewDirectionsVary(int dimension)
    {
        var points = Flat(dimension);
        var projected = PrincipalComponents.Project(points, 3, seed: 1);
        static double Distance(Points points, int i, int j) =>
            Math.Sqrt(Enumerable.Range(0, points.Dimension).Sum(k => Math.Pow(points[i][k] - points[j][k], 2)));
        Assert.Equal(3, projected.Dimension);
        for (var i = 1; i < points.Count; i++)
        {
            Assert.Equal(Distance(points, 0, i), Distance(projected, 0, i), 1e-3);
        }
    }

    [Fact]
    public void ThreadsDoNotChangeABit()
    {
        var points = Clouds.Of(4, 100, 300).Points;
        var threads = MathNet.Numerics.Control.MaxDegreeOfParallelism;
        float[] With(int threads)
        {
            MathNet.Numerics.Control.MaxDegreeOfParallelism = threads;
            return PrincipalComponents.Project(points, 50, seed: 1).Values;
        }

        try
        {
            var one = With(1);
            Assert.Equal(one, With(2));
            Assert.Equal(one, With(7));
        }
        finally
        {
            MathNet.Numerics.Control.MaxDegreeOfParallelism = threads;
        }
    }

    [Fact]
    public void TheFirstDirectionVariesMost()
    {
        var projected = PrincipalComponents.Project(Flat(300), 3, seed: 1);
        var variances = Enumerable.Range(0, 3)
            .Select(k => Enumerable.Range(0, projected.Count).Average(i => Math.Pow(projected[i][k], 2)))
            .ToArray();
        Assert.Equal(variances.OrderDescending(), variances);
    }
}
