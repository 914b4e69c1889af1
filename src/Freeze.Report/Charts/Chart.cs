using System.Text.Json;
using System.Text.Json.Nodes;

namespace Freeze.Report.Charts;

/// <summary>A chart: a Vega-Lite specification and its data by columns, which take a third of the room of rows.</summary>
/// <param name="Title">Its heading.</param>
/// <param name="Description">What it shows, for readers who do not see it.</param>
/// <param name="Specification">In terms of the data's names.</param>
/// <param name="Data">Each set of rows by its name.</param>
internal sealed record Chart(string Title, string Description, JsonNode Specification, IReadOnlyList<(string Name, Columns Rows)> Data)
{
    /// <summary>
    /// The chart as JSON that may stand in a script element: no character of it can end that. Numbers have as many
    /// digits as a screen shows.
    /// </summary>
    public string ToJson()
    {
        var data = new JsonObject();
        foreach (var (name, rows) in Data)
        {
            data[name] = rows.ToJson();
        }

        return new JsonObject { ["spec"] = Specification.DeepClone(), ["data"] = data }.ToJsonString();
    }

    /// <summary>A text as JSON, with its quotes.</summary>
    public static string Quote(string text) => JsonSerializer.Serialize(text);

    /// <summary>A specification from its text.</summary>
    public static JsonNode Parse(string json) => JsonNode.Parse(json)!;

    /// <summary>How axes and tooltips write a measure.</summary>
    public static string Format(string measure) => Measures.Unit(measure) switch
    {
        MeasureUnit.Share => Quote(".1%"),
        MeasureUnit.Count or MeasureUnit.Megabytes => Quote(",.0f"),
        _ => Quote(".4~g"),
    };

    /// <summary>"1 group", "2 groups".</summary>
    public static string Count(int count, string thing) => count == 1 ? $"1 {thing}" : $"{count} {thing}s";

    /// <summary>Some of many items, evenly spread, with the first and the last.</summary>
    public static IEnumerable<T> Thinned<T>(IReadOnlyList<T> items, int most)
    {
        var pace = Math.Max(1, (items.Count + most - 1) / most);
        return items.Where((_, i) => i % pace == 0 || i == items.Count - 1);
    }

    /// <summary>How many series get colours of their own.</summary>
    public static string Scheme(int series) => Quote(series <= 10 ? "tableau10" : "tableau20");
}

/// <summary>Rows of equal fields, by columns. Words that come again are numbered.</summary>
internal sealed class Columns
{
    private readonly JsonObject columns = [];

    /// <summary>Adds a column of numbers; one that is not finite is a gap.</summary>
    public Columns Numbers(string field, IEnumerable<double> values)
    {
        columns[field] = new JsonArray([.. values.Select(value => double.IsFinite(value) ? JsonValue.Create(Short(value)) : null)]);
        return this;
    }

    /// <summary>Adds a column of words.</summary>
    public Columns Words(string field, IEnumerable<string> values)
    {
        var numbers = new Dictionary<string, int>();
        var codes = new JsonArray();
        foreach (var value in values)
        {
            if (!numbers.TryGetValue(value, out var number))
            {
                numbers[value] = number = numbers.Count;
            }

            codes.Add(JsonValue.Create(number));
        }

        columns[field] = new JsonObject
        {
            ["words"] = new JsonArray([.. numbers.Keys.Select(word => JsonValue.Create(word))]),
            ["codes"] = codes,
        };
        return this;
    }

    /// <summary>All columns.</summary>
    public JsonNode ToJson() => columns.DeepClone();

    private static double Short(double value)
    {
        if (value == 0)
        {
            return 0;
        }

        // Six digits.
        var scale = 5 - (int)Math.Floor(Math.Log10(Math.Abs(value)));
        return scale is >= 0 and <= 15 ? Math.Round(value, scale) : value;
    }
}
