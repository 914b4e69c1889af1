using Freeze.Runtime.Nets;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Results;

/// <summary>
/// The part of a run's weights to store if it starts from another run: what it trains (for slices the slice alone), and weights
/// with a start of their own. Everything else is in the other run's file.
/// </summary>
internal static class BorrowedWeights
{
    /// <summary>The content of a file, and its header's reference to the rest; null if the file must hold everything.</summary>
    /// <param name="weights">The run's, at the end of training; the caller's scope owns new tensors.</param>
    /// <param name="origin">The weights that they started from.</param>
    public static (IReadOnlyList<(string Name, Tensor Value)> Own, Borrowed Others)? Split(WeightTable weights, RunOrigin origin)
    {
        var state = weights.State().ToArray();
        // Starts are singles: with doubles, the earlier file has other digits than this run.
        if (state.Any(entry => entry.Value.dtype == ScalarType.Float64))
        {
            return null;
        }

        var learned = weights.Learned().ToDictionary();
        var own = new List<(string, Tensor)>();
        var slices = new List<BorrowedSlice>();
        foreach (var (name, value) in state)
        {
            // Statistics start from the file of their norm's scale.
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
