using Freeze.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Optimization;

/// <summary>
/// Adam (Kingma and Ba 2014, algorithm 1), decay a part of the gradient; or AdamW (Loshchilov and Hutter 2017), decay
/// apart from it. In PyTorch's order of operations.
/// </summary>
internal sealed class Adam : LeafOptimizer
{
    private readonly double learningRate;
    private readonly double decay;
    private readonly double beta1;
    private readonly double beta2;
    private readonly double epsilon;
    private readonly Tensor[] means;
    private readonly Tensor[] squares;
    private readonly int[] steps;

    public Adam(Optimizer.Adam rule, IReadOnlyList<Leaf> leaves)
        : this(leaves, rule.LearningRate, rule.Beta1, rule.Beta2, rule.Epsilon, rule.Decay)
    {
    }

    public Adam(Optimizer.AdamW rule, IReadOnlyList<Leaf> leaves)
        : this(leaves, rule.LearningRate, rule.Beta1, rule.Beta2, rule.Epsilon, rule.Decay) => DecayPlace = DecayPlace.Weight;

    private Adam(
        IReadOnlyList<Leaf> leaves, double learningRate, double beta1, double beta2, double epsilon, double decay)
        : base(leaves)
    {
        this.learningRate = learningRate;
        this.beta1 = beta1;
        this.beta2 = beta2;
        this.epsilon = epsilon;
        this.decay = decay;
        means = Zeros();
        squares = Zeros();
        steps = new int[leaves.Count];
    }

    protected override (double LearningRate, double Decay) Usual => (learningRate, decay);

    protected override DecayPlace DecayPlace { get; }

    protected override IReadOnlyList<(string Name, Tensor[] OfLeaf)> Gathered => [("means", means), ("squares", squares)];

    protected override double[] Numbers
    {
        get => Array.ConvertAll(steps, step => (double)step);
        set => Array.ConvertAll(value, step => (int)step).CopyTo(steps, 0);
    }

    protected override void Apply(int index, Tensor leaf, Tensor gradient, double rate, double decay)
    {
        var step = ++steps[index];
        var mean = means[index].TimesInPlace(beta1).PlusInPlace(gradient, 1 - beta1);
        var square = squares[index].TimesInPlace(beta2).PlusProductInPlace(gradient, gradient, 1 - beta2);
        var scale = square.sqrt().OverInPlace(Math.Sqrt(1 - Math.Pow(beta2, step))).PlusInPlace(epsilon);
        leaf.PlusQuotientInPlace(mean, scale, -rate / (1 - Math.Pow(beta1, step)));
    }

    protected override void Forget(int index)
    {
        means[index].zero_();
        squares[index].zero_();
        steps[index] = 0;
    }
}
