namespace Freeze.Report;

/// <summary>What draws the charts: Vega, bundled into one script by scripts/bundle-charts.</summary>
public static class ChartScript
{
    /// <summary>The script's text, which can stand in a page: no script element ends in it.</summary>
    public static string Text => Resource("charts.js");

    internal static string Resource(string name)
    {
        using var text = new StreamReader(typeof(ChartScript).Assembly.GetManifestResourceStream(name)!);
        return text.ReadToEnd();
    }
}
