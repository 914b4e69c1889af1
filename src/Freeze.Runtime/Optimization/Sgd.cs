using Freeze.Kernels;
using static TorchSharp.torch;

namespace Freeze.Runtime.Optimization;

/// <summary>
/// Stochastic gradient descent, PyTorch's rule: decay is added to the gradient, then momentum gathers the sum, then
/// the learning rate scales the step. From zero the first sum is the first gradient, as PyTorch starts it.
/// </summary>
/// <param name="rule">Its numbers.</param>
/// <param name="leaves">What it updates.</param>
/// <param name="useKernels">Whether native kernels may make a step in one pass over memory.</param>
internal sealed class Sgd(Optimizer.Sgd rule, IReadOnlyList<Leaf> leaves, bool useKernels)
    : LeafOptimizer(rule, leaves, rule.Momentum == 0 ? [] : ["momentum"], DecayPlace.Step)
{
    private readonly Optimizer.Sgd rule = rule;

    protected override void Apply(int index, Tensor leaf, Tensor gradient, Tensor[] slots, double rate, double decay) =>
        new SgdStep(rate, rule.Momentum, decay, rule.Nesterov)
            .Apply(useKernels, leaf, gradient, slots.FirstOrDefault());
}
