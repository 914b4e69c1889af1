using System.Globalization;
using Freeze.Report.Charts;
using Freeze.Report.Statistics;

namespace Freeze.Report.Page;

/// <summary>Tables of a page.</summary>
internal static class TableHtml
{
    /// <summary>Measures by axes, with a source's values and the differences from them.</summary>
    public static void Add(Html html, ReportTable table)
    {
        html.Add($"<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"table: {Title(table)}\"><table class=\"measures\"><caption>Means over the finished runs of a row, ± their standard deviation</caption><thead><tr>");
        foreach (var axis in table.Axes.DefaultIfEmpty("runs"))
        {
            html.Add($"<th scope=\"col\">{axis}</th>");
        }

        for (var i = 0; i < table.Measures.Count; i++)
        {
            html.Add($"<th scope=\"col\" class=\"n\">{table.Measures[i]}</th>");
            if (table.HasPublished(i))
            {
                html.Add($"<th scope=\"col\" class=\"n\">source</th><th scope=\"col\" class=\"n\">difference</th>");
            }
        }

        html.Add($"<th scope=\"col\" class=\"n\">runs</th></tr></thead><tbody>\n");
        foreach (var row in table.Rows)
        {
            AddRow(html, table, row);
        }

        html.Add($"</tbody></table></div>\n");
    }

    /// <summary>What a table shows.</summary>
    public static string Title(ReportTable table) =>
        CurveChart.Sentence(table.Measures) + (table.Axes.Count > 0 ? $" by {string.Join(", ", table.Axes)}" : " of all runs");

    /// <summary>Lines that were fitted, with what is uncertain of them.</summary>
    public static void AddFits(Html html, IReadOnlyList<FittedSeries> fits, string measure, string over, bool logarithmic)
    {
        if (fits.Count == 0)
        {
            return;
        }

        var unit = logarithmic ? $"slope for ten times the {over}" : $"slope for each of {over}";
        html.Add($"<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"fitted lines\"><table><caption>Least-squares fits of {measure}, with 95% confidence intervals</caption><thead><tr><th scope=\"col\">runs</th><th scope=\"col\" class=\"n\">{unit}</th><th scope=\"col\" class=\"n\">±</th><th scope=\"col\" class=\"n\">R²</th><th scope=\"col\" class=\"n\">points</th></tr></thead><tbody>\n");
        var share = Measures.Unit(measure) == MeasureUnit.Share;
        string Number(double value) => share
            ? string.Create(CultureInfo.InvariantCulture, $"{100 * value:G4} pt")
            : value.ToString("G4", CultureInfo.InvariantCulture);
        foreach (var (series, fit) in fits)
        {
            html.Add($"<tr><th scope=\"row\">{series}</th><td class=\"n\">{Number(fit.Slope)}</td><td class=\"n\">{Number(fit.SlopeBand)}</td><td class=\"n\">{fit.Determination.ToString("F3", CultureInfo.InvariantCulture)}</td><td class=\"n\">{fit.Count}</td></tr>\n");
        }

        html.Add($"</tbody></table></div>\n");
    }

    /// <summary>Seconds per epoch of groups of runs, and how they spread.</summary>
    public static void AddTimes(Html html, ReportFile file)
    {
        var axes = file.Axes;
        html.Add($"<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"seconds per epoch\"><table><caption>Seconds per epoch, all epochs of all runs of a row</caption><thead><tr><th scope=\"col\">runs</th><th scope=\"col\" class=\"n\">epochs</th><th scope=\"col\" class=\"n\">least</th><th scope=\"col\" class=\"n\">lower quartile</th><th scope=\"col\" class=\"n\">median</th><th scope=\"col\" class=\"n\">upper quartile</th><th scope=\"col\" class=\"n\">greatest</th></tr></thead><tbody>\n");
        foreach (var group in file.By(axes).Where(group => group.Runs.Any(run => run.Times.Length > 0)))
        {
            var spread = Spread.Of(group.Runs.SelectMany(run => run.Times).Select(time => time.Seconds));
            string Seconds(double value) => Measures.Show("seconds", value);
            html.Add($"<tr><th scope=\"row\">{group.Label(axes)}</th><td class=\"n\">{spread.Count}</td><td class=\"n\">{Seconds(spread.Least)}</td><td class=\"n\">{Seconds(spread.Lower)}</td><td class=\"n\">{Seconds(spread.Median)}</td><td class=\"n\">{Seconds(spread.Upper)}</td><td class=\"n\">{Seconds(spread.Most)}</td></tr>\n");
        }

        html.Add($"</tbody></table></div>\n");
    }

    private static void AddRow(Html html, ReportTable table, ReportRow row)
    {
        html.Add($"<tr>");
        var values = table.Axes.Count > 0 ? row.Group.Values : ["all"];
        for (var i = 0; i < values.Count; i++)
        {
            _ = i == 0 ? html.Add($"<th scope=\"row\">{values[i]}</th>") : html.Add($"<td>{values[i]}</td>");
        }

        for (var i = 0; i < table.Measures.Count; i++)
        {
            AddCell(html, table.Measures[i], row.Cells[i]);
            if (table.HasPublished(i))
            {
                AddPublished(html, table.Measures[i], row.Cells[i]);
            }
        }

        html.Add($"<td class=\"n\">{Progress(row.Group)}</td></tr>\n");
    }

    /// <summary>How many of a row's runs its values are of.</summary>
    public static string Progress(RunGroup group)
    {
        var finished = group.Finished.Count();
        return finished == group.Runs.Count
            ? finished.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{finished} of {group.Runs.Count}");
    }

    private static void AddCell(Html html, string measure, ReportCell cell)
    {
        if (cell.Stages.Count > 0)
        {
            AddStages(html, measure, cell.Stages);
            return;
        }

        if (cell.Measured is not { } measured)
        {
            html.Add($"<td class=\"n gap\">–</td>");
            return;
        }

        html.Add($"<td class=\"n\">{Measures.Show(measure, measured.Mean)}");
        if (measured.Count > 1 && measured.Deviation > 0)
        {
            var extremes = $"{Measures.Show(measure, measured.Least)} to {Measures.Show(measure, measured.Most)} in {measured.Count} runs";
            html.Add($" <span class=\"spread\" title=\"{extremes}\">± {Measures.Show(measure, measured.Deviation)}</span>");
        }

        html.Add($"</td>");
    }

    // What was drawn for one run says little of another: of several the median, with the extremes under the pointer.
    private static void AddStages(Html html, string measure, IReadOnlyList<Spread> stages)
    {
        var medians = Measures.ShowStages(measure, stages.Select(stage => stage.Median));
        var extremes = stages.Select((stage, i) =>
            $"stage {i + 1}: {Measures.Show(measure, stage.Least)} to {Measures.Show(measure, stage.Most)}");
        _ = stages[0].Count > 1
            ? html.Add($"<td class=\"n\" title=\"medians of {stages[0].Count} runs; {string.Join("; ", extremes)}\">{medians}</td>")
            : html.Add($"<td class=\"n\">{medians}</td>");
    }

    private static void AddPublished(Html html, string measure, ReportCell cell)
    {
        if (cell.Published is not { } published)
        {
            html.Add($"<td class=\"n gap\">–</td><td class=\"n gap\">–</td>");
            return;
        }

        html.Add($"<td class=\"n\" title=\"{cell.Source}\">{Measures.Show(measure, published)}</td>");
        if (cell.Measured is not { } measured)
        {
            html.Add($"<td class=\"n gap\">–</td>");
            return;
        }

        var difference = measured.Mean - published;
        var side = difference < 0 ? "below" : "above";
        html.Add($"<td class=\"n {side}\">{Measures.ShowDifference(measure, difference)}</td>");
    }
}
