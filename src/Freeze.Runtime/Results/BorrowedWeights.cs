using Freeze.Runtime.Nets;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Results;

/// <summary>
/// What of a run's weights is its own, where it starts from another run: what it learns, of slices the slice alone, and what
/// starts by itself. All else is in the other run's file.
/// </summary>
internal static class BorrowedWeights
{
    /// <summary>What a file is to hold, and what its header says of the rest; null where it is to hold all.</summary>
    /// <param name="weights">The run's, at an end of it; the caller's scope owns new tensors.</param>
    /// <param name="origin">Where they started.</param>
    public static (IReadOnlyList<(string Name, Tensor Value)> Own, Borrowed Others)? Split(WeightTable weights, RunOrigin origin)
    {
        var state = weights.State().ToArray();
        // Starts are singles: of doubles the file before has other digits than this run.
        if (state.Any(entry => entry.Value.dtype == ScalarType.Float64))
        {
            return null;
        }

        var learned = weights.Learned().ToDictionary();
        var own = new List<(string, Tensor)>();
        var slices = new List<BorrowedSlice>();
        foreach (var (name, value) in state)
        {
            // Statistics start where their norm's scale does.
            var weight = weights.TryFind(name) ?? weights[$"{name[..name.LastIndexOf('.')]}.weight"];
            var plan = weight.Plan;
            if (plan.Start is not Start.File { Digest: var digest } || digest != origin.Digest)
            {
                own.Add((name, value));
            }
            else if (plan.Weight.Name == name && weight.IsSlice && plan.Treatment is Treatment.Slice { Rest.IsFixed: true } slice)
            {
                own.Add((name, weight.Leaf!));
                slices.Add(new BorrowedSlice(name, slice.Dimension, slice.Indices));
            }
            else if (learned.ContainsKey(name) || (plan.Weight.Name == name && IsPartlyZero(plan.Treatment)))
            {
                own.Add((name, value));
            }
        }

        return own.Count == state.Length && slices.Count == 0 ? null : (own, new Borrowed(origin.Address, origin.Digest, [.. state.Select(entry => entry.Name)], [.. slices]));
    }

    private static bool IsPartlyZero(Treatment treatment) => treatment is
        Treatment.Still { Stillness.IsZero: true } or Treatment.Slice { Rest.IsZero: true };
}
