namespace Freeze.Report.Claims;

/// <summary>What results say of a claim.</summary>
public enum Verdict
{
    /// <summary>No two runs that it compares are finished.</summary>
    Open,

    /// <summary>The interval of 95% lies on the claim's side.</summary>
    Holds,

    /// <summary>The mean lies on the claim's side; the interval crosses over, or there is only one seed.</summary>
    Leans,

    /// <summary>The mean lies on the other side; the interval crosses over, or there is only one seed.</summary>
    LeansAgainst,

    /// <summary>The interval of 95% lies on the other side.</summary>
    Fails,
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
        _ => throw new System.Diagnostics.UnreachableException($"no word for {verdict}"),
    };

    /// <summary>Whether a value is within a range, its ends left out, by its estimate and half the width of its interval of 95%.</summary>
    /// <param name="estimate">Not finite where nothing is known.</param>
    /// <param name="band">Infinite where there are too few values to tell.</param>
    /// <param name="least">The range's lower end.</param>
    /// <param name="most">The range's upper end.</param>
    public static Verdict Of(double estimate, double band, double least, double most) => estimate switch
    {
        _ when !double.IsFinite(estimate) => Verdict.Open,
        _ when estimate - band > least && estimate + band < most => Verdict.Holds,
        _ when estimate > least && estimate < most => Verdict.Leans,
        _ when estimate + band <= least || estimate - band >= most => Verdict.Fails,
        _ => Verdict.LeansAgainst,
    };
}
