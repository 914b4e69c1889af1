using Freeze.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Optimization;

/// <summary>
/// RMSprop (Hinton's lecture 6e), PyTorch's rule: the gradient is divided by the root of its smoothed square plus
/// epsilon, then momentum gathers it.
/// </summary>
internal sealed class RmsProp : LeafOptimizer
{
    private readonly Optimizer.RmsProp rule;
    private readonly Tensor[] squares;
    private readonly Tensor[] gathered;

    public RmsProp(Optimizer.RmsProp rule, IReadOnlyList<Leaf> leaves)
        : base(leaves)
    {
        this.rule = rule;
        squares = Zeros();
        gathered = rule.Momentum == 0 ? [] : Zeros();
    }

    protected override (double LearningRate, double Decay) Usual => (rule.LearningRate, rule.Decay);

    protected override IReadOnlyList<(string Name, Tensor[] OfLeaf)> Gathered => rule.Momentum == 0
        ? [("squares", squares)]
        : [("squares", squares), ("momentum", gathered)];

    protected override void Apply(int index, Tensor leaf, Tensor gradient, double rate, double decay)
    {
        var square = squares[index].TimesInPlace(rule.Alpha).PlusProductInPlace(gradient, gradient, 1 - rule.Alpha);
        var scale = square.sqrt().PlusInPlace(rule.Epsilon);
        if (rule.Momentum == 0)
        {
            leaf.PlusQuotientInPlace(gradient, scale, -rate);
        }
        else
        {
            leaf.PlusInPlace(gathered[index].TimesInPlace(rule.Momentum).PlusQuotientInPlace(gradient, scale, 1), -rate);
        }
    }

    protected override void Forget(int index)
    {
        squares[index].zero_();
        if (rule.Momentum != 0)
        {
            gathered[index].zero_();
        }
    }
}
