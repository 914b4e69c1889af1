using Freeze.Kernels;
using static TorchSharp.torch;

namespace Freeze.Runtime.Optimization;

/// <summary>
/// Adam (Kingma and Ba 2014, algorithm 1), with decay added to the gradient, or AdamW (Loshchilov and Hutter 2017), with
/// decoupled decay. In PyTorch's order of operations.
/// </summary>
internal sealed class Adam(
    Optimizer rule, IReadOnlyList<Leaf> leaves, double beta1, double beta2, double epsilon, DecayPlace decayPlace)
    : LeafOptimizer(rule, leaves, ["means", "squares"], decayPlace)
{
    private readonly int[] steps = new int[leaves.Count];

    protected override double[] Numbers
    {
        get => Array.ConvertAll(steps, step => (double)step);
        set => Array.ConvertAll(value, step => (int)step).CopyTo(steps, 0);
    }

    protected override void Apply(int index, Tensor leaf, Tensor gradient, Tensor[] slots, double rate, double decay)
    {
        var step = ++steps[index];
        var mean = slots[0].TimesInPlace(beta1).PlusInPlace(gradient, 1 - beta1);
        var square = slots[1].TimesInPlace(beta2).PlusProductInPlace(gradient, gradient, 1 - beta2);
        var scale = square.sqrt().OverInPlace(Math.Sqrt(1 - Math.Pow(beta2, step))).PlusInPlace(epsilon);
        leaf.PlusQuotientInPlace(mean, scale, -rate / (1 - Math.Pow(beta1, step)));
    }

    protected override void Forget(int index)
    {
        base.Forget(index);
        steps[index] = 0;
    }
}
