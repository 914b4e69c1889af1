using Freeze.Report.Claims;

namespace Freeze.Report.Page;

/// <summary>The table of a file's claims.</summary>
internal static class ClaimHtml
{
    /// <summary>A row for each claim; of one that compares several pairs, a row for each of them below it.</summary>
    public static void Add(Html html, IReadOnlyList<JudgedClaim> claims)
    {
        html.Add($"<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"table: claims\"><table class=\"claims\"><caption>Differences of runs with the same seed, ± the half of their 95% interval (Student's). “holds”: the whole interval bears the claim out; “on average”: its middle does</caption>");
        html.Add($"<thead><tr><th scope=\"col\">claim</th><th scope=\"col\">where</th><th scope=\"col\" class=\"n\">measured</th><th scope=\"col\" class=\"n\">difference or slope</th><th scope=\"col\" class=\"n\">seeds or points</th><th scope=\"col\">verdict</th></tr></thead>\n");
        foreach (var claim in claims)
        {
            html.Add($"<tbody>");
            if (claim.Parts.Count != 1)
            {
                html.Add($"<tr><th scope=\"row\" colspan=\"5\">{claim.Text}</th><td>{claim.Summary}</td></tr>\n");
            }

            foreach (var part in claim.Parts)
            {
                _ = claim.Parts.Count == 1 ? html.Add($"<tr><th scope=\"row\">{claim.Text}</th>") : html.Add($"<tr><td></td>");
                html.Add($"<td>{part.Where}</td><td class=\"n\">{part.Figures}</td><td class=\"n\">{part.Shown}</td><td class=\"n\">{part.Count}</td><td class=\"{Class(part.Verdict)}\">{Verdicts.Word(part.Verdict)}</td></tr>\n");
            }

            html.Add($"</tbody>");
        }

        html.Add($"</table></div>\n");
    }

    private static string Class(Verdict verdict) => verdict switch
    {
        Verdict.Open => "gap",
        Verdict.Holds or Verdict.Leans => "above",
        _ => "below",
    };
}
