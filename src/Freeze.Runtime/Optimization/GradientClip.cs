using System.Diagnostics;
using Freeze.Kernels;
using static TorchSharp.torch;

namespace Freeze.Runtime.Optimization;

/// <summary>
/// Clips the gradients of trainable tensors in place, before the optimizer adds decay: PyTorch's clip_grad_norm_ and
/// clip_grad_value_. Fixed entries have no gradient, so for a slice only its own entries count.
/// </summary>
internal static class GradientClip
{
    // PyTorch's constant, so that a norm of 0 can be divided by.
    private const double Epsilon = 1e-6;

    /// <summary>Clips the gradients of leaves; leaves without a gradient are skipped.</summary>
    public static void Apply(Clipping clipping, IReadOnlyList<Leaf> leaves)
    {
        switch (clipping)
        {
            case { IsOff: true }:
                break;
            case Clipping.Norm norm:
                Scale([.. Gradients(leaves)], norm.Greatest);
                break;
            case Clipping.Value value:
                Clamp(Gradients(leaves), value.Greatest);
                break;
            default:
                throw new UnreachableException($"no bound for plan case {clipping}");
        }
    }

    private static IEnumerable<Tensor> Gradients(IReadOnlyList<Leaf> leaves) =>
        leaves.Select(leaf => leaf.Value.grad).OfType<Tensor>();

    // Squared in double precision: in single precision the square of a large gradient would be infinite, and all others 0.
    private static void Scale(Tensor[] gradients, double greatest)
    {
        using var still = no_grad();
        var norm = Math.Sqrt(gradients.Sum(gradient =>
        {
            using var scope = NewDisposeScope();
            var values = gradient.to(float64);
            return values.mul(values).sum().item<double>();
        }));
        var factor = greatest / (norm + Epsilon);
        // If the norm is NaN, all gradients become NaN, and the run reports that it has diverged.
        if (!(factor >= 1))
        {
            foreach (var gradient in gradients)
            {
                gradient.TimesInPlace(factor);
            }
        }
    }

    private static void Clamp(IEnumerable<Tensor> gradients, double greatest)
    {
        using var still = no_grad();
        foreach (var gradient in gradients)
        {
            gradient.ClampInPlace(-greatest, greatest);
        }
    }
}
