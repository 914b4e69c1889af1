namespace Freeze.Report;

/// <summary>The script that draws the charts: Vega, bundled by scripts/bundle-charts.</summary>
public static class ChartScript
{
    /// <summary>The script's text, which is safe inside a script element.</summary>
    public static string Text => Resource("charts.js");

    internal static string Resource(string name)
    {
        using var text = new StreamReader(typeof(ChartScript).Assembly.GetManifestResourceStream(name)!);
        return text.ReadToEnd();
    }
}
