namespace Freeze.Report;

/// <summary>What draws the charts: a script beside the program, made of npm's packages when Freeze was built.</summary>
public static class ChartScript
{
    /// <summary>Its text, or null where it was not built.</summary>
    /// <exception cref="InvalidDataException">It could end the element that it stands in.</exception>
    public static string? Find()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "charts.js");
        if (!File.Exists(path))
        {
            return null;
        }

        var script = File.ReadAllText(path);
        return script.Contains("</script", StringComparison.OrdinalIgnoreCase) || script.Contains("<!--", StringComparison.Ordinal)
            ? throw new InvalidDataException($"{path} cannot stand in a page: bundle it again with scripts/setup")
            : script;
    }
}
