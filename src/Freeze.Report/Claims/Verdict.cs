using System.Globalization;

namespace Freeze.Report.Claims;

/// <summary>What results say of a claim.</summary>
public enum Verdict
{
    /// <summary>No two runs that it compares are finished.</summary>
    Open,

    /// <summary>The interval of 95% lies on the claim's side.</summary>
    Holds,

    /// <summary>The mean lies on the claim's side; the interval crosses over.</summary>
    Leans,

    /// <summary>The mean lies on the other side; the interval crosses over.</summary>
    LeansAgainst,

    /// <summary>The interval of 95% lies on the other side.</summary>
    Fails,

    /// <summary>One seed has a value but no interval: it says nothing of others.</summary>
    OneSeed,
}

/// <summary>How verdicts are written, and what intervals mean for them.</summary>
public static class Verdicts
{
    /// <summary>As tables show it.</summary>
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

    /// <summary>Of several comparisons: "2 of 2 hold", "1 of 4 holds, 2 fail, 1 open".</summary>
    public static string Summary(IReadOnlyCollection<Verdict> verdicts)
    {
        ArgumentNullException.ThrowIfNull(verdicts);
        if (verdicts.Count < 2)
        {
            return Word(verdicts.FirstOrDefault(Verdict.Open));
        }

        // What says nothing comes last.
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

    /// <summary>Whether a value is within a range, its ends left out, by its estimate and half the width of its interval of 95%.</summary>
    /// <param name="estimate">Not finite where nothing is known.</param>
    /// <param name="band">Infinite where there are too few values to tell.</param>
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
