using System.Globalization;

namespace Freeze.Report.Claims;

/// <summary>A single comparison: two groups of runs, or the points of one line.</summary>
/// <param name="Measure">The measure; its unit applies to all numbers here.</param>
/// <param name="Where">The values that the runs share, such as <c>net=wide</c>; "" for all runs.</param>
/// <param name="Estimate">The difference of the means, or the slope; NaN if there is none.</param>
/// <param name="Band">Half the width of its 95% interval (Student's), or infinity with only one seed.</param>
/// <param name="Count">The number of seeds or points.</param>
/// <param name="Verdict">The verdict on the claim.</param>
public sealed record ClaimPart(string Measure, string Where, double Estimate, double Band, int Count, Verdict Verdict)
{
    /// <summary>The axis values that its runs share.</summary>
    public IReadOnlyList<(string Axis, string Value)> Axes { get; init; } = [];

    /// <summary>The means of both sides of a comparison.</summary>
    public (double Left, double Right)? Means { get; init; }

    /// <summary>R² of a line.</summary>
    public double? Determination { get; init; }

    /// <summary>The unit of x for a slope, such as <c>per unit of p</c>; "" for a difference.</summary>
    public string Per { get; init; } = "";

    /// <summary>A comparison that has no results.</summary>
    public static ClaimPart Nothing(string measure, string where, int count = 0) =>
        new(measure, where, double.NaN, double.NaN, count, Verdict.Open);

    /// <summary>Both means, or R², as tables show them.</summary>
    public string Measured => (Means, Determination) switch
    {
        ({ } means, _) => $"{Measures.Show(Measure, means.Left)} and {Measures.Show(Measure, means.Right)}",
        (_, { } determination) => string.Create(CultureInfo.InvariantCulture, $"R² {determination:F2}"),
        _ => "–",
    };

    /// <summary>The difference or slope as tables show it.</summary>
    public string Difference => double.IsFinite(Estimate) ? Signed(Estimate) : "–";

    /// <summary>The 95% interval as tables show it.</summary>
    public string Interval
    {
        get
        {
            if (!double.IsFinite(Band))
            {
                return "–";
            }

            // "−0.48 to +4.48 pt": a unit of both numbers is written once.
            string[] low = Signed(Estimate - Band).Split(' '), high = Signed(Estimate + Band).Split(' ');
            var first = low is [var number, var unit] && high is [_, var other] && unit == other ? number : string.Join(' ', low);
            return $"{first} to {string.Join(' ', high)}";
        }
    }

    // A slope may be far smaller than the measured values.
    private string Signed(double value)
    {
        var sign = value < 0 ? "−" : "+";
        return (Per.Length, Measures.Unit(Measure)) switch
        {
            (0, _) => Measures.ShowDifference(Measure, value),
            (_, MeasureUnit.Share) => string.Create(CultureInfo.InvariantCulture, $"{sign}{Math.Abs(100 * value):G3} pt"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{sign}{Math.Abs(value):G3}"),
        };
    }
}
