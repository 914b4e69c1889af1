using Freeze.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Optimization;

/// <summary>Momentum descent whose learning rate and momentum <see cref="YellowFinTuner"/> finds in each step.</summary>
internal sealed class YellowFin : LeafOptimizer
{
    // The smoothing of gradients and their squares, as the tuner's.
    private const double Beta = 0.999;

    private readonly Optimizer.YellowFin rule;
    private readonly YellowFinTuner tuner;
    private readonly Tensor[] gathered;
    private readonly Tensor[] means;
    private readonly Tensor[] squares;
    private int steps;

    public YellowFin(Optimizer.YellowFin rule, IReadOnlyList<Leaf> leaves)
        : base(leaves)
    {
        this.rule = rule;
        tuner = new YellowFinTuner(rule.LearningRate, rule.Momentum, rule.Window);
        gathered = Zeros();
        means = Zeros();
        squares = Zeros();
    }

    protected override (double LearningRate, double Decay) Usual => (1, rule.Decay);

    protected override void Prepare(IReadOnlyList<Tensor?> gradients)
    {
        steps++;
        var norm = Math.Sqrt(gradients.OfType<Tensor>().Sum(SquaredNorm));
        if (rule.Clip > 0 && norm > rule.Clip)
        {
            foreach (var gradient in gradients.OfType<Tensor>())
            {
                gradient.TimesInPlace(rule.Clip / norm);
            }

            norm = rule.Clip;
        }

        // Algorithm 3: the sum over all weights of the smoothed square less the square of the smoothed.
        var variance = 0.0;
        for (var i = 0; i < gradients.Count; i++)
        {
            if (gradients[i] is { } gradient)
            {
                means[i].TimesInPlace(Beta).PlusInPlace(gradient, 1 - Beta);
                squares[i].TimesInPlace(Beta).PlusProductInPlace(gradient, gradient, 1 - Beta);
                var share = YellowFinTuner.Gathered(steps);
                variance += (squares[i].sum().to(float64).item<double>() / share) - (SquaredNorm(means[i]) / share / share);
            }
        }

        tuner.Observe(norm * norm, Math.Max(variance, 0));
    }

    protected override IReadOnlyList<(string Name, Tensor[] OfLeaf)> Gathered =>
        [("momentum", gathered), ("means", means), ("squares", squares)];

    protected override double[] Numbers
    {
        get => [steps, .. tuner.Numbers];
        set
        {
            steps = (int)value[0];
            tuner.Numbers = value[1..];
        }
    }

    // A weight's own rate is a factor of the tuned one.
    protected override double Tuned(double rate) => rate * tuner.LearningRate;

    protected override void Apply(int index, Tensor leaf, Tensor gradient, double rate, double decay) =>
        leaf.PlusInPlace(gathered[index].TimesInPlace(tuner.Momentum).PlusInPlace(gradient, -rate));

    protected override void Forget(int index)
    {
        gathered[index].zero_();
        means[index].zero_();
        squares[index].zero_();
    }

    private static double SquaredNorm(Tensor values) => values.mul(values).sum().to(float64).item<double>();
}
