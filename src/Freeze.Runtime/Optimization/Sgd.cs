using Freeze.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Optimization;

/// <summary>
/// Stochastic gradient descent, PyTorch's rule: decay is added to the gradient, then momentum gathers the sum, then
/// the learning rate scales the step.
/// </summary>
internal sealed class Sgd : LeafOptimizer
{
    private readonly Optimizer.Sgd rule;

    // From zero the first sum is the first gradient, as PyTorch starts it.
    private readonly Tensor[] gathered;
    private readonly bool useKernels;

    /// <param name="rule">Its numbers.</param>
    /// <param name="leaves">What it updates.</param>
    /// <param name="useKernels">Whether native kernels may make a step in one pass over memory.</param>
    public Sgd(Optimizer.Sgd rule, IReadOnlyList<Leaf> leaves, bool useKernels)
        : base(leaves)
    {
        (this.rule, this.useKernels) = (rule, useKernels);
        gathered = rule.Momentum == 0 ? [] : Zeros();
    }

    protected override (double LearningRate, double Decay) Usual => (rule.LearningRate, rule.Decay);

    protected override IReadOnlyList<(string Name, Tensor[] OfLeaf)> Gathered =>
        rule.Momentum == 0 ? [] : [("momentum", gathered)];

    protected override DecayPlace DecayPlace => DecayPlace.Step;

    protected override void Apply(int index, Tensor leaf, Tensor gradient, double rate, double decay) =>
        new SgdStep(rate, rule.Momentum, decay, rule.Nesterov)
            .Apply(useKernels, leaf, gradient, rule.Momentum == 0 ? null : gathered[index]);

    protected override void Forget(int index)
    {
        if (rule.Momentum != 0)
        {
            gathered[index].zero_();
        }
    }
}
