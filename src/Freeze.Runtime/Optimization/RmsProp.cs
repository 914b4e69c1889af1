using Freeze.Kernels;
using static TorchSharp.torch;

namespace Freeze.Runtime.Optimization;

/// <summary>
/// RMSprop (Hinton's lecture 6e), by PyTorch's rule: the gradient is divided by the root of its smoothed square plus epsilon,
/// then accumulated in the momentum buffer.
/// </summary>
internal sealed class RmsProp(Optimizer.RmsProp rule, IReadOnlyList<Leaf> leaves)
    : LeafOptimizer(rule, leaves, rule.Momentum == 0 ? ["squares"] : ["squares", "momentum"])
{
    private readonly Optimizer.RmsProp rule = rule;

    protected override void Apply(int index, Tensor leaf, Tensor gradient, Tensor[] slots, double rate, double decay)
    {
        var square = slots[0].TimesInPlace(rule.Alpha).PlusProductInPlace(gradient, gradient, 1 - rule.Alpha);
        var scale = square.sqrt().PlusInPlace(rule.Epsilon);
        if (rule.Momentum == 0)
        {
            leaf.PlusQuotientInPlace(gradient, scale, -rate);
        }
        else
        {
            leaf.PlusInPlace(slots[1].TimesInPlace(rule.Momentum).PlusQuotientInPlace(gradient, scale, 1), -rate);
        }
    }
}
