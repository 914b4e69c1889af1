using Xunit;
using static TorchSharp.torch;

namespace Freeze.Kernels.Tests;

/// <summary>Dropout: what is dropped, and that the key and the place in memory alone decide.</summary>
public sealed class DropoutTests
{
    private readonly Graph graph = new();
    private readonly Graph plain = new(useKernels: false);

    public static TheoryData<long[], ScalarType> Shapes => new MatrixTheoryData<long[], ScalarType>(
        [[3, 1], [7, 1025], [2, 3, 1, 1], [9, 5, 12, 12], [40, 16, 16, 16]], [float32, float64, ScalarType.BFloat16]);

    // What is kept is scaled, and its gradient with it, whatever order the gradient comes in.
    [Theory]
    [MemberData(nameof(Shapes))]
    public void TheSameIsDroppedInValuesAndGradientsWithKernelsAndWithout(long[] shape, ScalarType type)
    {
        using var scope = NewDisposeScope();
        var values = Drawn.Values(shape, 1).to(type);
        double[][] Drop(Graph by, bool channelsLast, int threads) => Drawn.OnThreads(threads, () =>
        {
            var x = (channelsLast && shape.Length == 4 ? Drawn.ChannelsLast(values) : values).detach().requires_grad_();
            var y = Dropout.Of(by, x, 0.3, key: 7);
            Assert.Equal(type, y.dtype);
            by.Run(y.mul(values).sum());
            return new[] { Read(y), Read(x.grad!) };
        });

        var both = Drop(graph, true, 1);
        var found = both[0];
        Assert.Equal(found, both[1]);
        Assert.Equal(both, Drop(graph, true, 2));
        Assert.Equal(both, Drop(graph, false, 2));
        Assert.Equal(both, Drop(plain, true, 2));
        Assert.Equal(both, Drop(plain, false, 2));

        var given = Read(values);
        var scale = type == float64 ? 1 / 0.7 : (float)(1 / 0.7);
        var precision = type == float64 ? 1e-15 : type == float32 ? 1e-7 : 4e-3;
        Assert.All(given.Zip(found), pair => Assert.True(
            pair.Second == 0 || Math.Abs(pair.Second - (pair.First * scale)) <= precision * Math.Abs(pair.Second)));
        // Five standard deviations of a binomial fraction.
        var bound = 5 * Math.Sqrt(0.3 * 0.7 / found.Length);
        Assert.InRange(found.Count(value => value == 0) / (double)found.Length, 0.3 - bound, 0.3 + bound);
    }

    [Fact]
    public void TheKeyDecides()
    {
        using var scope = NewDisposeScope();
        double[] Drop(ulong key) => Read(Dropout.Of(graph, ones([1000, 1]), 0.25, key));

        Assert.Equal(Drop(5), Drop(5));
        Assert.NotEqual(Drop(5), Drop(6));
        Assert.All(Drop(5), value => Assert.True(value is 0 or 4 / 3f));
    }

    [Theory]
    [InlineData(0.001)]
    [InlineData(0.5)]
    [InlineData(0.999)]
    public void EveryFractionIsDrawnTheSameWithoutKernels(double fraction)
    {
        using var scope = NewDisposeScope();
        var x = ones([50, 1001]);

        Assert.Equal(Read(Dropout.Of(plain, x, fraction, 3)), Read(Dropout.Of(graph, x, fraction, 3)));
    }

    // Neighbours, and values half a block apart, which share one random number, are dropped independently of each other.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(512)]
    [InlineData(1024)]
    public void EachValueIsDroppedByItself(int distance)
    {
        using var scope = NewDisposeScope();
        var values = Read(Dropout.Of(graph, ones([1 << 10, 1 << 10]), 0.5, 4));
        var pairs = values.Length - distance;
        var both = Enumerable.Range(0, pairs).Count(i => values[i] == 0 && values[i + distance] == 0);
        var bound = 5 * Math.Sqrt(0.25 * 0.75 / pairs);
        Assert.InRange(both / (double)pairs, 0.25 - bound, 0.25 + bound);
    }

    [Fact]
    public void OtherShapesAreDroppedInTheirOrder()
    {
        using var scope = NewDisposeScope();
        var x = ones([6, 5, 40]);
        Assert.Equal(Read(Dropout.Of(graph, x.reshape(6, 200), 0.5, 4)), Read(Dropout.Of(graph, x, 0.5, 4)));
        // A matrix that is the transpose of another.
        var transposed = ones([40, 30]).t();
        Assert.Equal(Read(Dropout.Of(graph, ones([30, 40]), 0.5, 4)), Read(Dropout.Of(graph, transposed, 0.5, 4)));
    }

    private static double[] Read(Tensor values) => values.detach().to(float64).contiguous().data<double>().ToArray();
}
