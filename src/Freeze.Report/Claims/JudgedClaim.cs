using System.Globalization;
using Freeze.Report.Statistics;

namespace Freeze.Report.Claims;

/// <summary>What is compared by itself: two groups of runs, or the points of one line.</summary>
/// <param name="Where">What the runs have in common, such as <c>net=wide</c>; "" of all.</param>
/// <param name="Figures">What was measured, such as <c>48.57% − 39.92%</c>.</param>
/// <param name="Difference">The difference of the means, or the slope.</param>
/// <param name="Band">Half the width of the interval of 95% (Student's), or infinity where there is only one seed.</param>
/// <param name="Shown">Both as text.</param>
/// <param name="Count">How many seeds or points.</param>
/// <param name="Verdict">What that says of the claim.</param>
public sealed record ClaimPart(
    string Where, string Figures, double Difference, double Band, string Shown, int Count, Verdict Verdict);

/// <summary>A claim of a file, judged over its finished runs.</summary>
/// <param name="Text">As the file says it.</param>
/// <param name="Parts">Each comparison of two sides that are alike in all else, or each line.</param>
public sealed record JudgedClaim(string Text, IReadOnlyList<ClaimPart> Parts)
{
    /// <summary>What stands for the parts of a claim about no two runs.</summary>
    public static ClaimPart Nothing { get; } = new("", "–", double.NaN, double.NaN, "–", 0, Verdict.Open);

    /// <summary>The claims of a file, in its order.</summary>
    public static IReadOnlyList<JudgedClaim> Of(ReportFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return
        [
            .. file.Items.OfType<ReportItem.Claim>().Select(item => item.Statement switch
            {
                ReportClaim.Comparison comparison => new JudgedClaim(Write(comparison), Comparisons(file, comparison)),
                ReportClaim.Measures measures => new JudgedClaim(Write(measures), OfMeasures(file, measures)),
                ReportClaim.Trend trend => new JudgedClaim(Write(trend), Trends(file, trend)),
                _ => throw new System.Diagnostics.UnreachableException($"no judgement for plan case {item.Statement}"),
            }),
        ];
    }

    /// <summary>In a few words, such as <c>holds</c> or <c>of 4: 3 hold, 1 fails</c>.</summary>
    public string Summary
    {
        get
        {
            if (Parts.Count < 2)
            {
                return Verdicts.Word(Parts.Count == 0 ? Verdict.Open : Parts[0].Verdict);
            }

            var counts = Parts.GroupBy(part => part.Verdict).OrderBy(group => group.Key == Verdict.Open).ThenBy(group => group.Key)
                .Select(group => (Count: group.Count(), Word: Verdicts.Word(group.Key)))
                .Select(found => string.Create(CultureInfo.InvariantCulture, $"{found.Count} {(found.Count == 1 ? found.Word : Plural(found.Word))}"));
            return string.Create(CultureInfo.InvariantCulture, $"of {Parts.Count}: {string.Join(", ", counts)}");
        }
    }

    private static string Plural(string verdict) =>
        verdict.Replace("holds", "hold", StringComparison.Ordinal).Replace("fails", "fail", StringComparison.Ordinal);

    private static string Write(ReportClaim.Comparison claim)
    {
        string[] sides = [.. claim.Sides.Select(side => string.Join(' ', side))];
        return $"{claim.Measure} on {Write(claim.Relation, sides)}";
    }

    private static string Write(ReportClaim.Measures claim) =>
        Write(claim.Relation, claim.Names) + (claim.On.Length > 0 ? $" on {string.Join(' ', claim.On)}" : "");

    private static string Write(Relation relation, string[] sides) => relation switch
    {
        Relation.Within within => string.Create(CultureInfo.InvariantCulture, $"{sides[0]} within {within.Margin} of {sides[1]}"),
        { IsGreater: true } => string.Join(" > ", sides),
        _ => string.Join(" < ", sides),
    };

    private static string Write(ReportClaim.Trend claim) =>
        $"{claim.Measure} {(claim.Rises ? "rises" : "falls")} with {claim.Over}{(claim.Logarithmic ? " (log)" : "")}"
        + (claim.For.Length > 0 ? $" for {string.Join(", ", claim.For)}" : "");

    // Each side with the next, and of these each two groups of runs that differ in nothing but what the sides name.
    private static ClaimPart[] Comparisons(ReportFile file, ReportClaim.Comparison claim) =>
    [
        .. claim.Sides.Zip(claim.Sides.Skip(1)).SelectMany(sides =>
        {
            var named = Named(file, sides.First).Concat(Named(file, sides.Second)).ToHashSet();
            var others = file.Telling([.. named]);
            var (left, right) = (Groups(file, sides.First, others), Groups(file, sides.Second, others));
            return
                from first in left
                from second in right
                where first.Values.Zip(second.Values).All(value => value.First == value.Second || value.First.Length == 0 || value.Second.Length == 0)
                select Compare(claim, sides, others, first, second);
        }),
    ];

    // The axes on which the words of a side are values.
    private static IEnumerable<string> Named(ReportFile file, string[] side) =>
        file.Runs.Where(run => Selection.holds(side, run.Run))
            .SelectMany(run => run.Run.Values)
            .Where(axis => Selection.isByAxis(axis) && side.Contains(AxisValueModule.text(axis.Value)))
            .Select(axis => axis.Name);

    private static RunGroup[] Groups(ReportFile file, string[] side, string[] axes) =>
    [
        .. file.By(axes)
            .Select(group => group with { Runs = [.. group.Runs.Where(run => Selection.holds(side, run.Run))] })
            .Where(group => group.Runs.Count > 0),
    ];

    private static ClaimPart Compare(
        ReportClaim.Comparison claim, (string[] First, string[] Second) sides, string[] axes, RunGroup first, RunGroup second)
    {
        var where = claim.Sides.Length > 2 ? $"{string.Join(' ', sides.First)}, {string.Join(' ', sides.Second)}; " : "";
        where = (where + Common(axes, first, second)).TrimEnd(' ', ';');
        return Compare(claim.Relation, claim.Measure, where, BySeed(claim.Measure, first), BySeed(claim.Measure, second));
    }

    // Each measure with the next, in each group of runs that differ in their seeds alone.
    private static ClaimPart[] OfMeasures(ReportFile file, ReportClaim.Measures claim)
    {
        var axes = file.Telling([]);
        return
        [
            .. claim.Names.Zip(claim.Names.Skip(1)).SelectMany(pair => Groups(file, claim.On, axes).Select(group =>
            {
                var which = claim.Names.Length > 2 ? $"{pair.First}, {pair.Second}; " : "";
                var where = (which + Common(axes, group, group)).TrimEnd(' ', ';');
                return Compare(claim.Relation, pair.First, where, BySeed(pair.First, group), BySeed(pair.Second, group));
            })),
        ];
    }

    // What a seed decides besides, such as the order of the images, is the same on both sides: it is left out of the difference.
    private static ClaimPart Compare(
        Relation relation, string measure, string where, Dictionary<long, double> left, Dictionary<long, double> right)
    {
        var seeds = left.Keys.Intersect(right.Keys).ToArray();
        var differences = seeds.Select(seed => left[seed] - right[seed]).ToArray();
        if (differences.Length == 0)
        {
            return Nothing with { Where = where };
        }

        var spread = Spread.Of(differences);
        var (least, most) = relation switch
        {
            Relation.Within within => (-Measures.Published(measure, within.Margin), Measures.Published(measure, within.Margin)),
            { IsGreater: true } => (0, double.PositiveInfinity),
            _ => (double.NegativeInfinity, 0.0),
        };
        var verdict = Verdicts.Of(spread.Mean, spread.Band, least, most);
        var figures = $"{Measures.Show(measure, seeds.Average(seed => left[seed]))}, {Measures.Show(measure, seeds.Average(seed => right[seed]))}";
        return new ClaimPart(where, figures, spread.Mean, spread.Band, Interval(measure, spread.Mean, spread.Band), spread.Count, verdict);
    }

    private static Dictionary<long, double> BySeed(string measure, RunGroup group) => group.Finished
        .Select(run => (run.Run.Recipe.Seed, Value: Measures.Of(measure, run)))
        .Where(run => run.Value is { } value && double.IsFinite(value))
        .GroupBy(run => run.Seed)
        .ToDictionary(runs => runs.Key, runs => runs.Average(run => run.Value!.Value));

    // One side may have an axis that the other lacks, such as a case of its own.
    private static string Common(string[] axes, RunGroup first, RunGroup second)
    {
        string[] values = [.. first.Values.Zip(second.Values, (a, b) => a.Length > 0 ? a : b)];
        return values.Any(value => value.Length > 0) ? new RunGroup(values, first.Runs).Label(axes) : "";
    }

    // A line through the means over seeds: those of one point share what the line does not tell.
    private static ClaimPart[] Trends(ReportFile file, ReportClaim.Trend claim)
    {
        var unit = claim.Logarithmic ? $"for ten times the {claim.Over}" : $"for each of {claim.Over}";
        var (least, most) = claim.Rises ? (0.0, double.PositiveInfinity) : (double.NegativeInfinity, 0.0);
        return
        [
            .. file.By(claim.For).Select(group =>
            {
                var points = (file with { Runs = group.Runs }).By(file.Axes)
                    .Select(alike => (X: Mean(claim.Over, alike), Y: Mean(claim.Measure, alike)))
                    .Where(point => double.IsFinite(point.Y) && double.IsFinite(point.X) && (point.X > 0 || !claim.Logarithmic))
                    .Select(point => (claim.Logarithmic ? Math.Log10(point.X) : point.X, point.Y))
                    .ToArray();
                var where = claim.For.Length > 0 ? group.Label(claim.For) : "";
                return LineFit.Of(points) is { } line
                    ? new ClaimPart(
                        where,
                        string.Create(CultureInfo.InvariantCulture, $"R² {line.Determination:F2}"),
                        line.Slope,
                        line.SlopeBand,
                        $"{Slope(claim.Measure, line.Slope)} ± {Slope(claim.Measure, line.SlopeBand).TrimStart('+')} {unit}",
                        line.Count,
                        Verdicts.Of(line.Slope, line.SlopeBand, least, most))
                    : Nothing with { Where = where, Count = points.Length };
            }),
        ];
    }

    private static double Mean(string measure, RunGroup group) => BySeed(measure, group).Values.DefaultIfEmpty(double.NaN).Average();

    // A slope may be far smaller than what is measured.
    private static string Slope(string measure, double value) => Measures.Unit(measure) == MeasureUnit.Share
        ? string.Create(CultureInfo.InvariantCulture, $"{(value < 0 ? "−" : "+")}{Math.Abs(100 * value):G3} pt")
        : string.Create(CultureInfo.InvariantCulture, $"{(value < 0 ? "−" : "+")}{Math.Abs(value):G3}");

    private static string Interval(string measure, double mean, double band) => double.IsFinite(band)
        ? $"{Measures.ShowDifference(measure, mean)} ± {Measures.ShowDifference(measure, band).TrimStart('+')}"
        : Measures.ShowDifference(measure, mean);
}
