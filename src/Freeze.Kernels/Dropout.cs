using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Kernels;

/// <summary>
/// Dropout in one pass over memory, on all threads. A value's fate depends only on its place in memory and on a key, so the
/// backward pass repeats the draws and keeps nothing. libtorch draws on one thread, from a generator in which every number
/// depends on the one before.
/// </summary>
public static class Dropout
{
    // The number of values that share a block's random numbers, as in native/loops/rows.h.
    private const int Block = 1024;

    /// <summary>x with some values set to 0 and the others divided by the fraction that remains.</summary>
    /// <param name="graph">Records it for the backward pass.</param>
    /// <param name="x">Any shape.</param>
    /// <param name="fraction">The probability of setting a value to 0: above 0 and below 1.</param>
    /// <param name="key">The key of the random numbers.</param>
    public static Tensor Of(Graph graph, Tensor x, double fraction, ulong key)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(x);
        return graph.HasKernels && Memory.TypeOf(x) is not null && Memory.AreRows(x)
            ? ByKernel(graph, x, fraction, key)
            : Plain(x, fraction, key);
    }

    /// <summary>The same in TorchSharp's operations, from the same random numbers.</summary>
    public static Tensor Plain(Tensor x, double fraction, ulong key)
    {
        ArgumentNullException.ThrowIfNull(x);
        var wide = x.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        // Places count in memory order: a pixel's channels are contiguous.
        var isMaps = x.ndim == 4;
        using var inMemory = isMaps ? x.detach().permute(0, 2, 3, 1) : x.detach();
        using var drawn = tensor(Factors(inMemory.numel(), fraction, key), inMemory.shape, device: CPU);
        using var factors = drawn.to(wide, x.device);
        using var shaped = isMaps ? factors.permute(0, 3, 1, 2) : factors.alias();
        return x.dtype == wide ? x.mul(shaped) : x.to(wide).mul(shaped).to(x.dtype);
    }

    // 0 or 1 / (1 - fraction) for the value at each place. SplitMix64 (Steele, Lea and Flood 2014); the upper halves of its
    // numbers serve the second half of a block.
    private static double[] Factors(long count, double fraction, ulong key)
    {
        var threshold = (uint)Math.Min(Math.Round(fraction * 4294967296.0, MidpointRounding.AwayFromZero), uint.MaxValue);
        var kept = 1 / (1 - fraction);
        var factors = new double[count];
        for (long i = 0; i < count; i++)
        {
            var (block, place) = (i / Block, i % Block);
            var number = RandomStream.Bits(key, (block * (Block / 2)) + (place % (Block / 2)));
            factors[i] = (uint)(place < Block / 2 ? number : number >> 32) < threshold ? 0 : kept;
        }

        return factors;
    }

    private static Tensor ByKernel(Graph graph, Tensor x, double fraction, ulong key)
    {
        var type = Memory.TypeOf(x)!.Value;
        Tensor Drop(Tensor values)
        {
            var made = Memory.EmptyLike(values);
            Native.Check(Native.freeze_dropout(type, values.Data(), values.numel(), key, fraction, made.Data()));
            return made;
        }

        return graph.Record(
            Drop(x),
            [x],
            gradient =>
            {
                using var rows = Memory.Rows(gradient);
                return [Drop(rows)];
            });
    }
}
