using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Freeze.Torch.Tests.Published;

/// <summary>A row of a table of docs/torchsharp.md: a type, and how it or a member of it is declared.</summary>
internal sealed record Row(string Type, string Declaration);

/// <summary>What TorchSharp 0.107.0 publishes, as far as docs/torchsharp.md lists it.</summary>
internal static partial class PublishedTable
{
    /// <summary>The folder of the repository.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "../../.."));

    /// <summary>The types, each before those within it.</summary>
    public static IReadOnlyList<Row> Types => Rows("Types");

    /// <summary>The members.</summary>
    public static IReadOnlyList<Row> Members => Rows("Members");

    private static Row[] Rows(string heading)
    {
        var text = File.ReadAllText(Path.Combine(Root, "docs", "torchsharp.md"));
        var start = text.IndexOf($"### {heading}\n", StringComparison.Ordinal);
        var end = text.IndexOf("\n#", start + 1, StringComparison.Ordinal);
        var section = end < 0 ? text[start..] : text[start..end];
        return [.. RowOfTable().Matches(section).Select(match => new Row(match.Groups[1].Value, match.Groups[2].Value))];
    }

    private static string Here([CallerFilePath] string path = "") => path;

    [GeneratedRegex(@"^\| `([^`]+)` \| `([^`]+)` \|$", RegexOptions.Multiline)]
    private static partial Regex RowOfTable();
}
