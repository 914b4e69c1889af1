using Freeze.Report.Statistics;

namespace Freeze.Report.Tests.Statistics;

public sealed class StatisticsTests
{
    [Fact]
    public void ASpreadIsThatOfNumPy()
    {
        // numpy.percentile([3, 1, 2, 10], [25, 50, 75]) and numpy.std(ddof=1).
        var spread = Spread.Of([3, 1, 2, 10]);
        Assert.Equal((1, 1.75, 2.5, 4.75, 10), (spread.Least, spread.Lower, spread.Median, spread.Upper, spread.Most));
        Assert.Equal(4, spread.Mean);
        Assert.Equal(4.08248290463863, spread.Deviation, 1e-12);
    }

    [Fact]
    public void AFitIsThatOfTheTextbook()
    {
        // Anscombe 1973, the first of his four sets: y = 3.00 + 0.500 x, R² = 0.67, standard error of the slope 0.1179.
        double[] x = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5];
        double[] y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
        var fit = LineFit.Of([.. x.Zip(y)])!;
        Assert.Equal(3.00009090909091, fit.Intercept, 1e-10);
        Assert.Equal(0.500090909090909, fit.Slope, 1e-10);
        Assert.Equal(0.666542459508775, fit.Determination, 1e-10);

        // With 9 degrees of freedom Student's 97.5% point is 2.26215716.
        Assert.Equal(2.26215716 * 0.117905500059563, fit.SlopeBand, 1e-7);
        Assert.Equal(2.26215716 * 1.23660332273646 / Math.Sqrt(11), fit.Band(9), 1e-7);
    }

    [Fact]
    public void TwoPointsOrOnePlaceHaveNoFit()
    {
        Assert.Null(LineFit.Of([(1, 2), (2, 3)]));
        Assert.Null(LineFit.Of([(5, 2), (5, 3), (5, 4)]));
    }

    [Fact]
    public void MagnitudesAreThoseOfTheirDefinitions()
    {
        var of = Magnitudes.Of([1, -2, 3, -4]);
        Assert.Equal((4, 2.5, 7.25, Math.Sqrt(30)), (of.Count, of.MeanAbsolute, of.Variance, of.Norm));
        Assert.Equal(4, of.Histogram.Sum());
        Assert.Equal((-4, 3), (of.Least, of.Most));
        Assert.Equal((1, 1), (of.Histogram[0], of.Histogram[^1]));
    }

    [Fact]
    public void WhatIsNotFiniteLiesInNoBin()
    {
        var of = Magnitudes.Of([1, float.NaN, 2]);
        Assert.Equal(2, of.Histogram.Sum());
        Assert.True(double.IsNaN(of.MeanAbsolute));
    }
}
