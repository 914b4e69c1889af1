using Xunit;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Kernels.Tests;

/// <summary>Our own operations against what they are in libtorch's terms: values, gradients and running statistics.</summary>
public sealed class BatchNormTests
{
    private readonly Graph graph = new();

    public static TheoryData<long[], ScalarType, bool, bool> Norms
    {
        get
        {
            var cases = new TheoryData<long[], ScalarType, bool, bool>();
            foreach (var shape in new long[][] { [5, 3, 4, 4], [64, 300, 3, 3], [7, 1, 2, 2], [9, 4], [200, 33, 8, 8] })
            {
                foreach (var type in new[] { float32, float64, ScalarType.BFloat16 })
                {
                    cases.Add(shape, type, true, true);
                    cases.Add(shape, type, false, true);
                    cases.Add(shape, type, true, false);
                    cases.Add(shape, type, false, false);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Norms))]
    public void BatchNormWithReluIsOneBehindTheOther(long[] shape, ScalarType type, bool training, bool relu)
    {
        using var scope = NewDisposeScope();
        var numbers = type == float64 ? float64 : float32;
        // Compared with libtorch's computation in double on the same rounded values: in single its own sums are coarser.
        var values = Drawn.Values(shape, 1).to(type);
        var found = Norm(values, type, numbers, training, fused: true, relu);
        var expected = Norm(values.to(float64), float64, float64, training, fused: false, relu);

        var tolerance = type == float64 ? 1e-12 : type == float32 ? 2e-5 : 2e-2;
        foreach (var (name, value) in expected)
        {
            Drawn.Close(value, found[name], tolerance, name);
        }
    }

    [Fact]
    public void WhatIsNoNumberIsNotCutOff()
    {
        using var scope = NewDisposeScope();
        var y = BatchNorm.Of(graph,
            Drawn.ChannelsLast(tensor([1f, float.NaN, 2, 3], [2, 1, 1, 2])),
            new(zeros([1]), ones([1]), ones([1]), zeros([1]), false, 0.1, 1e-5, true));

        Assert.True(float.IsNaN(y.contiguous().data<float>().ToArray()[1]));
    }

    [Theory]
    [InlineData(0, new long[] { 0, 1 })]
    [InlineData(0, new long[] { 1, 4, 5 })]
    [InlineData(1, new long[] { 2 })]
    [InlineData(1, new long[] { 0, 2 })]
    [InlineData(2, new long[] { 0, 2 })]
    [InlineData(3, new long[] { 1 })]
    public void ASlicedConvolutionHasTheSlicesGradientAlone(int dimension, long[] places)
    {
        using var scope = NewDisposeScope();
        foreach (var (stride, padding) in new[] { (1L, 1L), (2L, 0L) })
        {
            var start = Drawn.Values([6, 3, 3, 3], 2);
            var index = tensor(places, [places.Length]);
            Tensor[] Gradients(bool fused)
            {
                var x = Drawn.ChannelsLast(Drawn.Values([4, 3, 7, 7], 1)).requires_grad_();
                var slice = start.index_select(dimension, index).requires_grad_();
                var bias = Drawn.Values([6], 3).requires_grad_();
                var y = fused
                    ? Conv2d.Of(graph, x, null, new KernelSlice(slice, start, dimension, index), bias, new([stride, stride], [padding, padding], true))
                    : F.conv2d(x, start.index_copy(dimension, index, slice), bias, [stride, stride], [padding, padding]);
                graph.Run(y.mul(Drawn.Values(y.shape, 4)).sum());
                return [y, x.grad!, slice.grad!, bias.grad!];
            }

            foreach (var (expected, found) in Gradients(false).Zip(Gradients(true)))
            {
                Drawn.Close(expected, found, 1e-12, $"stride {stride}");
            }
        }
    }

    private Dictionary<string, Tensor> Norm(
        Tensor values, ScalarType type, ScalarType numbers, bool training, bool fused, bool relu)
    {
        var channels = values.shape[1];
        var x = (values.ndim == 4 ? Drawn.ChannelsLast(values) : values).detach().requires_grad_();
        var weight = Drawn.Values([channels], 5).to(numbers).requires_grad_();
        var bias = Drawn.Values([channels], 6).to(numbers).requires_grad_();
        var mean = Drawn.Values([channels], 7).to(numbers);
        var variance = ones([channels], numbers);
        Tensor y;
        if (fused)
        {
            y = BatchNorm.Of(graph, x, new(mean, variance, weight, bias, training, 0.1, 1e-5, relu));
        }
        else
        {
            y = F.batch_norm(x, mean, variance, weight, bias, training, 0.1, 1e-5);
            y = relu ? F.relu(y) : y;
        }

        Assert.Equal(type, y.dtype);
        graph.Run(y.mul(Drawn.Values(y.shape, 8).to(type)).sum());
        return new()
        {
            ["y"] = y,
            ["x"] = x.grad!,
            ["weight"] = weight.grad!,
            ["bias"] = bias.grad!,
            ["mean"] = mean,
            ["variance"] = variance,
        };
    }
}
