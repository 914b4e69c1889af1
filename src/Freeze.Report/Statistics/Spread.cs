using MathNet.Numerics.Distributions;
using MathNet.Numerics.Statistics;

namespace Freeze.Report.Statistics;

/// <summary>The distribution of repeated measurements. Quartiles follow Hyndman and Fan's type 7, like NumPy's.</summary>
/// <param name="Count">The number of values.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="Deviation">Their standard deviation, by n - 1; 0 for a single value.</param>
/// <param name="Least">The least.</param>
/// <param name="Lower">The first quartile.</param>
/// <param name="Median">The median.</param>
/// <param name="Upper">The third quartile.</param>
/// <param name="Most">The greatest.</param>
public sealed record Spread(
    int Count, double Mean, double Deviation, double Least, double Lower, double Median, double Upper, double Most)
{
    /// <summary>Half the width of the mean's 95% confidence interval (Student's); infinite for a single value.</summary>
    public double Band => Count > 1
        ? StudentT.InvCDF(0, 1, Count - 1, 0.975) * Deviation / Math.Sqrt(Count)
        : double.PositiveInfinity;

    /// <summary>The distribution of at least one value.</summary>
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
