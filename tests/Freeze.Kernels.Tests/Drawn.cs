using System.Collections.Concurrent;
using Xunit;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Kernels.Tests;

/// <summary>Tensors to compute with, and their comparison.</summary>
internal static class Drawn
{
    /// <summary>The same values with the channels of a pixel side by side in memory.</summary>
    public static Tensor ChannelsLast(Tensor values) => values.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);

    // By seed; as many as a test has asked for.
    private static readonly ConcurrentDictionary<int, double[]> drawn = new();

    /// <summary>Doubles about 0.3 with deviation 0.6, far from each other in low bits.</summary>
    public static Tensor Values(long[] shape, int seed)
    {
        var count = (int)shape.Aggregate(1L, (product, extent) => product * extent);
        var values = drawn.AddOrUpdate(seed, _ => Draw(seed, count), (_, before) => before.Length < count ? Draw(seed, count) : before);
        return tensor(values.AsSpan(0, count).ToArray(), shape);
    }

    private static double[] Draw(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextDouble() * 2) - 0.7)];
    }

    /// <summary>A number that depends on all of an output, and on all of its input as part of a larger map.</summary>
    /// <param name="y">The output.</param>
    /// <param name="x">What others read of the input.</param>
    /// <param name="type">What the weights of both are rounded to.</param>
    public static Tensor Loss(Tensor y, Tensor x, ScalarType type)
    {
        var larger = cat([zeros_like(x), x, ones_like(x)], 1);
        Tensor Weighed(Tensor values, int seed) => values.mul(Values(values.shape, seed).to(type).to(values.dtype)).sum();
        return Weighed(y, 7).Plus(Weighed(larger, 8));
    }

    /// <summary>Demands that two tensors are no further from each other than a part of the norm.</summary>
    public static void Close(Tensor expected, Tensor found, double tolerance, string name, Tensor? relativeTo = null)
    {
        Assert.Equal(expected.shape, found.shape);
        var exact = expected.detach().to(float64);
        var norm = (relativeTo ?? exact).norm().item<double>();
        var distance = exact.sub(found.detach().to(float64)).norm().item<double>();
        Assert.True(distance <= tolerance * Math.Max(norm, 1), $"{name}: {distance} of {norm}");
    }

    /// <summary>Demands that what is computed has the same bits on one thread and on two.</summary>
    public static void SameOnThreads(Func<float[]> made)
    {
        float[] On(int threads) => OnThreads(threads, made);
        Assert.Equal(On(1), On(2));
    }

    /// <summary>What is computed on some threads.</summary>
    public static T OnThreads<T>(int threads, Func<T> made)
    {
        var before = get_num_threads();
        set_num_threads(threads);
        try
        {
            return made();
        }
        finally
        {
            set_num_threads(before);
        }
    }

    /// <summary>As above.</summary>
    public static void OnThreads(int threads, Action made) => OnThreads(threads, () =>
    {
        made();
        return 0;
    });

    /// <summary>Demands that a convolution with a bias is what libtorch makes of it in double: values and all gradients.</summary>
    /// <param name="graph">Records it.</param>
    /// <param name="shape">Of the input.</param>
    /// <param name="outputs">How many filters there are.</param>
    /// <param name="convolve">The convolution of an input with a bias, exact or as Freeze computes it, and the tensor that learns.</param>
    /// <param name="tolerance">The part of a norm that is allowed.</param>
    public static void CompareInDouble(
        Graph graph, long[] shape, long outputs, Func<Tensor, Tensor, bool, (Tensor Y, Tensor Learning)> convolve,
        double tolerance = 1e-5)
    {
        Tensor[] Made(bool exact)
        {
            var type = exact ? float64 : float32;
            var x = ChannelsLast(Values(shape, 1).to(type)).detach().requires_grad_();
            var bias = Values([outputs], 3).to(type).detach().requires_grad_();
            var (y, learning) = convolve(x, bias, exact);
            graph.Run(y.mul(Values(y.shape, 4).to(type)).sum());
            return [y, x.grad!, learning.grad!, bias.grad!];
        }

        foreach (var ((expected, found), name) in Made(true).Zip(Made(false)).Zip(["y", "x", "kernel", "bias"]))
        {
            Close(expected, found, tolerance, name);
        }
    }

    /// <summary>The same of a convolution by a kernel with sides of 3 and a padding of 1, of which a slice learns.</summary>
    /// <param name="graph">Records it.</param>
    /// <param name="shape">Of the input.</param>
    /// <param name="kernel">Its shape.</param>
    /// <param name="dimension">The dimension that the slice is along.</param>
    /// <param name="places">Where its entries are.</param>
    public static void CompareSliceInDouble(Graph graph, long[] shape, long[] kernel, int dimension, long[] places)
    {
        using var scope = NewDisposeScope();
        var start = Values(kernel, 2);
        var index = tensor(places, [places.Length]);
        CompareInDouble(graph, shape, kernel[0], (x, bias, exact) =>
        {
            var whole = exact ? start : start.to(float32);
            var slice = whole.index_select(dimension, index).requires_grad_();
            var y = exact
                ? F.conv2d(x, whole.index_copy(dimension, index, slice), bias, [1, 1], [1, 1])
                : Conv2d.Of(graph, ref x, null, new KernelSlice(slice, whole, dimension, index), bias, new([1, 1], [1, 1], true));
            return (y, slice);
        });
    }
}
