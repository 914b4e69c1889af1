using System.Globalization;
using Freeze.Report.Claims;

namespace Freeze.Report.Tables;

/// <summary>The table of a file's claims.</summary>
internal static class ClaimTable
{
    /// <summary>A row for each claim; of one that compares several pairs, a row for each of them below it.</summary>
    public static Table Of(IReadOnlyList<JudgedClaim> claims) => new(
        "table: claims",
        "Differences of runs with the same seed, ± the half of their 95% interval (Student's). “holds”: the whole interval bears the claim out; “on average”: its middle does",
        [
            new("claim"), new("where"), new("measured"), new("difference or slope, 95%", IsNumber: true), new("seeds or points", IsNumber: true),
            new("verdict"),
        ],
        claims.SelectMany(claim => claim.Parts is [var only]
            ? [Row(claim.Text, only)]
            : claim.Parts.Select(part => Row("", part)).Prepend([new Cell(claim.Text, Span: 5), claim.Summary])));

    private static Cell[] Row(string claim, ClaimPart part) =>
    [
        claim, part.Where, part.Figures, part.Shown, part.Count.ToString(CultureInfo.InvariantCulture),
        new Cell(Verdicts.Word(part.Verdict), Tone: part.Verdict switch
        {
            Verdict.Open => "gap",
            Verdict.Holds or Verdict.Leans => "above",
            _ => "below",
        }),
    ];
}
