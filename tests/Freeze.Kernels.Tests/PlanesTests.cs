using Xunit;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Kernels.Tests;

/// <summary>Convolutions to few filters, plane by plane, against libtorch's in double.</summary>
public sealed class PlanesTests
{
    private readonly Graph graph = new();

    // Images, inputs, height, width, outputs, side of the kernel, padding.
    public static TheoryData<long, long, long, long, long, long, long> Shapes => new()
    {
        // Filters by fours, and some that are left.
        { 5, 19, 8, 8, 4, 3, 1 },
        { 5, 19, 16, 16, 5, 3, 1 },
        { 3, 3, 32, 32, 6, 3, 1 },
        // Rows of whole lanes and not, of one pixel, shorter than the kernel.
        { 4, 2, 16, 16, 3, 3, 0 },
        { 4, 1, 28, 28, 7, 5, 0 },
        { 4, 17, 9, 21, 1, 5, 2 },
        { 3, 5, 6, 1, 2, 3, 1 },
        { 3, 5, 1, 17, 2, 3, 1 },
        { 3, 5, 3, 3, 2, 3, 0 },
        { 3, 5, 2, 2, 6, 2, 1 },
        { 2, 4, 7, 8, 3, 7, 6 },
        { 2, 4, 7, 8, 3, 4, 2 },
        // Bands of rows, of which the last is shorter; several images at once, of which the last are fewer.
        { 2, 30, 70, 66, 3, 3, 1 },
        { 1, 3, 9, 3000, 1, 3, 1 },
        { 2, 60, 45, 50, 6, 5, 2 },
        { 75, 20, 12, 12, 7, 5, 0 },
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

    [Theory]
    [InlineData(0, new long[] { 0, 1, 2, 3 })]
    [InlineData(0, new long[] { 1, 4, 6 })]
    [InlineData(1, new long[] { 5, 6, 7, 8, 9 })]
    [InlineData(1, new long[] { 0, 2 })]
    [InlineData(3, new long[] { 1 })]
    public void ASliceAsInDouble(int dimension, long[] places) =>
        Drawn.CompareSliceInDouble(graph, [6, 20, 12, 12], [7, 20, 3, 3], dimension, places);

    // A number that is not finite spoils what reads it, and no other filter, channel or image.
    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void WhatIsNotFiniteStaysInItsPlace(float value)
    {
        using var scope = NewDisposeScope();
        var x = Drawn.ChannelsLast(Drawn.Values([3, 4, 9, 7], 1).to(float32));
        x[1, 2, 4, 3] = value;
        x = x.detach().requires_grad_();
        var weight = Drawn.Values([5, 4, 3, 3], 2).to(float32).requires_grad_();
        var y = Unshared.Conv2d(graph, x, null, weight, null, new([1, 1], [1, 1], true));
        graph.Run(y.sum());

        Assert.Equal(5 * 9, y.isfinite().logical_not().sum().item<long>());
        Assert.Equal(5 * 9, weight.grad!.isfinite().logical_not().sum().item<long>());
        Assert.False(weight.grad.select(1, 2).isfinite().any().item<bool>());
    }

    [Fact]
    public void TheNumberOfThreadsChangesNoBit()
    {
        using var scope = NewDisposeScope();
        Drawn.SameOnThreads(() =>
        {
            var x = Drawn.ChannelsLast(Drawn.Values([37, 6, 12, 12], 1).to(float32)).detach().requires_grad_();
            var weight = Drawn.Values([7, 6, 3, 3], 2).to(float32).requires_grad_();
            var y = Unshared.Conv2d(graph, x, null, weight, null, new([1, 1], [1, 1], true));
            graph.Run(y.mul(y).sum());
            return [.. new[] { y.detach(), x.grad!, weight.grad! }.SelectMany(t => t.contiguous().data<float>().ToArray())];
        });
    }
}
