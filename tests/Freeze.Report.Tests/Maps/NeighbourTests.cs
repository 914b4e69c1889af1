using Freeze.Report.Maps;

namespace Freeze.Report.Tests.Maps;

public sealed class NeighbourTests
{
    private static readonly Points Line = Points.Of([[0], [1], [3], [7]]);

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
        Assert.Equal(1, Neighbours.Trustworthiness(points, points, 5, 1));
        var order = RandomStream.Permutation(3, 60);
        var mixed = Points.Of([.. order.Select(i => points[i].ToArray())]);
        Assert.InRange(Neighbours.Trustworthiness(points, mixed, 5, 1), 0.4, 0.6);
    }

    [Fact]
    public void ClassesOfNeighboursAreCompared()
    {
        Assert.Equal(0.75, Neighbours.Accuracy(Line, [0, 0, 1, 1], 1, 1));
        var (points, classes) = Clouds.Of(3, 20, 5, distance: 40);
        Assert.Equal(1, Neighbours.Accuracy(points, classes, 10, 2));
    }
}
