using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Freeze.Report.Tests;

/// <summary>A real Chromium, which draws pages as readers see them.</summary>
internal static partial class Browser
{
    // Unfolds what is folded up, and notes whatever a page complains of, before the page does anything else.
    private const string Listener = """
        <script>
        const told = [];
        const tell = (...words) => told.push(words.join(" "));
        console.error = console.warn = tell;
        addEventListener("error", (event) => tell(event.message));
        addEventListener("unhandledrejection", (event) => tell(event.reason));
        addEventListener("securitypolicyviolation", (event) => tell(event.violatedDirective, event.blockedURI));
        addEventListener("DOMContentLoaded", () => document.querySelectorAll("details").forEach((part) => (part.open = true)));
        </script>
        """;

    [GeneratedRegex("data-answer=\"([^\"]*)\"")]
    private static partial Regex Answer { get; }

    /// <summary>The browser of this machine, or null.</summary>
    public static string? Program { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .SelectMany(folder => new[] { "chromium", "chromium-browser", "google-chrome" }.Select(name => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);

    /// <summary>
    /// What a script returns when all charts of a page are drawn. It may await, and read <c>told</c>: what the page has complained of.
    /// </summary>
    /// <param name="page">The page's markup.</param>
    /// <param name="script">The body of an asynchronous function.</param>
    /// <param name="width">Of the window.</param>
    /// <param name="isDark">Which colours the reader prefers.</param>
    /// <param name="library">A script that the page gets in addition.</param>
    public static JsonElement Ask(string page, string script, int width = 1280, bool isDark = false, string library = "")
    {
        Assert.SkipWhen(Program is null, "there is no Chromium here (apt-get install chromium): NO BROWSER HAS SEEN THE REPORT");
        var folder = Directory.CreateTempSubdirectory("freeze-test-").FullName;
        try
        {
            var (head, body) = (page.IndexOf("<head>", StringComparison.Ordinal) + 6, page.LastIndexOf("</body>", StringComparison.Ordinal));
            var asking = $$"""
                <script>{{library}}</script>
                <script>
                (async () => {
                  const wait = (done) => new Promise((next) => { const look = () => (done() ? next() : setTimeout(look, 20)); look(); });
                  await wait(() => document.documentElement.dataset.drawn);
                  let answer;
                  try { answer = await (async () => { {{script}} })(); } catch (error) { answer = "failed: " + error; }
                  parent.postMessage(JSON.stringify(answer), "*");
                })();
                </script>
                """;
            File.WriteAllText(Path.Combine(folder, "page.html"), page[..head] + Listener + page[head..body] + asking + page[body..]);
            // No window is narrower than 500 pixels; a frame is, and its page takes it for the window.
            var outside = Path.Combine(folder, "outside.html");
            File.WriteAllText(outside, $"""
                <!doctype html><html style="color-scheme: light dark"><body style="margin: 0">
                <script>addEventListener("message", (event) => (document.documentElement.dataset.answer = event.data));</script>
                <iframe src="page.html" width="{width}" height="900" style="border: 0"></iframe>
                """);
            var dom = Run(folder, ["--window-size=1500,900", $"--blink-settings=preferredColorScheme={(isDark ? 0 : 1)}", "--dump-dom", outside]);
            var answer = JsonDocument.Parse(WebUtility.HtmlDecode(Answer.Match(dom).Groups[1].Value)).RootElement;
            Assert.False(answer.ValueKind == JsonValueKind.String, answer.ToString());
            return answer;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Run(string folder, string[] arguments)
    {
        var start = new ProcessStartInfo(Program!, [
            "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=60000", $"--user-data-dir={folder}", .. arguments,
        ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var browser = Process.Start(start)!;
        browser.ErrorDataReceived += (_, _) => { };
        browser.BeginErrorReadLine();
        var text = browser.StandardOutput.ReadToEnd();
        browser.WaitForExit();
        return text;
    }
}
