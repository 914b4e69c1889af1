using System.Globalization;
using System.Text;

namespace Freeze.Report.Tables;

/// <summary>A column of a table.</summary>
/// <param name="Title">Either all columns have one or none has.</param>
/// <param name="IsNumber">Whether its cells are aligned on the right.</param>
internal sealed record Column(string Title, bool IsNumber = false);

/// <summary>A cell of a table.</summary>
/// <param name="Text">The text to show.</param>
/// <param name="Spread">A note in small print after the text, such as <c>± 0.2</c>.</param>
/// <param name="Hint">The tooltip on a page.</param>
/// <param name="Tone">The colour on a page: a class of report.css, or "".</param>
/// <param name="Span">The number of columns it spans.</param>
/// <param name="Shade">The strength of its colour on a page, from 0 to 1.</param>
/// <param name="Order">The value that a page sorts by if the text does not give it, such as for <c>13 min</c>.</param>
internal sealed record Cell(
    string Text, string Spread = "", string Hint = "", string Tone = "", int Span = 1, double Shade = 0, double? Order = null)
{
    /// <summary>The cell for an unknown value.</summary>
    public static Cell Gap { get; } = new("–", Tone: "gap");

    public static implicit operator Cell(string text) => new(text);

    /// <summary>A value of a measure.</summary>
    public static Cell Of(string measure, double value) => new(Measures.Show(measure, value), Order: Measures.Order(measure, value));

    /// <summary>An integer.</summary>
    public static Cell Of(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}

/// <summary>A table for pages and Markdown.</summary>
/// <param name="Label">What it is, for readers who cannot see it.</param>
/// <param name="Caption">The text above it on a page.</param>
/// <param name="Columns">From left to right.</param>
/// <param name="Rows">The cells of each row.</param>
internal sealed record Table(string Label, string Caption, IReadOnlyList<Column> Columns, IEnumerable<IReadOnlyList<Cell>> Rows)
{
    /// <summary>The index of the column that names a row.</summary>
    public int Heading { get; init; }

    /// <summary>The table in Markdown; cells are escaped, so they add no bars or HTML.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        AddLine(Columns.Select(column => Escape(column.Title)));
        AddLine(Columns.Select(column => column.IsNumber ? "---:" : "---"));
        foreach (var row in Rows)
        {
            AddLine(row.SelectMany(cell => Enumerable.Repeat("", cell.Span - 1).Prepend(Escape($"{cell.Text} {cell.Spread}".TrimEnd()))));
        }

        return text.ToString();

        void AddLine(IEnumerable<string> cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
    }

    /// <summary>A text in Markdown.</summary>
    public static string Escape(string text) => text.ReplaceLineEndings(" ")
        .Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace("|", "\\|", StringComparison.Ordinal);
}
