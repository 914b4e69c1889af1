using System.Globalization;
using Freeze.Report.Tables;

namespace Freeze.Report.Page;

/// <summary>The tables of a page.</summary>
internal static class TableHtml
{
    /// <summary>Appends a table, which scrolls if it is wider than the page.</summary>
    public static void Add(Html html, Table table)
    {
        var rows = table.Rows.ToArray();
        // The script lets readers sort by a column, unless rows belong together.
        var isSortable = rows.Length > 2 && rows.All(row => row.Count == table.Columns.Count) && table.Columns.Any(column => column.Title.Length > 0);
        html.Add($"<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{table.Label}\"><table").AddAttribute("class", isSortable ? "sortable" : "");
        html.Add($"><caption>{table.Caption}</caption>");
        if (table.Columns.Any(column => column.Title.Length > 0))
        {
            html.Add($"<thead><tr>");
            foreach (var column in table.Columns)
            {
                html.Add($"<th scope=\"col\"").AddAttribute("class", column.IsNumber ? "n" : "").Add($">{column.Title}</th>");
            }

            html.Add($"</tr></thead>");
        }

        html.Add($"<tbody>\n");
        foreach (var row in rows)
        {
            html.Add($"<tr>");
            var place = 0;
            foreach (var cell in row)
            {
                AddCell(html, cell, isHeading: place == table.Heading && cell.Text.Length > 0, table.Columns[place].IsNumber);
                place += cell.Span;
            }

            html.Add($"</tr>\n");
        }

        html.Add($"</tbody></table></div>\n");
    }

    private static void AddCell(Html html, Cell cell, bool isHeading, bool isNumber)
    {
        var hint = cell.Spread.Length == 0 ? cell.Hint : "";
        _ = isHeading ? html.Add($"<th scope=\"row\"") : html.Add($"<td");
        var shade = cell.Shade.ToString("0.##", CultureInfo.InvariantCulture);
        var tone = shade != "0" ? "shaded" : cell.Tone;
        html.AddAttribute("class", $"{(isNumber ? "n" : "")} {tone}".Trim())
            .AddAttribute("style", shade != "0" ? $"--shade: {shade}" : "")
            .AddAttribute("colspan", cell.Span > 1 ? $"{cell.Span}" : "")
            .AddAttribute("title", hint)
            .AddAttribute("data-sort", cell.Order?.ToString("R", CultureInfo.InvariantCulture) ?? "")
            .Add($">{cell.Text}");
        if (cell.Spread.Length > 0)
        {
            html.Add($" <span class=\"spread\"").AddAttribute("title", cell.Hint).Add($">{cell.Spread}</span>");
        }

        _ = isHeading ? html.Add($"</th>") : html.Add($"</td>");
    }
}
