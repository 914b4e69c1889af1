using System.Globalization;
using Freeze.Report.Charts;

namespace Freeze.Report.Page;

/// <summary>The charts of a page, numbered in order; a folded chart is drawn when a reader unfolds it.</summary>
internal sealed class ChartHtml(Html html)
{
    private int count;

    /// <summary>Appends a chart under its heading.</summary>
    public void Add(Chart chart, int level)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"chart-{++count}");
        html.AddHeading(level, chart.Title);
        html.Add($"<figure class=\"chart\" id=\"{id}\"><div class=\"plot\" role=\"img\" aria-label=\"{chart.Title}\" aria-describedby=\"{id}-text\"></div>");
        html.Add($"<figcaption><span id=\"{id}-text\">{chart.Description}.</span> <button type=\"button\" class=\"tool\" aria-label=\"Save as SVG: {chart.Title}\">Save as SVG</button></figcaption>");
        html.Add($"<script type=\"application/json\">").AddMarkup(chart.ToJson()).Add($"</script></figure>\n");
    }

    /// <summary>Appends charts, or says why there is none.</summary>
    public void AddAll(IEnumerable<Chart> charts, int level, string title, string gap)
    {
        var before = count;
        foreach (var chart in charts)
        {
            Add(chart, level);
        }

        if (count == before)
        {
            html.AddHeading(level, title);
            html.Add($"<p class=\"gap\">Nothing to show: {gap}.</p>\n");
        }
    }

    /// <summary>Appends charts that the file does not ask for, folded; nothing if there are none.</summary>
    public void AddFolded(IReadOnlyCollection<Chart> charts, int level, string title)
    {
        if (charts.Count == 0)
        {
            return;
        }

        html.Add($"<details><summary>{title}</summary>\n");
        foreach (var chart in charts)
        {
            Add(chart, level);
        }

        html.Add($"</details>\n");
    }
}
