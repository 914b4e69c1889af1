using System.Diagnostics;
using Freeze.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Nets;

/// <summary>
/// One weight under its treatment: the trainable part is a leaf of its own, and only it has gradients and optimizer state; the
/// fixed part is a constant that is never written. The caller's scope owns the tensors.
/// </summary>
internal sealed class PlannedWeight
{
    private readonly Tensor? still;
    private readonly Tensor? places;
    private readonly int dimension;

    /// <param name="plan">Start and treatment.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="files">Files that weights start from.</param>
    /// <param name="type">The type of the values.</param>
    /// <param name="common">
    /// The start, if several nets share it: it is only read, and the fixed part is this very tensor.
    /// </param>
    public PlannedWeight(WeightPlan plan, long seed, StartFiles files, ScalarType type, Tensor? common = null)
    {
        Plan = plan;
        var shape = Array.ConvertAll(plan.Weight.Shape, extent => (long)extent);
        var start = common ?? Drawn(plan, seed, files, shape, type);
        if (common is not null && plan.Treatment is { IsTrained: true } or { IsSolved: true })
        {
            start = start.clone();
        }

        switch (plan.Treatment)
        {
            case { IsTrained: true }:
                Leaf = start.requires_grad_();
                break;
            case Treatment.Solved:
                still = start;
                break;
            case Treatment.Still kind:
                still = kind.Stillness.IsZero ? zeros(shape, type) : start;
                break;
            case Treatment.Slice { Indices.Length: 0 } nothing:
                still = nothing.Rest.IsZero ? zeros(shape, type) : start;
                break;
            case Treatment.Slice slice:
                dimension = slice.Dimension;
                places = tensor(Array.ConvertAll(slice.Indices, place => (long)place), [slice.Indices.Length]);
                still = slice.Rest.IsZero ? zeros(shape, type) : start;
                Leaf = start.index_select(dimension, places).requires_grad_();
                break;
            default:
                throw new UnreachableException($"no weight for plan case {plan.Treatment}");
        }
    }

    public WeightPlan Plan { get; }

    /// <summary>The tensor that the optimizer updates: the whole weight, its trainable slice, or null.</summary>
    public Tensor? Leaf { get; }

    /// <summary>The part that is trained or solved for, or null.</summary>
    public Tensor? Learned => Leaf ?? (Plan.Treatment.IsSolved ? still : null);

    /// <summary>Sets a weight that is solved for.</summary>
    public void Solve(Tensor value)
    {
        if (!Plan.Treatment.IsSolved)
        {
            throw new InvalidOperationException($"{Plan.Weight.Name} is not solved for");
        }

        still!.copy_(value);
    }

    /// <summary>Sets the part that is trained or solved for from a whole weight; nothing else is ever assigned.</summary>
    public void Restore(Tensor whole)
    {
        if (Plan.Treatment.IsSolved)
        {
            Solve(whole);
        }
        else
        {
            Leaf?.copy_(places is null ? whole : whole.index_select(dimension, places));
        }
    }

    // Always drawn in single precision: a run in double precision starts where others do.
    private static Tensor Drawn(WeightPlan plan, long seed, StartFiles files, long[] shape, ScalarType type)
    {
        using var drawn = tensor(Initializer.Start(plan, seed, files), shape);
        return drawn.to(type);
    }

    /// <summary>The whole weight, of the planned shape; gradients flow through it to the leaf.</summary>
    public Tensor Value() => still is null ? Leaf! : places is null ? still : still.index_copy(dimension, places, Leaf!);

    /// <summary>Whether only a slice of it is trained.</summary>
    public bool IsSlice => places is not null;

    /// <summary>The trainable slice of a kernel, with the whole kernel as a constant; null if there is no slice.</summary>
    public KernelSlice? Slice()
    {
        using var constant = no_grad();
        return places is null ? null : new KernelSlice(Leaf!, Value(), dimension, places);
    }
}
