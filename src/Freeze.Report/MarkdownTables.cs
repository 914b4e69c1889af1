using System.Globalization;
using System.Text;
using Freeze.Report.Claims;
using Freeze.Report.Statistics;

namespace Freeze.Report;

/// <summary>The tables of a report as Markdown, to be pasted where people write.</summary>
public static class MarkdownTables
{
    /// <summary>The tables of all files, and of each how many of its runs are finished.</summary>
    public static string Of(IReadOnlyList<ReportFile> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        var text = new StringBuilder();
        foreach (var file in files)
        {
            var finished = file.Runs.Count(run => run.State.IsDone);
            text.Append(CultureInfo.InvariantCulture, $"## {Escape(Path.GetFileName(file.Path))}\n\n");
            text.Append(CultureInfo.InvariantCulture, $"{finished} of {file.Runs.Count} runs are finished");
            text.Append(file.Profile.Length > 0 ? $"; profile **{Escape(file.Profile)}** is in force.\n\n" : ".\n\n");
            Add(text, JudgedClaim.Of(file));
            foreach (var item in file.Shown.OfType<ReportItem.Table>())
            {
                Add(text, ReportTable.Of(file, item));
            }
        }

        return text.ToString();
    }

    private static void Add(StringBuilder text, IReadOnlyList<JudgedClaim> claims)
    {
        if (claims.Count == 0)
        {
            return;
        }

        text.Append("| claim | where | measured | difference or slope, 95% | seeds or points | verdict |\n| --- | --- | --- | ---: | ---: | --- |\n");
        foreach (var claim in claims)
        {
            if (claim.Parts.Count != 1)
            {
                AddLine(text, [claim.Text, "", "", "", "", claim.Summary]);
            }

            foreach (var part in claim.Parts)
            {
                AddLine(text,
                [
                    claim.Parts.Count == 1 ? claim.Text : "", part.Where, part.Figures, part.Shown,
                    part.Count.ToString(CultureInfo.InvariantCulture), Verdicts.Word(part.Verdict),
                ]);
            }
        }

        text.Append('\n');
    }

    private static void Add(StringBuilder text, ReportTable table)
    {
        var titles = table.Axes.DefaultIfEmpty("runs").Select(axis => (Title: axis, IsNumber: false)).ToList();
        for (var i = 0; i < table.Measures.Count; i++)
        {
            titles.Add((table.Measures[i], true));
            if (table.HasPublished(i))
            {
                titles.AddRange([("source", true), ("difference", true)]);
            }
        }

        titles.Add(("runs", true));
        AddLine(text, titles.Select(title => title.Title));
        text.Append("| ").AppendJoin(" | ", titles.Select(title => title.IsNumber ? "---:" : "---")).Append(" |\n");
        foreach (var row in table.Rows)
        {
            AddLine(text, Cells(table, row));
        }

        text.Append('\n');
    }

    private static IEnumerable<string> Cells(ReportTable table, ReportRow row)
    {
        foreach (var value in table.Axes.Count > 0 ? row.Group.Values : ["all"])
        {
            yield return value;
        }

        for (var i = 0; i < table.Measures.Count; i++)
        {
            var (measure, cell) = (table.Measures[i], row.Cells[i]);
            yield return cell.Measured is { } measured ? Mean(measure, measured)
                : cell.Stages.Count > 0 ? Measures.ShowStages(measure, cell.Stages.Select(stage => stage.Median))
                : "–";
            if (table.HasPublished(i))
            {
                yield return cell.Published is { } published ? Measures.Show(measure, published) : "–";
                yield return cell is { Measured: not null, Published: not null }
                    ? Measures.ShowDifference(measure, cell.Measured.Mean - cell.Published.Value)
                    : "–";
            }
        }

        yield return Page.TableHtml.Progress(row.Group);
    }

    private static string Mean(string measure, Spread measured) =>
        Measures.Show(measure, measured.Mean)
        + (measured.Count > 1 && measured.Deviation > 0 ? $" ± {Measures.Show(measure, measured.Deviation)}" : "");

    private static void AddLine(StringBuilder text, IEnumerable<string> cells) =>
        text.Append("| ").AppendJoin(" | ", cells.Select(Escape)).Append(" |\n");

    // Neither the table's bars nor HTML may come from a name.
    private static string Escape(string text) => text.ReplaceLineEndings(" ")
        .Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace("|", "\\|", StringComparison.Ordinal);
}
