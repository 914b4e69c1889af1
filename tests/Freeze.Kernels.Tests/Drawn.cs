using Xunit;
using static TorchSharp.torch;

namespace Freeze.Kernels.Tests;

/// <summary>Tensors to compute with, and their comparison.</summary>
internal static class Drawn
{
    /// <summary>The same values with the channels of a pixel side by side in memory.</summary>
    public static Tensor ChannelsLast(Tensor values) => values.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);

    /// <summary>Doubles about 0.3 with deviation 0.6, far from each other in low bits.</summary>
    public static Tensor Values(long[] shape, int seed)
    {
        var random = new Random(seed);
        var count = shape.Aggregate(1L, (product, extent) => product * extent);
        return tensor([.. Enumerable.Range(0, (int)count).Select(_ => (random.NextDouble() * 2) - 0.7)], shape);
    }

    /// <summary>Demands that two tensors are no further from each other than a part of the norm.</summary>
    public static void Close(Tensor expected, Tensor found, double tolerance, string name)
    {
        var a = expected.detach().to(float64).contiguous().data<double>().ToArray();
        var b = found.detach().to(float64).contiguous().data<double>().ToArray();
        Assert.Equal(a.Length, b.Length);
        var norm = Math.Sqrt(a.Sum(value => value * value));
        var distance = Math.Sqrt(a.Zip(b, (p, q) => (p - q) * (p - q)).Sum());
        Assert.True(distance <= tolerance * Math.Max(norm, 1), $"{name}: {distance} of {norm}");
    }

    /// <summary>Demands that what is computed has the same bits on one thread and on two.</summary>
    public static void SameOnThreads(Func<float[]> made)
    {
        var before = get_num_threads();
        float[] On(int threads)
        {
            set_num_threads(threads);
            return made();
        }

        try
        {
            Assert.Equal(On(1), On(2));
        }
        finally
        {
            set_num_threads(before);
        }
    }
}
