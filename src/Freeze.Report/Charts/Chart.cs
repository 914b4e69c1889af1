using System.Text.Json;
using System.Text.Json.Nodes;

namespace Freeze.Report.Charts;

/// <summary>A chart: a Vega-Lite specification and its data in columns, which take a third of the space of rows.</summary>
/// <param name="Title">Its heading.</param>
/// <param name="Description">What it shows, for readers who cannot see it.</param>
/// <param name="Specification">The specification, which uses the data's names.</param>
/// <param name="Data">Each set of rows, by name.</param>
internal sealed record Chart(string Title, string Description, JsonNode Specification, IReadOnlyList<(string Name, Columns Rows)> Data)
{
    /// <summary>
    /// The chart as JSON that is safe inside a script element. Numbers are rounded to the digits that a screen shows.
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

    /// <summary>A text as a JSON string, with quotes.</summary>
    public static string Quote(string text) => JsonSerializer.Serialize(text);

    /// <summary>A specification from its text.</summary>
    public static JsonNode Parse(string json) => JsonNode.Parse(json)!;

    /// <summary>The format of a measure in tooltips.</summary>
    public static string Format(string measure) => Measures.Unit(measure) switch
    {
        MeasureUnit.Share => Quote(".2%"),
        MeasureUnit.Count or MeasureUnit.Megabytes => Quote(",.0f"),
        _ => Quote(".4~g"),
    };

    /// <summary>The format of a measure on an axis: without a precision, so that Vega chooses the digits.</summary>
    public static string Axis(string measure) => Measures.Unit(measure) switch
    {
        MeasureUnit.Share => """{"format": "%", "tickCount": 6}""",
        MeasureUnit.Count or MeasureUnit.Megabytes => """{"format": "~s", "tickCount": 6, "tickMinStep": 1}""",
        _ => """{"format": "~r", "tickCount": 6}""",
    };

    /// <summary>The title of a measure's axis, with its unit.</summary>
    public static string Label(string measure) => Measures.Unit(measure) switch
    {
        MeasureUnit.Seconds when !measure.Contains("seconds", StringComparison.Ordinal) => $"{measure} (s)",
        MeasureUnit.Megabytes => $"{measure} (MB)",
        _ => measure,
    };

    /// <summary>The colour of a series; the script chooses the colours and draws the legend.</summary>
    public const string Colour = """{"field": "series", "type": "nominal", "title": null, "sort": null}""";

    /// <summary>The names of the greatest and the least value: "highest 98.40% (all), lowest 61.20% (front)".</summary>
    public static string Extremes(string measure, IReadOnlyCollection<(string Name, double Value)> values)
    {
        string Show((string Name, double Value) of) => $"{Measures.Show(measure, of.Value)} ({of.Name})";
        return values.Count == 1
            ? Show(values.First())
            : $"highest {Show(values.MaxBy(of => of.Value))}, lowest {Show(values.MinBy(of => of.Value))}";
    }

    /// <summary>"1 group", "2 groups".</summary>
    public static string Count(int count, string thing) => count == 1 ? $"1 {thing}" : $"{count} {thing}s";

    /// <summary>Some of many items, evenly spaced, with the first and the last.</summary>
    public static IEnumerable<T> Thinned<T>(IReadOnlyList<T> items, int most)
    {
        var pace = Math.Max(1, (items.Count + most - 1) / most);
        return items.Where((_, i) => i % pace == 0 || i == items.Count - 1);
    }
}

/// <summary>Rows with the same fields, as columns. Repeated words are replaced by numbers.</summary>
internal sealed class Columns
{
    private readonly JsonObject columns = [];

    /// <summary>Adds a column of numbers; values that are not finite become gaps.</summary>
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

        // Rounds to six digits.
        var scale = 5 - (int)Math.Floor(Math.Log10(Math.Abs(value)));
        return scale is >= 0 and <= 15 ? Math.Round(value, scale) : value;
    }
}
