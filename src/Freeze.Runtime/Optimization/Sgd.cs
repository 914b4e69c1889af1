using Freeze.Kernels;
using static TorchSharp.torch;

namespace Freeze.Runtime.Optimization;

/// <summary>
/// Stochastic gradient descent, by PyTorch's rule: decay is added to the gradient, momentum accumulates the sum, and the learning
/// rate scales the step. The first sum is the first gradient, as in PyTorch.
/// </summary>
/// <param name="rule">Its hyperparameters.</param>
/// <param name="leaves">The tensors to update.</param>
/// <param name="useKernels">Whether native kernels may compute a step in one pass over memory.</param>
internal sealed class Sgd(Optimizer.Sgd rule, IReadOnlyList<Leaf> leaves, bool useKernels)
    : LeafOptimizer(rule, leaves, rule.Momentum == 0 ? [] : ["momentum"], DecayPlace.Step)
{
    private readonly Optimizer.Sgd rule = rule;

    protected override void Apply(int index, Tensor leaf, Tensor gradient, Tensor[] slots, double rate, double decay) =>
        new SgdStep(rate, rule.Momentum, decay, rule.Nesterov)
            .Apply(useKernels, leaf, gradient, slots.FirstOrDefault());
}
