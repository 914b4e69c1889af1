using Xunit;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Kernels.Tests;

/// <summary>Max pooling with and without relu against libtorch's: the same bits, gradients too.</summary>
public sealed class MaxPool2dTests
{
    private readonly Graph graph = new();

    // Images, channels, height, width, size: whole lanes of 16 channels and not, sides that windows fill and not.
    public static TheoryData<long, long, long, long, long> Shapes => new()
    {
        { 3, 1, 4, 4, 2 },
        { 2, 10, 7, 9, 2 },
        { 5, 20, 8, 8, 2 },
        { 2, 50, 11, 10, 3 },
        { 6, 64, 16, 16, 2 },
        { 2, 33, 2, 5, 2 },
        { 2, 16, 1, 1, 2 },
        { 1, 17, 16, 31, 15 },
        { 1, 3, 17, 16, 16 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void AsLibtorchs(long images, long channels, long height, long width, long size)
    {
        using var scope = NewDisposeScope();
        foreach (var (type, relu) in new[] { (float32, true), (float32, false), (ScalarType.BFloat16, true), (ScalarType.BFloat16, false) })
        {
            if (height < size)
            {
                Assert.ThrowsAny<Exception>(() => MaxPool2d.Of(graph, Images(type), size, size, 0, relu));
                continue;
            }

            float[][] Numbers(Graph? by)
            {
                var x = Images(type).requires_grad_();
                var y = by is not null ? MaxPool2d.Of(by, x, size, size, 0, relu) : F.max_pool2d(x, size, size, 0);
                y = relu && by is null ? F.relu(y) : y;
                graph.Run(y.mul(Drawn.Values(y.shape, 2).to(type)).sum());
                return [Read(y), Read(x.grad!)];
            }

            Assert.Equal(Numbers(null), Numbers(graph));
            Assert.Equal(Numbers(null), Numbers(new Graph(useKernels: false)));
        }

        // Of few different values, so that the greatest is often there twice.
        Tensor Images(ScalarType type) => Drawn.ChannelsLast(
            Drawn.Values([images, channels, height, width], 1).Times(4).to(ScalarType.Int64).to(type)).detach();
    }

    [Theory]
    [InlineData(3, 2, 0)]
    [InlineData(2, 3, 0)]
    [InlineData(3, 3, 1)]
    public void OtherWindowsAreLibtorchs(long size, long stride, long padding)
    {
        using var scope = NewDisposeScope();
        var x = Drawn.ChannelsLast(Drawn.Values([2, 20, 9, 9], 1).to(float32));

        Assert.Equal(
            Read(F.relu(F.max_pool2d(x, size, stride, padding))), Read(MaxPool2d.Of(graph, x, size, stride, padding, relu: true)));
    }

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float32)]
    public void MapsInOtherOrdersAndTypesToo(ScalarType type)
    {
        using var scope = NewDisposeScope();
        var wide = Drawn.Values([3, 40, 8, 8], 1).to(type);
        foreach (var x in new[] { wide, wide.narrow(1, 3, 20), Drawn.ChannelsLast(wide).narrow(1, 3, 20) })
        {
            float[][] Numbers(bool ours)
            {
                var leaf = x.detach().requires_grad_();
                var y = ours ? MaxPool2d.Of(graph, leaf, 2, 2, 0, relu: true) : F.relu(F.max_pool2d(leaf, 2, 2, 0));
                graph.Run(y.mul(Drawn.Values(y.shape, 2).to(type)).sum());
                return [Read(y), Read(leaf.grad!)];
            }

            Assert.Equal(Numbers(ours: false), Numbers(ours: true));
        }
    }

    [Fact]
    public void WhatIsNoNumberIsTheGreatest()
    {
        using var scope = NewDisposeScope();
        var x = Drawn.ChannelsLast(tensor([1f, float.NaN, 2, 3], [1, 1, 2, 2])).detach().requires_grad_();
        var y = MaxPool2d.Of(graph, x, 2, 2, 0, relu: true);
        graph.Run(y);

        Assert.True(float.IsNaN(Read(y)[0]));
        Assert.Equal([0f, 1, 0, 0], Read(x.grad!));
    }

    private static float[] Read(Tensor values) => values.detach().to(float32).contiguous().data<float>().ToArray();
}
