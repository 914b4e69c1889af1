using MathNet.Numerics.Distributions;

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

        var (meanX, meanY) = (points.Average(p => p.X), points.Average(p => p.Y));
        var squaresX = points.Sum(p => (p.X - meanX) * (p.X - meanX));
        var squaresY = points.Sum(p => (p.Y - meanY) * (p.Y - meanY));
        // Places that differ by rounding alone are one place.
        if (squaresX <= 1e-20 * points.Sum(p => p.X * p.X))
        {
            return null;
        }

        var slope = points.Sum(p => (p.X - meanX) * (p.Y - meanY)) / squaresX;
        var intercept = meanY - (slope * meanX);
        var left = points.Sum(p => Math.Pow(p.Y - intercept - (slope * p.X), 2));
        return new LineFit(slope, intercept, squaresY > 0 ? 1 - (left / squaresY) : 1, points.Count)
        {
            MeanX = meanX,
            SquaresX = squaresX,
            Residual = Math.Sqrt(left / (points.Count - 2)),
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
