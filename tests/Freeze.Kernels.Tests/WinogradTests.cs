using Xunit;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Kernels.Tests;

/// <summary>
/// Convolutions by Winograd's algorithm, in single precision, against libtorch's in double: values and all gradients, of
/// whole kernels and of slices.
/// </summary>
public sealed class WinogradTests
{
    private readonly Graph graph = new();

    // Images, inputs, height, width, outputs, side of the kernel, padding: whole lanes of 16 channels and not, whole tiles and not.
    public static TheoryData<long, long, long, long, long, long, long> Shapes => new()
    {
        { 16, 64, 16, 16, 64, 3, 1 },
        { 130, 20, 4, 4, 37, 3, 1 },
        { 9, 48, 15, 22, 12, 3, 1 },
        { 40, 8, 9, 9, 40, 3, 0 },
        { 40, 17, 6, 7, 33, 3, 2 },
        { 33, 16, 8, 8, 16, 3, 1 },
        { 16, 10, 16, 16, 20, 3, 1 },
        { 32, 20, 12, 12, 50, 5, 0 },
        { 9, 48, 13, 16, 64, 5, 2 },
        { 40, 17, 6, 7, 33, 5, 4 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void AWholeKernelAsInDouble(long images, long inputs, long height, long width, long outputs, long side, long padding)
    {
        using var scope = NewDisposeScope();
        var start = Drawn.Values([outputs, inputs, side, side], 2);
        Drawn.CompareInDouble(graph, [images, inputs, height, width], outputs, (x, bias, exact) =>
        {
            var weight = (exact ? start : start.to(float32)).detach().requires_grad_();
            var y = exact
                ? F.conv2d(x, weight, bias, [1, 1], [padding, padding])
                : Unshared.Conv2d(graph, x, null, weight, bias, new([1, 1], [padding, padding], true));
            return (y, weight);
        });
    }

    // Single kernels on rounded values: better than libtorch's bfloat16, whose kernels are rounded too. What comes of it is
    // rounded by a thousandth; tiles of 8x8 outputs, which some of the shapes have, add next to nothing to that.
    [Theory]
    [MemberData(nameof(Shapes))]
    public void InBfloat16AsInDoubleOfTheRoundedValues(
        long images, long inputs, long height, long width, long outputs, long side, long padding)
    {
        using var scope = NewDisposeScope();
        var start = Drawn.Values([outputs, inputs, side, side], 2).to(float32);
        Drawn.CompareInDouble(
            graph,
            [images, inputs, height, width],
            outputs,
            (x, bias, exact) =>
            {
                var weight = (exact ? start.to(float64) : start).detach().requires_grad_();
                var y = exact
                    ? F.conv2d(x, weight, bias, [1, 1], [padding, padding])
                    : Unshared.Conv2d(graph, x.to(ScalarType.BFloat16), null, weight, bias, new([1, 1], [padding, padding], true));
                Assert.Equal(exact ? float64 : ScalarType.BFloat16, y.dtype);
                return (y, weight);
            },
            2.5e-3);
    }

    [Theory]
    [InlineData(0, new long[] { 0, 1, 2, 3 })]
    [InlineData(0, new long[] { 1, 4, 30 })]
    [InlineData(1, new long[] { 5, 6, 7, 8, 9 })]
    [InlineData(1, new long[] { 0, 2 })]
    [InlineData(3, new long[] { 1 })]
    public void ASliceAsInDouble(int dimension, long[] places)
    {
        Drawn.CompareSliceInDouble(graph, [16, 20, 12, 12], [32, 20, 3, 3], dimension, places);
        Drawn.CompareSliceInDouble(graph, [16, 20, 12, 12], [32, 20, 5, 5], dimension, places);
    }

    // A reshape gives maps of one pixel whatever strides: their gradient was read in the wrong places.
    [Fact]
    public void MapsOfOnePixelAsInDouble()
    {
        using var scope = NewDisposeScope();
        var start = Drawn.Values([16, 16, 3, 3], 2);
        Drawn.CompareInDouble(graph, [128, 16, 3, 3], 16, (x, bias, exact) =>
        {
            var weight = (exact ? start : start.to(float32)).detach().requires_grad_();
            var y = exact
                ? F.conv2d(x, weight, bias, [1, 1], [0, 0])
                : Unshared.Conv2d(graph, x, null, weight, bias, new([1, 1], [0, 0], true));
            return (y.flatten(1), weight);
        });
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void TheNumberOfThreadsChangesNoBit(long side)
    {
        using var scope = NewDisposeScope();
        Drawn.SameOnThreads(() =>
        {
            var x = Drawn.ChannelsLast(Drawn.Values([64, 24, 12, 12], 1).to(float32)).detach().requires_grad_();
            var weight = Drawn.Values([40, 24, side, side], 2).to(float32).requires_grad_();
            var y = Unshared.Conv2d(graph, x, null, weight, null, new([1, 1], [1, 1], true));
            graph.Run(y.mul(y).sum());
            return [.. new[] { y.detach(), x.grad!, weight.grad! }.SelectMany(t => t.contiguous().data<float>().ToArray())];
        });
    }

    // In the shapes above the algorithm is used: its bits are not libtorch's.
    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void TheAlgorithmIsUsedWhereItIsWanted(long side)
    {
        using var scope = NewDisposeScope();
        var x = Drawn.ChannelsLast(Drawn.Values([16, 64, 16, 16], 1).to(float32));
        var weight = Drawn.Values([64, 64, side, side], 2).to(float32);
        float[] With(bool winograd) =>
            Unshared.Conv2d(graph, x, null, weight, null, new([1, 1], [1, 1], winograd)).contiguous().data<float>().ToArray();
        var libtorchs = F.conv2d(x, weight, null, [1, 1], [1, 1]).contiguous().data<float>().ToArray();

        Assert.Equal(libtorchs, With(winograd: false));
        Assert.NotEqual(libtorchs, With(winograd: true));
    }
}
