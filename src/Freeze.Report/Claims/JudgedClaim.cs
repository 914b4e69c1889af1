using System.Globalization;
using Freeze.Report.Statistics;

namespace Freeze.Report.Claims;

/// <summary>A claim of a file, judged by its finished runs.</summary>
/// <param name="Text">The claim as written in the file.</param>
/// <param name="Parts">Each comparison of two sides that are equal in everything else, or each line.</param>
public sealed record JudgedClaim(string Text, IReadOnlyList<ClaimPart> Parts)
{
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

    /// <summary>In a few words, such as <c>holds</c> or <c>3 of 4 hold, 1 fails</c>.</summary>
    public string Summary => Verdicts.Summary([.. Parts.Select(part => part.Verdict)]);

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

    // Each side with the next; within a pair of sides, each two groups of runs that differ only in what the sides name.
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

    // The axes that have a side's words as values.
    private static IEnumerable<string> Named(ReportFile file, string[] side) =>
        file.Runs.Where(run => Selection.holds(side, run.Run))
            .SelectMany(run => run.Run.Values)
            .Where(axis => Selection.names(side, axis))
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
        var where = claim.Sides.Length > 2 ? Write(claim.Relation, [string.Join(' ', sides.First), string.Join(' ', sides.Second)]) + "; " : "";
        where = (where + Common(axes, first, second)).TrimEnd(' ', ';');
        return Compare(
            claim.Relation, claim.Measure, where, Measures.BySeed(claim.Measure, first), Measures.BySeed(claim.Measure, second))
            with
        { Axes = [.. axes.Zip(Shared(first, second)).Where(axis => axis.Second.Length > 0)] };
    }

    // Each measure with the next, within each group of runs that differ only in their seeds.
    private static ClaimPart[] OfMeasures(ReportFile file, ReportClaim.Measures claim)
    {
        var axes = file.Telling([]);
        return
        [
            .. claim.Names.Zip(claim.Names.Skip(1)).SelectMany(pair => WithBoth(pair, Groups(file, claim.On, axes)).Select(group =>
            {
                var which = claim.Names.Length > 2 ? Write(claim.Relation, [pair.First, pair.Second]) + "; " : "";
                var where = (which + Common(axes, group, group)).TrimEnd(' ', ';');
                return Compare(claim.Relation, pair.First, where, Measures.BySeed(pair.First, group), Measures.BySeed(pair.Second, group))
                    with { Axes = [.. axes.Zip(group.Values).Where(axis => axis.Second.Length > 0)] };
            })),
        ];
    }

    // The groups that train the stages that both measures name; all groups if none does.
    private static RunGroup[] WithBoth((string First, string Second) pair, RunGroup[] groups)
    {
        RunGroup[] able =
        [
            .. groups.Where(group => group.Runs.Any(run => Measures.CanHave(pair.First, run) && Measures.CanHave(pair.Second, run))),
        ];
        return able.Length > 0 ? able : groups;
    }

    // Both sides share what the seed decides, such as the order of the images, so it cancels out of the difference.
    private static ClaimPart Compare(
        Relation relation, string measure, string where, Dictionary<long, double> left, Dictionary<long, double> right)
    {
        var seeds = left.Keys.Intersect(right.Keys).ToArray();
        var differences = seeds.Select(seed => left[seed] - right[seed]).ToArray();
        if (differences.Length == 0)
        {
            return ClaimPart.Nothing(measure, where);
        }

        var spread = Spread.Of(differences);
        var (least, most) = relation switch
        {
            Relation.Within within => (-Measures.Published(measure, within.Margin), Measures.Published(measure, within.Margin)),
            { IsGreater: true } => (0, double.PositiveInfinity),
            _ => (double.NegativeInfinity, 0.0),
        };
        var verdict = Verdicts.Of(spread.Mean, spread.Band, least, most);
        return new ClaimPart(measure, where, spread.Mean, spread.Band, spread.Count, verdict)
        {
            Means = (seeds.Average(seed => left[seed]), seeds.Average(seed => right[seed])),
        };
    }

    // One side may have an axis that the other lacks, such as that of its own case.
    private static string[] Shared(RunGroup first, RunGroup second) =>
        [.. first.Values.Zip(second.Values, (a, b) => a.Length > 0 ? a : b)];

    private static string Common(string[] axes, RunGroup first, RunGroup second)
    {
        var values = Shared(first, second);
        return values.Any(value => value.Length > 0) ? new RunGroup(values, first.Runs).Label(axes) : "";
    }

    private static ClaimPart[] Trends(ReportFile file, ReportClaim.Trend claim)
    {
        var (least, most) = claim.Rises ? (0.0, double.PositiveInfinity) : (double.NegativeInfinity, 0.0);
        return
        [
            .. file.By(claim.For).Select(group =>
            {
                var points = TrendLine.Points(file with { Runs = group.Runs }, claim.Measure, claim.Over, claim.Logarithmic);
                var where = claim.For.Length > 0 ? group.Label(claim.For) : "";
                var part = LineFit.Of(points) is { } line
                    ? new ClaimPart(
                        claim.Measure, where, line.Slope, line.SlopeBand, line.Count, Verdicts.Of(line.Slope, line.SlopeBand, least, most))
                    {
                        Determination = line.Determination,
                        Per = TrendLine.Per(claim.Over, claim.Logarithmic),
                    }
                    : ClaimPart.Nothing(claim.Measure, where, points.Length);
                return part with { Axes = [.. claim.For.Zip(group.Values).Where(axis => axis.Second.Length > 0)] };
            }),
        ];
    }
}
