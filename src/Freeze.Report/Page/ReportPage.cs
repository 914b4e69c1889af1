using System.Globalization;

namespace Freeze.Report.Page;

/// <summary>One page of records that is self-contained: it needs no network and no other file.</summary>
public static class ReportPage
{
    // Nothing may be fetched, whatever a record contains. Vega compiles our own specifications to functions.
    private const string Policy =
        "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

    /// <summary>The page of files and their records. It depends only on them: making it again gives the same page.</summary>
    /// <param name="files">At least one.</param>
    /// <param name="script">The script that draws the charts (<see cref="ChartScript"/>).</param>
    /// <param name="words">The words of the language, to highlight in the files' texts.</param>
    public static string Of(IReadOnlyList<ReportFile> files, string script, IEnumerable<string> words)
    {
        ArgumentNullException.ThrowIfNull(files);
        var html = new Html();
        var title = files.Count == 1 ? Name(files[0]) : $"{files.Count} files";
        html.Add($"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta http-equiv=\"Content-Security-Policy\" content=\"{Policy}\"><title>{title}: Freeze report</title><style>\n");
        html.AddMarkup(ChartScript.Resource("report.css"));
        html.Add($"</style></head><body><a class=\"skip\" href=\"#main\">Skip to the content</a><header><h1>{title}</h1>");
        html.Add($"<p class=\"soft\">A Freeze report, made from the records of runs.</p>");
        AddNavigation(html, files);
        html.Add($"</header>\n<main id=\"main\">\n");
        var charts = new ChartHtml(html);
        HashSet<string> known = [.. words];
        for (var number = 0; number < files.Count; number++)
        {
            // The name of the only file is the heading of the page.
            var level = files.Count == 1 ? 2 : 3;
            html.Add($"<section aria-label=\"{Name(files[number])}\" id=\"{Id(number)}\">\n");
            _ = files.Count > 1 ? html.AddHeading(2, files[number].Path) : html;
            new FileSection(html, charts, files[number], Id(number), level, known).Add();
            html.Add($"</section>\n");
        }

        html.Add($"</main><footer><p>Means are over finished runs; ± is the standard deviation over them (n − 1). Runs without validation images of their own are validated on the test images: then both accuracies are the same.</p></footer>\n");
        html.Add($"<script>").AddMarkup(script).Add($"</script>\n");
        html.Add($"</body></html>\n");
        return html.ToString();
    }

    private static string Name(ReportFile file) => Path.GetFileName(file.Path);

    private static string Id(int number) => string.Create(CultureInfo.InvariantCulture, $"file-{number + 1}");

    private static void AddNavigation(Html html, IReadOnlyList<ReportFile> files)
    {
        html.Add($"<nav aria-label=\"Contents\"><ul>");
        if (files.Count == 1)
        {
            foreach (var (part, title) in FileSection.Parts)
            {
                html.Add($"<li><a href=\"#{Id(0)}{part}\">{title}</a></li>");
            }
        }
        else
        {
            for (var number = 0; number < files.Count; number++)
            {
                html.Add($"<li><a href=\"#{Id(number)}\">{Name(files[number])}</a></li>");
            }
        }

        html.Add($"</ul></nav>");
    }
}
