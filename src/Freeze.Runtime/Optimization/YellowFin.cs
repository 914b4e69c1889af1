using Freeze.Kernels;
using static TorchSharp.torch;

namespace Freeze.Runtime.Optimization;

/// <summary>Gradient descent whose learning rate and momentum <see cref="YellowFinTuner"/> sets in each step.</summary>
internal sealed class YellowFin(Optimizer.YellowFin rule, IReadOnlyList<Leaf> leaves)
    : LeafOptimizer(rule, leaves, ["momentum", "means", "squares"])
{
    // The smoothing of gradients and their squares, equal to the tuner's.
    private const double Beta = 0.999;

    private readonly double clip = rule.Clip;
    private readonly YellowFinTuner tuner = new(rule.LearningRate, rule.Momentum, rule.Window);
    private int steps;

    protected override double[] Numbers
    {
        get => [steps, .. tuner.Numbers];
        set
        {
            steps = (int)value[0];
            tuner.Numbers = value[1..];
        }
    }

    protected override void Prepare(Tensor?[] gradients, Tensor[][] states)
    {
        steps++;
        var norm = Math.Sqrt(gradients.OfType<Tensor>().Sum(SquaredNorm));
        if (clip > 0 && norm > clip)
        {
            foreach (var gradient in gradients.OfType<Tensor>())
            {
                gradient.TimesInPlace(clip / norm);
            }

            norm = clip;
        }

        // Algorithm 3: the sum over all weights of the smoothed square minus the square of the smoothed gradient.
        var variance = 0.0;
        for (var i = 0; i < gradients.Length; i++)
        {
            if (gradients[i] is { } gradient)
            {
                var (mean, square) = (states[i][1], states[i][2]);
                mean.TimesInPlace(Beta).PlusInPlace(gradient, 1 - Beta);
                square.TimesInPlace(Beta).PlusProductInPlace(gradient, gradient, 1 - Beta);
                var share = YellowFinTuner.Gathered(steps);
                variance += (square.sum().to(float64).item<double>() / share) - (SquaredNorm(mean) / share / share);
            }
        }

        tuner.Observe(norm * norm, Math.Max(variance, 0));
    }

    // A weight's own rate multiplies the tuned one.
    protected override double LearningRate(Rate own) => Own(own, 1) * tuner.LearningRate;

    protected override void Apply(int index, Tensor leaf, Tensor gradient, Tensor[] slots, double rate, double decay) =>
        leaf.PlusInPlace(slots[0].TimesInPlace(tuner.Momentum).PlusInPlace(gradient, -rate));

    private static double SquaredNorm(Tensor values) => values.mul(values).sum().to(float64).item<double>();
}
