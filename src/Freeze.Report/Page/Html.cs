using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;

namespace Freeze.Report.Page;

/// <summary>
/// Builds HTML. Interpolated values are escaped, so that no word of a file can become markup.
/// </summary>
internal sealed class Html
{
    private readonly StringBuilder text = new();

    /// <summary>Appends markup; interpolated values are escaped.</summary>
    public Html Add([InterpolatedStringHandlerArgument("")] Markup markup)
    {
        _ = markup;
        return this;
    }

    /// <summary>Appends an attribute, unless its value is empty.</summary>
    public Html AddAttribute(string name, string value) => value.Length > 0 ? Add($" {name}=\"{value}\"") : this;

    /// <summary>Appends a heading, with an id for links if one is given.</summary>
    /// <param name="level">From 1.</param>
    /// <param name="title">Its text.</param>
    /// <param name="id">The id, or "".</param>
    public Html AddHeading(int level, string title, string id = "") =>
        Add($"<h{level}").AddAttribute("id", id).Add($">{title}</h{level}>\n");

    /// <summary>Appends markup unchanged.</summary>
    public Html AddMarkup(string markup)
    {
        text.Append(markup);
        return this;
    }

    /// <inheritdoc/>
    public override string ToString() => text.ToString();

    /// <summary>Appends the parts of an interpolated string to its page.</summary>
    [InterpolatedStringHandler]
    public readonly ref struct Markup
    {
        private readonly StringBuilder text;

        public Markup(int literalLength, int holes, Html html)
        {
            _ = literalLength + holes;
            text = html.text;
        }

        public void AppendLiteral(string literal) => text.Append(literal);

        public void AppendFormatted(string? value) => text.Append(WebUtility.HtmlEncode(value));

        public void AppendFormatted(long value) => text.Append(value.ToString("N0", CultureInfo.InvariantCulture));
    }
}
