using Freeze.Report.Maps;

namespace Freeze.Report.Tests.Maps;

public sealed class NeighbourTests
{
    private static readonly Points Line = Clouds.Points([[0], [1], [3], [7]]);

    [Fact]
    public void TheNearestStandFirst()
    {
        var near = Neighbours.Of(Line, 2, 1);
        Assert.Equal([1, 2, 0, 2, 1, 0, 2, 1], near.Indices);
        Assert.Equal([1, 9, 1, 4, 4, 9, 16, 36], near.Squares);
    }

    [Fact]
    public void AMapThatKeepsNeighboursIsTrustworthy()
    {
        var points = Clouds.Of(3, 20, 5).Points;
        Assert.Equal(1, Clouds.Trustworthiness(points, points, 5));
        var order = RandomStream.Permutation(3, 60);
        var mixed = Clouds.Points([.. order.Select(i => points[i].ToArray())]);
        Assert.InRange(Clouds.Trustworthiness(points, mixed, 5), 0.4, 0.6);
    }

    [Fact]
    public void ClassesOfNeighboursAreCompared()
    {
        Assert.Equal(0.75, Neighbours.Accuracy(Line, [0, 0, 1, 1], 1, 1));
        var (points, classes) = Clouds.Of(3, 20, 5, distance: 40);
        Assert.Equal(1, Neighbours.Accuracy(points, classes, 10, 2));
    }
}
