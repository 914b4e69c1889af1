using System.Globalization;
using System.Text;

namespace Freeze.Report.Tables;

/// <summary>A column of a table.</summary>
/// <param name="Title">Of all columns or of none.</param>
/// <param name="IsNumber">Whether its cells stand below each other by their last digits.</param>
internal sealed record Column(string Title, bool IsNumber = false);

/// <summary>A cell of a table.</summary>
/// <param name="Text">What it shows.</param>
/// <param name="Spread">What stands behind the text in small, such as <c>± 0.2</c>.</param>
/// <param name="Hint">What a page shows under the pointer.</param>
/// <param name="Tone">How a page colours it: a class of report.css, or "".</param>
/// <param name="Span">Over how many columns it goes.</param>
/// <param name="Shade">How strongly a page colours it, from 0 to 1.</param>
/// <param name="Order">What a page sorts by where the text does not tell it, such as of <c>13 min</c>.</param>
internal sealed record Cell(
    string Text, string Spread = "", string Hint = "", string Tone = "", int Span = 1, double Shade = 0, double? Order = null)
{
    /// <summary>What stands where nothing is known.</summary>
    public static Cell Gap { get; } = new("–", Tone: "gap");

    public static implicit operator Cell(string text) => new(text);

    /// <summary>A value of a measure.</summary>
    public static Cell Of(string measure, double value) => new(Measures.Show(measure, value), Order: Measures.Order(measure, value));

    /// <summary>A whole number.</summary>
    public static Cell Of(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}

/// <summary>A table as pages and Markdown show it.</summary>
/// <param name="Label">What it is, for readers who do not see it.</param>
/// <param name="Caption">What stands above it in a page.</param>
/// <param name="Columns">From the left to the right.</param>
/// <param name="Rows">The cells of each row.</param>
internal sealed record Table(string Label, string Caption, IReadOnlyList<Column> Columns, IEnumerable<IReadOnlyList<Cell>> Rows)
{
    /// <summary>The column that says what a row is of.</summary>
    public int Heading { get; init; }

    /// <summary>The table in Markdown; neither its bars nor HTML come from a cell.</summary>
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
