using System.Globalization;
using Freeze.Report.Charts;
using Freeze.Report.Claims;
using Freeze.Report.Tables;

namespace Freeze.Report.Page;

/// <summary>One page of records that needs nothing else: no network, no other file.</summary>
public sealed class ReportPage
{
    // Nothing may be fetched, whatever a record says. Vega makes functions of our own specifications.
    private const string Policy =
        "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

    // A page of all layers of a thousand different runs would be of no use to anybody.
    private const int MostPlans = 100;
    private const int MostNames = 12;
    private const int MostConfusions = 50;

    private readonly Html html = new();
    private readonly string script;
    private readonly IReadOnlySet<string> words;
    private int charts;

    private ReportPage(string script, IReadOnlySet<string> words)
    {
        this.script = script;
        this.words = words;
    }

    /// <summary>The page of files and their records. It is a function of them: made again, it is the same.</summary>
    /// <param name="files">At least one.</param>
    /// <param name="script">What draws the charts (<see cref="ChartScript"/>).</param>
    /// <param name="words">The words of the language, to be marked in the files' texts.</param>
    public static string Of(IReadOnlyList<ReportFile> files, string script, IEnumerable<string> words)
    {
        ArgumentNullException.ThrowIfNull(files);
        var page = new ReportPage(script, words.ToHashSet());
        page.AddAll(files);
        return page.html.ToString();
    }

    private void AddAll(IReadOnlyList<ReportFile> files)
    {
        var title = files.Count == 1 ? Name(files[0]) : $"{files.Count} files";
        html.Add($"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta http-equiv=\"Content-Security-Policy\" content=\"{Policy}\"><title>{title}: Freeze report</title><style>\n");
        html.AddMarkup(ChartScript.Resource("report.css"));
        html.Add($"</style></head><body><a class=\"skip\" href=\"#main\">Skip to the content</a><header><h1>{title}</h1><p class=\"soft\">A report of Freeze, made from the records of runs.</p>");
        AddNavigation(files);
        html.Add($"</header>\n<main id=\"main\">\n");
        for (var number = 0; number < files.Count; number++)
        {
            AddFile(files[number], number);
        }

        html.Add($"</main><footer><p>Means are over finished runs; ± is the standard deviation over them (n − 1). Where the test set is what validates, validation and test are the same.</p></footer>\n");
        html.Add($"<script>").AddMarkup(script).Add($"</script>\n");
        html.Add($"</body></html>\n");
    }

    private static string Name(ReportFile file) => Path.GetFileName(file.Path);

    private void AddNavigation(IReadOnlyList<ReportFile> files)
    {
        html.Add($"<nav aria-label=\"Contents\"><ul>");
        for (var number = 0; number < files.Count; number++)
        {
            var id = Id(number);
            if (files.Count > 1)
            {
                html.Add($"<li><a href=\"#{id}\">{Name(files[number])}</a></li>");
            }
            else
            {
                html.Add($"<li><a href=\"#{id}\">Results</a></li><li><a href=\"#{id}-time\">Time</a></li><li><a href=\"#{id}-runs\">Runs</a></li><li><a href=\"#{id}-plans\">Plans</a></li><li><a href=\"#{id}-text\">File</a></li><li><a href=\"#{id}-origin\">Where it comes from</a></li>");
            }
        }

        html.Add($"</ul></nav>");
    }

    private static string Id(int number) => string.Create(CultureInfo.InvariantCulture, $"file-{number + 1}");

    private void AddFile(ReportFile file, int number)
    {
        var id = Id(number);
        html.Add($"<section aria-labelledby=\"{id}\"><h2 id=\"{id}\">{file.Path}</h2>\n");
        if (file.Profile.Length > 0)
        {
            html.Add($"<p class=\"banner\">Profile “{file.Profile}” is in force: these are not the runs of the file itself, and their numbers are not to be compared with the source’s as if they were.</p>\n");
        }

        AddSummary(file);
        if (JudgedClaim.Of(file) is { Count: > 0 } claims)
        {
            html.Add($"<h3>Claims</h3>\n");
            TableHtml.Add(html, ClaimTable.Of(claims));
        }

        foreach (var item in file.Shown)
        {
            AddItem(file, item);
        }

        AddUnasked(file);
        AddConfusions(file);
        html.Add($"<h3 id=\"{id}-time\">Time</h3>\n");
        AddTime(file);
        html.Add($"<h3 id=\"{id}-runs\">Runs</h3>\n");
        TableHtml.Add(html, RunTables.Runs(file));
        foreach (var run in file.Runs.Where(run => run.Failure is not null).Take(MostPlans))
        {
            html.Add($"<p><strong>{run.Run.Name}</strong> failed: {run.Failure!.Message}. {run.Failure.Advice}.</p>\n");
        }

        html.Add($"<h3 id=\"{id}-plans\">Plans</h3>\n");
        AddPlans(file);
        html.Add($"<h3 id=\"{id}-text\">File</h3>\n");
        _ = file.Text.Length > 0
            ? html.Add($"<pre tabindex=\"0\" aria-label=\"text of the file\"><code>").AddMarkup(Highlighter.Mark(file.Text, words)).Add($"</code></pre>\n")
            : html.Add($"<p>The runs were read from a plan, which has no text.</p>\n");
        html.Add($"<h3 id=\"{id}-origin\">Where it comes from</h3>\n");
        TableHtml.Add(html, RunTables.Origin(file));
        html.Add($"</section>\n");
    }

    private void AddSummary(ReportFile file)
    {
        var counts = file.Runs.CountBy(run => run.State.Word()).ToDictionary();
        var finished = counts.GetValueOrDefault("finished");
        html.Add($"<dl class=\"facts\"><div><dt>runs</dt><dd>{file.Runs.Count}</dd></div><div><dt>finished</dt><dd>{finished}</dd></div>");
        foreach (var state in new[] { "under way", "failed", "not yet run" })
        {
            if (counts.TryGetValue(state, out var count))
            {
                html.Add($"<div><dt>{state}</dt><dd>{count}</dd></div>");
            }
        }

        var best = file.Runs.Where(run => run.State.IsDone && run.Epochs.Length > 0)
            .MaxBy(run => run.Result!.BestValidationAccuracy);
        if (best is not null)
        {
            html.Add($"<div><dt>best accuracy</dt><dd>{Measures.Show("best accuracy", best.Result!.BestValidationAccuracy)} <span class=\"spread\">{best.Run.Name}</span></dd></div>");
        }

        var seconds = file.Runs.SelectMany(run => run.Times).Sum(time => time.Seconds);
        html.Add($"<div><dt>hours of training</dt><dd>{(seconds / 3600).ToString("0.###", CultureInfo.InvariantCulture)}</dd></div></dl>\n");
        if (finished < file.Runs.Count)
        {
            html.Add($"<p>{file.Runs.Count - finished} of {file.Runs.Count} runs have no result yet: they are gaps (–) in tables. Curves show what is recorded of them.</p>\n");
        }
    }

    private void AddItem(ReportFile file, ReportItem item)
    {
        switch (item)
        {
            case ReportItem.Table table:
                html.Add($"<h3>{MeasureTable.Title(table)}</h3>\n");
                TableHtml.Add(html, MeasureTable.Of(file, table));
                break;
            case ReportItem.Plot { Over: "epoch" } plot:
                AddChart(CurveChart.Of(file, plot), $"{CurveChart.Sentence(plot.Measures)} by epoch", "no epoch of a run is recorded yet");
                break;
            case ReportItem.Plot plot:
                foreach (var measure in plot.Measures)
                {
                    AddAgainst(file, (ReportItem.Plot)ReportItem.NewPlot([measure], plot.Over, plot.Logarithmic, plot.For, plot.Fit));
                }

                break;
            case ReportItem.AxisPlot plot:
                foreach (var measure in plot.Measures)
                {
                    AddChart(
                        AxisChart.Of(file, measure, plot),
                        AxisChart.Title(measure, plot),
                        $"no finished run has both {measure} and a value of {plot.Axis} that the axis can show");
                }

                break;
            case ReportItem.Weights weights:
                AddWeights(file, weights.Measures);
                break;
            case ReportItem.Tsne tsne:
                AddMaps(file, tsne);
                break;
            case ReportItem.Claim:
                // They stand together, ahead of all else.
                break;
            default:
                throw new System.Diagnostics.UnreachableException($"no part of a page for plan case {item}");
        }
    }

    // What the sources show of every experiment, where the file does not ask for it and there is enough to show.
    private void AddUnasked(ReportFile file)
    {
        bool Finished(RunRecords run) => run.State.IsDone;
        var sizes = file.Runs.Where(Finished).Select(run => Measures.Of("trained parameters", run)).Distinct().Count();
        if (sizes >= 3 && !file.Shown.Any(item => item is ReportItem.Plot { Over: "trained parameters" }))
        {
            var nets = file.Runs.Select(run => run.Run.NetName).Distinct().Count() > 1 && file.Axes.Contains("net") ? new[] { "net" } : [];
            AddAgainst(file, (ReportItem.Plot)ReportItem.NewPlot(["best accuracy"], "trained parameters", true, nets, "log"));
        }

        if (file.Runs.Any(run => run.Weights.Count > 0) && !file.Shown.Any(item => item is ReportItem.Weights))
        {
            AddWeights(file, ["mean |w|"]);
        }
    }

    private void AddConfusions(ReportFile file)
    {
        var tables = ConfusionTable.Of(file);
        if (tables.Count == 0)
        {
            return;
        }

        html.Add($"<h3>What was taken for what</h3>\n");
        foreach (var (title, table) in tables.Take(MostConfusions))
        {
            html.Add($"<details><summary>{title}</summary>\n");
            TableHtml.Add(html, table);
            html.Add($"</details>\n");
        }

        if (tables.Count > MostConfusions)
        {
            html.Add($"<p>{tables.Count - MostConfusions} more are not shown here; confusion.csv has all (<code>freeze report --csv</code>).</p>\n");
        }
    }

    private void AddAgainst(ReportFile file, ReportItem.Plot plot)
    {
        var found = AgainstChart.Of(file, plot);
        AddChart(found?.Chart, $"{CurveChart.Sentence(plot.Measures)} against {plot.Over}", "no finished run has both measures");
        if (found is { Fits: { Count: > 0 } fits })
        {
            TableHtml.Add(html, RunTables.Fits(fits, plot.Measures[0], plot.Over, plot.Fit == "log" || plot.Logarithmic));
        }
    }

    private void AddWeights(ReportFile file, IEnumerable<string> measures)
    {
        foreach (var measure in measures)
        {
            foreach (var chart in WeightChart.Of(file, measure).DefaultIfEmpty(null))
            {
                AddChart(chart, $"{CurveChart.Sentence([measure])} by layer", "no finished run has its weights here");
            }

            foreach (var chart in WeightCurveChart.Of(file, measure))
            {
                AddChart(chart);
            }
        }

        foreach (var run in HistogramChart.Chosen(file))
        {
            AddChart(HistogramChart.Of(run));
        }
    }

    private void AddMaps(ReportFile file, ReportItem.Tsne item)
    {
        static string Percent(double share) => Measures.Show("accuracy", share);
        var maps = file.Runs.SelectMany(run => run.Maps.Where(map => map.X.Length <= item.Samples).Select(map => (run.Run.Name, map))).ToArray();
        foreach (var (run, map) in maps)
        {
            AddChart(MapChart.Of(run, map));
            html.Add($"<p>Images whose class is that of most of their ten nearest: {Percent(map.NearestInput)} by pixels, {Percent(map.NearestFeatures)} by features, {Percent(map.NearestMap)} on the map. Perplexity {map.Perplexity.ToString("0.#", CultureInfo.InvariantCulture)}, divergence {map.Divergence.ToString("F3", CultureInfo.InvariantCulture)} nats.</p>\n");
        }

        if (maps.Length == 0)
        {
            AddChart(null, "Map of features (t-SNE)", "no map has been made yet: freeze report makes them of finished runs whose weights are kept");
        }
    }

    private void AddTime(ReportFile file)
    {
        var chart = TimeChart.Of(file);
        if (chart is null)
        {
            html.Add($"<p class=\"gap\">No time is recorded yet.</p>\n");
            return;
        }

        TableHtml.Add(html, RunTables.Times(file));
        AddChart(chart);
    }

    // Equal plans of layers are shown once, with the runs that they are of.
    private void AddPlans(ReportFile file)
    {
        var plans = file.Runs.GroupBy(run => Json.toText(PlanFile.layers(run.Run.Recipe))).ToArray();
        foreach (var plan in plans.Take(MostPlans))
        {
            var recipe = plan.First().Run.Recipe;
            var names = string.Join("; ", plan.Take(MostNames).Select(run => run.Run.Name));
            var more = plan.Count() > MostNames ? $" and {plan.Count() - MostNames} more" : "";
            html.Add($"<details><summary>{plan.First().Run.NetName}: {names}{more}</summary>\n");
            html.Add($"<p class=\"soft\">{Describe(recipe)}</p>\n");
            TableHtml.Add(html, RunTables.Layers(recipe));
            html.Add($"</details>\n");
        }

        if (plans.Length > MostPlans)
        {
            html.Add($"<p>{plans.Length - MostPlans} more plans are not shown here; <code>freeze plan --layers</code> shows all.</p>\n");
        }
    }

    // The settings that a reader asks for first; the whole recipe is in plan.json.
    private static string Describe(Recipe recipe)
    {
        static string Compact(string json) => json.Replace("\"", "", StringComparison.Ordinal).Trim('{', '}').Replace(",", ", ", StringComparison.Ordinal);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{DataSourceModule.name(recipe.Data)}, batch {recipe.Batch}, {recipe.Epochs} epochs, optimizer {Compact(Json.toText(recipe.Optimizer))}, schedule {Compact(Json.toText(recipe.Schedule))}");
    }

    private void AddChart(Chart? chart, string title = "", string gap = "")
    {
        if (chart is null)
        {
            html.Add($"<h3>{title}</h3>\n<p class=\"gap\">Nothing to show: {gap}.</p>\n");
            return;
        }

        var id = string.Create(CultureInfo.InvariantCulture, $"chart-{++charts}");
        html.Add($"<h3>{chart.Title}</h3>\n");
        html.Add($"<figure class=\"chart\" id=\"{id}\"><div class=\"plot\" role=\"img\" aria-label=\"{chart.Description}\"></div><figcaption><span>{chart.Description}. Choose in the legend what is shown.</span><button type=\"button\" aria-label=\"Save as SVG: {chart.Title}\">Save as SVG</button></figcaption><script type=\"application/json\">").AddMarkup(chart.ToJson()).Add($"</script></figure>\n");
    }
}
