using System.Globalization;

namespace Freeze.Report.Claims;

/// <summary>A verdict of results on a claim.</summary>
public enum Verdict
{
    /// <summary>There are no two finished runs to compare.</summary>
    Open,

    /// <summary>The whole 95% interval is on the claim's side.</summary>
    Holds,

    /// <summary>The mean is on the claim's side, but the interval crosses the limit.</summary>
    Leans,

    /// <summary>The mean is on the other side, but the interval crosses the limit.</summary>
    LeansAgainst,

    /// <summary>The whole 95% interval is on the other side.</summary>
    Fails,

    /// <summary>A single seed gives a value but no interval: it says nothing about other seeds.</summary>
    OneSeed,
}

/// <summary>The words for verdicts, and how intervals decide them.</summary>
public static class Verdicts
{
    /// <summary>A verdict as tables show it.</summary>
    public static string Word(Verdict verdict) => verdict switch
    {
        Verdict.Open => "open",
        Verdict.Holds => "holds",
        Verdict.Leans => "holds on average",
        Verdict.LeansAgainst => "fails on average",
        Verdict.Fails => "fails",
        Verdict.OneSeed => "1 seed: no interval",
        _ => throw new System.Diagnostics.UnreachableException($"no word for {verdict}"),
    };

    /// <summary>Summarises several comparisons: "2 of 2 hold", "1 of 4 holds, 2 fail, 1 open".</summary>
    public static string Summary(IReadOnlyCollection<Verdict> verdicts)
    {
        ArgumentNullException.ThrowIfNull(verdicts);
        if (verdicts.Count < 2)
        {
            return Word(verdicts.FirstOrDefault(Verdict.Open));
        }

        // Inconclusive verdicts come last.
        var counts = verdicts.CountBy(verdict => verdict)
            .OrderBy(found => found.Key is Verdict.Open or Verdict.OneSeed).ThenBy(found => found.Key)
            .Select((found, place) =>
            {
                var of = place == 0 ? string.Create(CultureInfo.InvariantCulture, $" of {verdicts.Count}") : "";
                return string.Create(CultureInfo.InvariantCulture, $"{found.Value}{of} {Phrase(found.Key, found.Value)}");
            });
        return string.Join(", ", counts);
    }

    private static string Phrase(Verdict verdict, int count) => (verdict, count) switch
    {
        (Verdict.OneSeed, _) => "with 1 seed: no interval",
        (_, 1) => Word(verdict),
        _ => Word(verdict).Replace("holds", "hold", StringComparison.Ordinal).Replace("fails", "fail", StringComparison.Ordinal),
    };

    /// <summary>Whether a value is inside an open range, from its estimate and half the width of its 95% interval.</summary>
    /// <param name="estimate">Not finite if unknown.</param>
    /// <param name="band">Infinite if there are too few values.</param>
    /// <param name="least">The range's lower end.</param>
    /// <param name="most">The range's upper end.</param>
    public static Verdict Of(double estimate, double band, double least, double most) => estimate switch
    {
        _ when !double.IsFinite(estimate) => Verdict.Open,
        _ when double.IsInfinity(band) => Verdict.OneSeed,
        _ when estimate - band > least && estimate + band < most => Verdict.Holds,
        _ when estimate > least && estimate < most => Verdict.Leans,
        _ when estimate + band <= least || estimate - band >= most => Verdict.Fails,
        _ => Verdict.LeansAgainst,
    };
}
