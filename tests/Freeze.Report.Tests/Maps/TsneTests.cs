using Freeze.Report.Maps;

namespace Freeze.Report.Tests.Maps;

public sealed class TsneTests
{
    private static readonly TsneOptions Exact = new(Perplexity: 10, Iterations: 500, Theta: 0, Seed: 1, Threads: 2);

    private static Affinities All(Points points, double perplexity) =>
        Affinities.Of(Neighbours.Of(points, points.Count - 1, 1), perplexity, 1);

    private static double[] Gradient(double[] layout, Affinities affinities, TsneOptions options)
    {
        var gradient = new double[layout.Length];
        new TsneForces(affinities, options).Gradient(layout, 1, gradient);
        return gradient;
    }

    [Fact]
    public void AffinitiesAreSymmetricAndOneInAll()
    {
        var affinities = All(Clouds.Of(3, 20, 5).Points, 10);
        var dense = new double[60, 60];
        for (var i = 0; i < 60; i++)
        {
            for (var k = affinities.Starts[i]; k < affinities.Starts[i + 1]; k++)
            {
                dense[i, affinities.Columns[k]] = affinities.Values[k];
            }
        }

        Assert.Equal(1, affinities.Values.Sum(), 12);
        Assert.All(Enumerable.Range(0, 60), i => Assert.All(Enumerable.Range(0, 60), j => Assert.Equal(dense[i, j], dense[j, i], 15)));
        Assert.All(Enumerable.Range(0, 60), i => Assert.Equal(0, dense[i, i]));
    }

    [Fact]
    public void KernelsHaveThePerplexity()
    {
        // In a ring all points are alike, so a row of the symmetric affinities is that of one point's kernel.
        var ring = Clouds.Points([.. Enumerable.Range(0, 40).Select(i => new[] { (float)Math.Cos(i * Math.PI / 20), (float)Math.Sin(i * Math.PI / 20) })]);
        var affinities = All(ring, 8);
        var entropy = -affinities.Values.Where(p => p > 0).Sum(p => p * Math.Log(p * 40));
        Assert.Equal(8, Math.Exp(entropy), 3);
    }

    [Fact]
    public void TheGradientIsThatOfTheDivergence()
    {
        var affinities = All(Clouds.Of(3, 12, 4).Points, 8);
        var layout = Clouds.Layout(36, 1);
        var gradient = Gradient(layout, affinities, Exact);
        const double Step = 1e-5;
        for (var i = 0; i < layout.Length; i++)
        {
            double Moved(double by)
            {
                var moved = layout.ToArray();
                moved[i] += by;
                return Tsne.Divergence(moved, affinities, Exact);
            }

            // Central differences are off by the square of the step, and by rounding over the step.
            Assert.Equal((Moved(Step) - Moved(-Step)) / (2 * Step), gradient[i], 1e-8);
        }
    }

    [Theory]
    [InlineData(1e-4)]
    [InlineData(5)]
    public void CellsOfNoWidthGiveTheExactForces(double scale)
    {
        var affinities = All(Clouds.Of(4, 75, 4).Points, 20);
        var layout = Clouds.Layout(300, scale);
        var exact = Gradient(layout, affinities, Exact);
        var cells = Gradient(layout, affinities, Exact with { Theta = 1e-9 });
        Assert.All(exact.Zip(cells), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
    }

    [Fact]
    public void CoarseCellsAreNearTheExactForces()
    {
        var affinities = All(Clouds.Of(4, 75, 4).Points, 20);
        var layout = Clouds.Layout(300, 5);
        var exact = Gradient(layout, affinities, Exact);
        var coarse = Gradient(layout, affinities, Exact with { Theta = 0.5 });
        var error = Math.Sqrt(exact.Zip(coarse, (a, b) => (a - b) * (a - b)).Sum() / exact.Sum(a => a * a));
        Assert.InRange(error, 1e-9, 0.05);
    }

    [Fact]
    public void PointsInOnePlaceHaveFiniteForces()
    {
        var affinities = All(Clouds.Of(2, 20, 4).Points, 8);
        var layout = new double[80];
        Assert.All(Gradient(layout, affinities, Exact with { Theta = 0.5 }), value => Assert.Equal(0, value, 1e-12));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    public void CloudsStayApart(double theta)
    {
        var (points, classes) = Clouds.Of(5, 40, 60);
        var options = Exact with { Theta = theta };
        var map = Tsne.Map(points, options);
        var layout = Clouds.Points([.. Enumerable.Range(0, 200).Select(i => new[] { (float)map.Layout[2 * i], (float)map.Layout[(2 * i) + 1] })]);
        Assert.Equal(1, Neighbours.Accuracy(layout, classes, 10, 1));
        Assert.InRange(Clouds.Trustworthiness(points, layout, 10), 0.75, 1);
    }

    [Fact]
    public void TheDivergenceFalls()
    {
        var points = Clouds.Of(5, 40, 60).Points;
        double After(int iterations) => Tsne.Map(points, Exact with { Iterations = iterations }).Divergence;
        Assert.True(After(500) < After(300) && After(300) < After(0), "the descent does not descend");
    }

    [Fact]
    public void ThreadsDoNotChangeABit()
    {
        var points = Clouds.Of(4, 100, 200).Points;
        double[] With(int threads) => Tsne.Map(points, Exact with { Iterations = 300, Theta = 0.5, Threads = threads }).Layout;
        Assert.Equal(With(1), With(2));
        Assert.Equal(With(1), With(7));
    }
}
