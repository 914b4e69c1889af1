using System.Text.RegularExpressions;

namespace Freeze.Report.Page;

/// <summary>The text of a Freeze file with its comments, texts, numbers and known words marked.</summary>
internal static partial class Highlighter
{
    [GeneratedRegex("""(?<c>#[^\n]*)|(?<s>"[^"\n]*"?)|(?<w>[A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*)|(?<d>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?%?)""", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Token { get; }

    /// <summary>Converts a text to markup; everything in it is escaped.</summary>
    public static string Mark(string text, IReadOnlySet<string> words)
    {
        var html = new Html();
        var at = 0;
        foreach (Match token in Token.Matches(text))
        {
            html.Add($"{text[at..token.Index]}");
            at = token.Index + token.Length;
            var kind = token.Groups["c"].Success ? "c" : token.Groups["s"].Success ? "s" : token.Groups["d"].Success ? "d"
                : words.Contains(token.Value) ? "k" : "";
            _ = kind.Length > 0 ? html.Add($"<span class=\"{kind}\">{token.Value}</span>") : html.Add($"{token.Value}");
        }

        return html.Add($"{text[at..]}").ToString();
    }
}
