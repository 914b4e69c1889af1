using MathNet.Numerics.Distributions;
using MathNet.Numerics.Statistics;

namespace Freeze.Report.Statistics;

/// <summary>Where values of repetitions lie. Quartiles are those of Hyndman and Fan's type 7, as NumPy's.</summary>
/// <param name="Count">How many values.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="Deviation">Their standard deviation, by n - 1; 0 of a single value.</param>
/// <param name="Least">The least.</param>
/// <param name="Lower">A quarter are at most this.</param>
/// <param name="Median">The middle.</param>
/// <param name="Upper">Three quarters are at most this.</param>
/// <param name="Most">The greatest.</param>
public sealed record Spread(
    int Count, double Mean, double Deviation, double Least, double Lower, double Median, double Upper, double Most)
{
    /// <summary>Half the width of the mean's 95% confidence interval (Student's); infinite of a single value.</summary>
    public double Band => Count > 1
        ? StudentT.InvCDF(0, 1, Count - 1, 0.975) * Deviation / Math.Sqrt(Count)
        : double.PositiveInfinity;

    /// <summary>Of at least one value.</summary>
    public static Spread Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        ArgumentOutOfRangeException.ThrowIfZero(sorted.Length, nameof(values));
        double Quantile(double share) => SortedArrayStatistics.QuantileCustom(sorted, share, QuantileDefinition.R7);
        return new Spread(
            sorted.Length,
            sorted.Mean(),
            sorted.Length > 1 ? sorted.StandardDeviation() : 0,
            sorted[0],
            Quantile(0.25),
            Quantile(0.5),
            Quantile(0.75),
            sorted[^1]);
    }
}
