using System.Globalization;
using Freeze.Report.Claims;

namespace Freeze.Report.Tables;

/// <summary>The table of a file's claims.</summary>
internal static class ClaimTable
{
    private const string Caption =
        "Runs with the same seed are compared. A claim holds if the whole 95% confidence interval (CI, Student’s t over the seeds) "
        + "agrees with it, and fails if none of it does; “on average” means that only the mean agrees or disagrees. "
        + "The slope of a trend is fitted to means over seeds.";

    /// <summary>A row for each claim, its verdict first; below a claim that compares several pairs, a row for each of them.</summary>
    public static Table Of(IReadOnlyList<JudgedClaim> claims) => new(
        "claims",
        Caption,
        [
            new("verdict"), new("claim"), new("measured", IsNumber: true), new("difference or slope", IsNumber: true), new("95% CI", IsNumber: true),
            new("seeds or points", IsNumber: true),
        ],
        claims.SelectMany(claim => claim.Parts is [var only]
            ? [Row(only, new Cell(claim.Text, string.Join("; ", new[] { only.Where, Slope(only) }.Where(text => text.Length > 0))))]
            : claim.Parts.Select(part => Row(part, new Cell(part.Where, Slope(part), Tone: "part"))).Prepend([Summary(claim), new Cell(claim.Text, Span: 5)])))
    {
        Heading = 1,
    };

    /// <summary>How a page colours a verdict.</summary>
    public static string Tone(Verdict verdict) => verdict switch
    {
        Verdict.Open or Verdict.OneSeed => "gap",
        Verdict.Holds => "above",
        Verdict.Leans => "above leans",
        Verdict.LeansAgainst => "below leans",
        _ => "below",
    };

    private static string Slope(ClaimPart part) => part.Per.Length > 0 ? $"slope {part.Per}" : "";

    private static Cell Summary(JudgedClaim claim)
    {
        string[] tones = [.. claim.Parts.Select(part => Tone(part.Verdict)).Distinct()];
        return new Cell(claim.Summary, Tone: tones is [var only] ? $"verdict {only}" : "verdict");
    }

    private static Cell[] Row(ClaimPart part, Cell claim) =>
    [
        new Cell(Verdicts.Word(part.Verdict), Tone: $"verdict {Tone(part.Verdict)}"), claim, part.Measured,
        part.Difference, part.Interval, part.Count.ToString(CultureInfo.InvariantCulture),
    ];
}
