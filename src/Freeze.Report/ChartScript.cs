namespace Freeze.Report;

/// <summary>What draws the charts: Vega, bundled into one script by scripts/bundle-charts.</summary>
public static class ChartScript
{
    /// <summary>The script's text, which can stand in a page: no script element ends in it.</summary>
    public static string Text
    {
        get
        {
            using var script = new StreamReader(typeof(ChartScript).Assembly.GetManifestResourceStream("charts.js")!);
            return script.ReadToEnd();
        }
    }
}
