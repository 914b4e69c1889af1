extern alias Plain;

using Freeze.Torch;
using Xunit;
using static TorchSharp.torch;
using Fallback = Plain::Freeze.Torch.Fused;

namespace Freeze.Torch.Tests;

/// <summary>What a build on TorchSharp does in place of our extras gives the same numbers: values, gradients, statistics.</summary>
public sealed class FallbackTests
{
    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void BatchNormWithRelu(bool training, bool relu)
    {
        using var scope = NewDisposeScope();
        float[][] Numbers(bool fallback)
        {
            var x = Values([8, 6, 5, 5], 1).permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2).requires_grad_();
            var (weight, bias) = (Values([6], 2).requires_grad_(), Values([6], 3).requires_grad_());
            var (mean, variance) = (Values([6], 4), Values([6], 5).mul(Values([6], 5)).add(0.5));
            var y = fallback
                ? Fallback.BatchNorm(x, new(mean, variance, weight, bias, training, 0.1, 1e-5, relu))
                : Fused.BatchNorm(x, new(mean, variance, weight, bias, training, 0.1, 1e-5, relu));
            y.mul(Values([8, 6, 5, 5], 6)).sum().backward();
            return Read(y, x.grad!, weight.grad!, bias.grad!, mean, variance);
        }

        Close(Numbers(fallback: false), Numbers(fallback: true));
    }

    [Theory]
    [InlineData(0, new long[] { 1, 4 }, 2, false)]
    [InlineData(0, new long[] { 1, 4 }, 1, true)]
    [InlineData(1, new long[] { 0, 2 }, 2, true)]
    [InlineData(3, new long[] { 1 }, 2, false)]
    public void ASlicedConvolution(int dimension, long[] places, long stride, bool normed)
    {
        using var scope = NewDisposeScope();
        float[][] Numbers(bool fallback)
        {
            var x = Values([4, 3, 7, 7], 1).requires_grad_();
            var (whole, bias) = (Values([6, 3, 3, 3], 2), Values([6], 3).requires_grad_());
            var index = tensor(places, [places.Length]);
            var slice = whole.index_select(dimension, index).requires_grad_();
            var norm = normed ? NormOf(3) : null;
            var y = fallback
                ? Fallback.SlicedConv2d(x, norm, slice, whole, bias, dimension, index, [stride, stride], [1, 1], winograd: true)
                : Fused.SlicedConv2d(x, norm, slice, whole, bias, dimension, index, [stride, stride], [1, 1], winograd: true);
            y.mul(Values(y.shape, 4)).sum().backward();
            return Read(y, x.grad!, slice.grad!, bias.grad!);
        }

        Close(Numbers(fallback: false), Numbers(fallback: true));
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    public void AConvolution(long stride, bool normed)
    {
        using var scope = NewDisposeScope();
        float[][] Numbers(bool fallback)
        {
            var x = Values([8, 16, 24, 24], 1).permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2).requires_grad_();
            var (weight, bias) = (Values([16, 16, 3, 3], 2).requires_grad_(), Values([16], 3).requires_grad_());
            var norm = normed ? NormOf(16) : null;
            var y = fallback
                ? Fallback.Conv2d(x, norm, weight, bias, [stride, stride], [1, 1], winograd: true)
                : Fused.Conv2d(x, norm, weight, bias, [stride, stride], [1, 1], winograd: true);
            y.mul(Values(y.shape, 4)).sum().backward();
            return Read(y, x.grad!, weight.grad!, bias.grad!);
        }

        Close(Numbers(fallback: false), Numbers(fallback: true));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AMaxPool(bool relu)
    {
        using var scope = NewDisposeScope();
        float[][] Numbers(bool fallback)
        {
            var x = Drawn.ChannelsLast(Values([4, 20, 9, 8], 1)).requires_grad_();
            var y = fallback ? Fallback.MaxPool2d(x, 2, 2, 0, relu) : Fused.MaxPool2d(x, 2, 2, 0, relu);
            y.mul(Values(y.shape, 2)).sum().backward();
            return Read(y, x.grad!);
        }

        Close(Numbers(fallback: false), Numbers(fallback: true));
    }

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(0, 0.01, false)]
    [InlineData(0.9, 0, false)]
    [InlineData(0.9, 0.01, false)]
    [InlineData(0.9, 0.01, true)]
    public void AStepOfGradientDescent(double momentum, double decay, bool nesterov)
    {
        using var scope = NewDisposeScope();
        float[][] Numbers(bool fallback, bool inOrder)
        {
            // Enough for several threads; and weights whose entries lie in another order than their gradients', which libtorch
            // moves all at once, as it does on a GPU.
            long[][] shapes = [[200, 301], [1], [7, 3]];
            Tensor[] weights = [.. shapes.Select(shape => Values(shape, 1))];
            weights[0] = inOrder ? weights[0] : weights[0].permute(1, 0).contiguous().permute(1, 0);
            weights[2] = inOrder ? weights[2] : weights[2].permute(1, 0).contiguous().permute(1, 0);
            Tensor[]? gathered = momentum == 0 ? null : [.. shapes.Select(shape => Values(shape, 2))];
            for (var step = 0; step < 3; step++)
            {
                Tensor[] gradients = [.. shapes.Select(shape => Values(shape, 3 + step))];
                if (fallback)
                {
                    Fallback.SgdStep(weights, gradients, gathered, 0.1, momentum, decay, nesterov);
                }
                else
                {
                    Fused.SgdStep(weights, gradients, gathered, 0.1, momentum, decay, nesterov);
                }
            }

            return Read([.. weights, .. gathered ?? []]);
        }

        Close(Numbers(fallback: true, inOrder: true), Numbers(fallback: false, inOrder: true));
        Close(Numbers(fallback: true, inOrder: true), Numbers(fallback: false, inOrder: false));
    }

    [Fact]
    public void RepeatableComputationsAreMoreThanTorchSharpCanPromise()
    {
        Assert.False(Plain::Freeze.Torch.Libraries.TrySetRepeatable(true));
        Assert.True(Plain::Freeze.Torch.Libraries.TrySetRepeatable(false));
        Assert.True(Libraries.TrySetRepeatable(true));
        Assert.True(Libraries.TrySetRepeatable(false));
    }

    private static Norm NormOf(long channels) => new(
        Values([channels], 4), ones([channels]), Values([channels], 5), Values([channels], 6), true, 0.1, 1e-5, true);

    private static Tensor Values(long[] shape, int seed)
    {
        var random = new Random(seed);
        return tensor([.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => random.NextSingle() - 0.5f)], shape);
    }

    private static float[][] Read(params Tensor[] tensors) => [.. tensors.Select(value => value.detach().contiguous().data<float>().ToArray())];

    private static void Close(float[][] expected, float[][] found)
    {
        Assert.Equal(expected.Length, found.Length);
        foreach (var (a, b) in expected.Zip(found))
        {
            Assert.Equal(a.Length, b.Length);
            // Relative to the largest: sums may be taken in another order.
            var tolerance = 1e-5f * Math.Max(1, a.Max(Math.Abs));
            Assert.All(a.Zip(b), pair => Assert.Equal(pair.First, pair.Second, tolerance));
        }
    }
}
