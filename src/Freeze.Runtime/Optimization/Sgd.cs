using Freeze.Torch;
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

    // Of the step under way.
    private readonly List<Move> moves = [];

    public Sgd(Optimizer.Sgd rule, IReadOnlyList<Leaf> leaves)
        : base(leaves)
    {
        this.rule = rule;
        gathered = rule.Momentum == 0 ? [] : Zeros();
    }

    protected override (double LearningRate, double Decay) Usual => (rule.LearningRate, rule.Decay);

    protected override IReadOnlyList<(string Name, Tensor[] OfLeaf)> Gathered =>
        rule.Momentum == 0 ? [] : [("momentum", gathered)];

    protected override DecayPlace DecayPlace => DecayPlace.Step;

    // Not before all are known: a GPU moves many weights in a few launches.
    protected override void Apply(int index, Tensor leaf, Tensor gradient, double rate, double decay) =>
        moves.Add(new Move(index, leaf, gradient, rate, decay));

    protected override void Finish()
    {
        foreach (var alike in moves.GroupBy(move => (move.Rate, move.Decay)))
        {
            Fused.SgdStep(
                [.. alike.Select(move => move.Leaf)],
                [.. alike.Select(move => move.Gradient)],
                rule.Momentum == 0 ? null : [.. alike.Select(move => gathered[move.Index])],
                alike.Key.Rate,
                rule.Momentum,
                alike.Key.Decay,
                rule.Nesterov);
        }

        moves.Clear();
    }

    protected override void Forget(int index)
    {
        if (rule.Momentum != 0)
        {
            gathered[index].zero_();
        }
    }

    private readonly record struct Move(int Index, Tensor Leaf, Tensor Gradient, double Rate, double Decay);
}
