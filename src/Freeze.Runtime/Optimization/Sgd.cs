using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Optimization;

/// <summary>
/// Stochastic gradient descent, PyTorch's rule: decay is added to the gradient, then momentum gathers the sum, then
/// the learning rate scales the step. State exists for what learns alone; it belongs to the scope that this was
/// made in.
/// </summary>
internal sealed class Sgd(Optimizer.Sgd rule, IReadOnlyList<Tensor> leaves)
{
    // From zero the first sum is the first gradient, as PyTorch starts it.
    private readonly Tensor[] gathered = rule.Momentum == 0 ? [] : [.. leaves.Select(leaf => zeros(leaf.shape))];

    /// <summary>Updates every leaf by its gradient, in place, and forgets the gradients.</summary>
    public void Step()
    {
        using var still = no_grad();
        for (var i = 0; i < leaves.Count; i++)
        {
            var leaf = leaves[i];
            if (leaf.grad is not { } gradient)
            {
                continue;
            }

            if (rule.Decay != 0)
            {
                gradient.add_(leaf, rule.Decay);
            }

            leaf.add_(rule.Momentum == 0 ? gradient : Momentum(gathered[i], gradient), -rule.LearningRate);
            leaf.grad = null;
        }
    }

    private Tensor Momentum(Tensor sum, Tensor gradient)
    {
        sum.mul_(rule.Momentum).add_(gradient);
        return rule.Nesterov ? gradient.add_(sum, rule.Momentum) : sum;
    }
}
