using MathNet.Numerics;
using MathNet.Numerics.Distributions;
using MathNet.Numerics.LinearRegression;
using MathNet.Numerics.Statistics;

namespace Freeze.Report.Statistics;

/// <summary>A line through points by least squares, with what is uncertain of it.</summary>
/// <param name="Slope">Rise for each unit of x.</param>
/// <param name="Intercept">y at x = 0.</param>
/// <param name="Determination">The share of y's variance that the line tells, R².</param>
/// <param name="Count">How many points.</param>
public sealed record LineFit(double Slope, double Intercept, double Determination, int Count)
{
    private double MeanX { get; init; }

    private double SquaresX { get; init; }

    private double Residual { get; init; }

    /// <summary>The line of at least three points at two places or more, else null.</summary>
    public static LineFit? Of(IReadOnlyList<(double X, double Y)> points)
    {
        ArgumentNullException.ThrowIfNull(points);
        if (points.Count < 3)
        {
            return null;
        }

        double[] x = [.. points.Select(point => point.X)], y = [.. points.Select(point => point.Y)];
        var squaresX = x.PopulationVariance() * x.Length;
        // Places that differ by rounding alone are one place.
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

    /// <summary>The line at a place.</summary>
    public double At(double x) => Intercept + (Slope * x);

    /// <summary>Half the width of the band at a place in which the true line lies with 95% confidence.</summary>
    public double Band(double x) => Student * Residual * Math.Sqrt((1.0 / Count) + ((x - MeanX) * (x - MeanX) / SquaresX));

    /// <summary>Half the width of the slope's 95% confidence interval.</summary>
    public double SlopeBand => Student * Residual / Math.Sqrt(SquaresX);

    private double Student => StudentT.InvCDF(0, 1, Count - 2, 0.975);
}
