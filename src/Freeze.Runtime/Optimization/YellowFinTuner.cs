namespace Freeze.Runtime.Optimization;

/// <summary>
/// The tuner of YellowFin (Zhang and Mitliagkas 2017, algorithms 1 to 4): from the norm and the variance of gradients it computes
/// the momentum and learning rate that are optimal for a noisy quadratic with the observed curvatures.
/// </summary>
internal sealed class YellowFinTuner(double learningRate, double momentum, int window)
{
    // The smoothing of every measurement.
    private const double Beta = 0.999;

    private readonly Queue<double> curvatures = new();
    private double greatest;
    private double least;
    private double norm;
    private double square;
    private double distance;
    private int steps;

    /// <summary>The value for the next step.</summary>
    public double LearningRate { get; private set; } = learningRate;

    /// <inheritdoc cref="LearningRate"/>
    public double Momentum { get; private set; } = momentum;

    /// <summary>
    /// Everything that the next step depends on, always the same number of values: NaN fills the window.
    /// </summary>
    public double[] Numbers
    {
        get =>
        [
            LearningRate, Momentum, greatest, least, norm, square, distance, steps, .. curvatures,
            .. Enumerable.Repeat(double.NaN, window - curvatures.Count),
        ];
        set
        {
            (LearningRate, Momentum, greatest, least) = (value[0], value[1], value[2], value[3]);
            (norm, square, distance, steps) = (value[4], value[5], value[6], (int)value[7]);
            curvatures.Clear();
            foreach (var curvature in value[8..].TakeWhile(number => !double.IsNaN(number)))
            {
                curvatures.Enqueue(curvature);
            }
        }
    }

    /// <summary>The total weight of the values smoothed so far: dividing by it corrects for the start at 0.</summary>
    public static double Gathered(int steps) => 1 - Math.Pow(Beta, steps);

    /// <summary>Records a gradient's squared norm and the variance of the gradients so far.</summary>
    public void Observe(double squaredNorm, double variance)
    {
        steps++;
        var debias = Gathered(steps);

        // Algorithm 2: the curvature along the gradient is at most its squared norm.
        curvatures.Enqueue(squaredNorm);
        if (curvatures.Count > window)
        {
            curvatures.Dequeue();
        }

        greatest = Smooth(greatest, curvatures.Max());
        least = Smooth(least, curvatures.Min());

        // Algorithm 4: the distance to the optimum.
        norm = Smooth(norm, Math.Sqrt(squaredNorm));
        square = Smooth(square, squaredNorm);
        distance = Smooth(distance, square > 0 ? norm / square : 0);

        var (rate, coefficient) = SingleStep(greatest / debias, least / debias, distance / debias, variance);
        LearningRate = Smooth(LearningRate, rate);
        Momentum = Smooth(Momentum, coefficient);
    }

    /// <summary>
    /// The learning rate and momentum that minimise momentum · distance² + rate² · variance, where the momentum is at least what
    /// the range of curvatures requires, and the rate is (1 - √momentum)² / least (equation 15).
    /// </summary>
    public static (double LearningRate, double Momentum) SingleStep(
        double greatest, double least, double distance, double variance)
    {
        // Without curvature or noise there is no trade-off.
        if (least <= 0)
        {
            return (0, 0);
        }

        var root = variance > 0 ? Root(distance * distance * least * least / (2 * variance)) : 0;
        var range = Math.Sqrt(greatest / least);
        var robust = (range - 1) / (range + 1);
        var momentum = Math.Max(root * root, robust * robust);
        var rate = 1 - Math.Sqrt(momentum);
        return (rate * rate / least, momentum);
    }

    // The root in (0, 1) of p x + (x - 1)^3 = 0, by Vieta's substitution; x is the square root of the momentum.
    private static double Root(double p)
    {
        if (!double.IsFinite(p) || p <= 0)
        {
            return p > 0 ? 0 : 1;
        }

        var cube = (-Math.Sqrt((p * p) + (4.0 / 27 * p * p * p)) - p) / 2;
        var w = Math.CopySign(Math.Cbrt(Math.Abs(cube)), cube);
        return Math.Clamp(w - (p / (3 * w)) + 1, 0, 1);
    }

    private static double Smooth(double before, double now) => (Beta * before) + ((1 - Beta) * now);
}
