using System.Runtime.InteropServices;
using Freeze.Runtime.Nets;
using static TorchSharp.torch;

namespace Freeze.Runtime.Training;

/// <summary>
/// The promise of Freeze, checked at the end of every run: each fixed scalar has the bits it started with, each zero scalar is
/// +0. The start is recomputed from the seed, so nothing that the run did can hide a change.
/// </summary>
internal static class StillnessCheck
{
    /// <summary>The number of fixed and zero scalars, all of which equal their start.</summary>
    /// <exception cref="RunException">One has moved.</exception>
    public static long Verify(WeightTable weights, long seed)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var files = new StartFiles();
        return weights.Planned.Sum(weight => Verify(weight, seed, files));
    }

    private static long Verify(PlannedWeight weight, long seed, StartFiles files)
    {
        var plan = weight.Plan;
        if (plan.Treatment.IsTrained || plan.Treatment.IsSolved)
        {
            return 0;
        }

        var (learns, isZero) = plan.Treatment switch
        {
            Treatment.Still still => (new Predicate<int>(_ => false), still.Stillness.IsZero),
            Treatment.Slice slice => (InSlice(plan.Weight.Shape, slice), slice.Rest.IsZero),
            _ => throw new System.Diagnostics.UnreachableException($"no check for plan case {plan.Treatment}"),
        };

        var expected = isZero ? [] : Initializer.Start(plan, seed, files);
        var value = weight.Value().cpu().contiguous();
        return value.dtype == float64
            ? Compare(plan, MemoryMarshal.Cast<byte, double>(value.bytes), i => isZero ? 0 : expected[i], learns)
            : Compare(plan, MemoryMarshal.Cast<byte, float>(value.bytes), i => isZero ? 0 : expected[i], learns);
    }

    private static long Compare<T>(WeightPlan plan, ReadOnlySpan<T> found, Func<int, T> expected, Predicate<int> learns)
        where T : unmanaged
    {
        var verified = 0L;
        for (var i = 0; i < found.Length; i++)
        {
            if (learns(i))
            {
                continue;
            }

            // Compares bits: -0 is not 0, and a NaN equals itself.
            var should = expected(i);
            if (!MemoryMarshal.AsBytes(found.Slice(i, 1)).SequenceEqual(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in should))))
            {
                throw new RunException(
                    $"{plan.Weight.Name}[{i}] should be {should} and is {found[i]}",
                    "this is a fault of Freeze: please report it with the Freeze file");
            }

            verified++;
        }

        return verified;
    }

    /// <summary>Whether the entry of a flat index is trained.</summary>
    private static Predicate<int> InSlice(int[] shape, Treatment.Slice slice)
    {
        var stride = shape.Skip(slice.Dimension + 1).Aggregate(1, (product, extent) => product * extent);
        var learning = new bool[shape[slice.Dimension]];
        foreach (var place in slice.Indices)
        {
            learning[place] = true;
        }

        return i => learning[i / stride % learning.Length];
    }
}
