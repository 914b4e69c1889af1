using System.Globalization;
using System.Text;
using Freeze.Report.Claims;

namespace Freeze.Report.Tables;

/// <summary>The tables of a report as Markdown, for pasting into documents.</summary>
public static class MarkdownTables
{
    /// <summary>The tables of all files, and the number of finished runs of each.</summary>
    public static string Of(IReadOnlyList<ReportFile> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        var text = new StringBuilder();
        foreach (var file in files)
        {
            var finished = file.Runs.Count(run => run.State.IsDone);
            text.Append(CultureInfo.InvariantCulture, $"## {Table.Escape(Path.GetFileName(file.Path))}\n\n");
            text.Append(CultureInfo.InvariantCulture, $"{finished} of {file.Runs.Count} runs are finished");
            text.Append(file.Profile.Length > 0 ? $"; profile **{Table.Escape(file.Profile)}** is in force.\n\n" : ".\n\n");
            if (JudgedClaim.Of(file) is { Count: > 0 } claims)
            {
                text.Append(ClaimTable.Of(claims).ToMarkdown()).Append('\n');
            }

            foreach (var item in file.Shown.OfType<ReportItem.Table>())
            {
                text.Append(MeasureTable.Of(file, item).ToMarkdown()).Append('\n');
            }

            if (BaseTable.Of(file) is { } bases)
            {
                text.Append(bases.ToMarkdown()).Append('\n');
            }
        }

        return text.ToString();
    }
}
