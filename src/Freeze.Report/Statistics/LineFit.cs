using MathNet.Numerics;
using MathNet.Numerics.Distributions;
using MathNet.Numerics.LinearRegression;
using MathNet.Numerics.Statistics;

namespace Freeze.Report.Statistics;

/// <summary>A least-squares line through points, with its uncertainty.</summary>
/// <param name="Slope">The rise per unit of x.</param>
/// <param name="Intercept">y at x = 0.</param>
/// <param name="Determination">The fraction of y's variance that the line explains, R².</param>
/// <param name="Count">The number of points.</param>
public sealed record LineFit(double Slope, double Intercept, double Determination, int Count)
{
    private double MeanX { get; init; }

    private double SquaresX { get; init; }

    private double Residual { get; init; }

    /// <summary>The line through at least three points with at least two different x, otherwise null.</summary>
    public static LineFit? Of(IReadOnlyList<(double X, double Y)> points)
    {
        ArgumentNullException.ThrowIfNull(points);
        if (points.Count < 3)
        {
            return null;
        }

        double[] x = [.. points.Select(point => point.X)], y = [.. points.Select(point => point.Y)];
        var squaresX = x.PopulationVariance() * x.Length;
        // x values that differ only by rounding are equal.
        if (squaresX <= 1e-20 * x.Sum(place => place * place))
        {
            return null;
        }

        var (intercept, slope) = SimpleRegression.Fit(x, y);
        var line = Array.ConvertAll(x, place => intercept + (slope * place));
        return new LineFit(slope, intercept, y.Distinct().Count() > 1 ? GoodnessOfFit.CoefficientOfDetermination(line, y) : 1, points.Count)
        {
            MeanX = x.Mean(),
            SquaresX = squaresX,
            Residual = GoodnessOfFit.StandardError(line, y, degreesOfFreedom: 2),
        };
    }

    /// <summary>The line's y at x.</summary>
    public double At(double x) => Intercept + (Slope * x);

    /// <summary>Half the width of the band at x that contains the true line with 95% confidence.</summary>
    public double Band(double x) => Student * Residual * Math.Sqrt((1.0 / Count) + ((x - MeanX) * (x - MeanX) / SquaresX));

    /// <summary>Half the width of the slope's 95% confidence interval.</summary>
    public double SlopeBand => Student * Residual / Math.Sqrt(SquaresX);

    private double Student => StudentT.InvCDF(0, 1, Count - 2, 0.975);
}
