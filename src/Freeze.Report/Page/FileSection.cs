using System.Globalization;
using Freeze.Report.Charts;
using Freeze.Report.Claims;
using Freeze.Report.Maps;
using Freeze.Report.Tables;

namespace Freeze.Report.Page;

/// <summary>The part of a page about one file: its claims first, then what it asks to see, then everything else.</summary>
internal sealed class FileSection(Html html, ChartHtml charts, ReportFile file, string id, int level, IReadOnlySet<string> words)
{
    // More plans than this would not be read.
    private const int MostPlans = 100;
    private const int MostNames = 12;
    private const int MostConfusions = 50;

    /// <summary>The parts that a page links to: the endings of their ids, and their titles.</summary>
    public static IReadOnlyList<(string End, string Title)> Parts { get; } =
    [
        ("", "Results"), ("-time", "Time"), ("-runs", "Runs"), ("-plans", "Plans"), ("-text", "File"), ("-origin", "Provenance"),
    ];

    /// <summary>Appends the section.</summary>
    public void Add()
    {
        if (file.Profile.Length > 0)
        {
            html.Add($"<p class=\"banner\">Profile “{file.Profile}” is in force. These are not the runs of the file itself: do not compare their numbers with the source’s.</p>\n");
        }

        var claims = JudgedClaim.Of(file);
        AddSummary(claims);
        if (claims.Count > 0)
        {
            html.AddHeading(level, "Claims");
            TableHtml.Add(html, ClaimTable.Of(claims));
        }

        foreach (var item in file.Shown)
        {
            AddItem(item);
        }

        AddUnasked();
        AddConfusions();
        AddHeading("-time");
        AddTime();
        AddHeading("-runs");
        TableHtml.Add(html, RunTables.Runs(file));
        foreach (var run in file.Runs.Where(run => run.Failure is not null).Take(MostPlans))
        {
            html.Add($"<p><strong>{run.Run.Name}</strong> failed: {run.Failure!.Message}. {run.Failure.Advice}.</p>\n");
        }

        AddHeading("-plans");
        if (BaseTable.Of(file) is { } bases)
        {
            TableHtml.Add(html, bases);
        }

        AddPlans();
        AddHeading("-text");
        _ = file.Text.Length > 0
            ? html.Add($"<pre tabindex=\"0\" aria-label=\"text of the file\"><code>").AddMarkup(Highlighter.Mark(file.Text, words)).Add($"</code></pre>\n")
            : html.Add($"<p>The runs were read from a plan, which has no text.</p>\n");
        AddHeading("-origin");
        TableHtml.Add(html, RunTables.Origin(file));
    }

    private void AddHeading(string end) => html.AddHeading(level, Parts.First(part => part.End == end).Title, id + end);

    private void AddSummary(IReadOnlyList<JudgedClaim> claims)
    {
        html.Add($"<dl class=\"facts\">");
        if (claims.Count > 0)
        {
            Verdict[] verdicts = [.. claims.SelectMany(claim => claim.Parts.Select(part => part.Verdict).DefaultIfEmpty(Verdict.Open))];
            var number = Chart.Count(claims.Count, "claim");
            AddFact(verdicts.Length == claims.Count ? number : $"comparisons of {number}", Verdicts.Summary(verdicts));
        }

        var counts = file.Runs.CountBy(run => run.State.Word()).ToDictionary();
        var finished = counts.GetValueOrDefault("finished");
        AddFact("runs finished", finished == file.Runs.Count ? Whole(finished) : $"{Whole(finished)} of {Whole(file.Runs.Count)}");
        foreach (var (state, count) in counts.Where(found => found.Key != "finished"))
        {
            AddFact(state, Whole(count));
        }

        var best = file.Runs.Where(run => run.State.IsDone && run.Epochs.Length > 0).MaxBy(run => run.Result!.BestValidationAccuracy);
        if (best is not null)
        {
            AddFact("best accuracy", Measures.Show("best accuracy", best.Result!.BestValidationAccuracy), best.Run.Name);
        }

        AddFact("time of training", Durations.Show(Math.Round(file.Runs.SelectMany(run => run.Times).Sum(time => time.Seconds), 1)));
        html.Add($"</dl>\n");
        if (finished < file.Runs.Count)
        {
            html.Add($"<p>{file.Runs.Count - finished} of {file.Runs.Count} runs have no result yet: they are gaps (–) in tables. Curves show the epochs that they have recorded.</p>\n");
        }
    }

    private static string Whole(int number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private void AddFact(string name, string value, string of = "")
    {
        html.Add($"<div><dt>{name}</dt><dd>{value}");
        _ = of.Length > 0 ? html.Add($" <span class=\"spread\">{of}</span>") : html;
        html.Add($"</dd></div>");
    }

    private void AddItem(ReportItem item)
    {
        switch (item)
        {
            case ReportItem.Table table:
                html.AddHeading(level, MeasureTable.Title(table));
                TableHtml.Add(html, MeasureTable.Of(file, table));
                break;
            case ReportItem.Plot { Over: "epoch" } plot:
                charts.AddAll(CurveChart.Of(file, plot), level, $"{CurveChart.Sentence(plot.Measures)} by epoch", "no epoch of a run is recorded yet");
                break;
            case ReportItem.Plot plot:
                foreach (var measure in plot.Measures)
                {
                    AddAgainst((ReportItem.Plot)ReportItem.NewPlot([measure], plot.Over, plot.Logarithmic, plot.For, plot.Fit));
                }

                break;
            case ReportItem.AxisPlot plot:
                foreach (var measure in plot.Measures)
                {
                    charts.AddAll(
                        OrNone(AxisChart.Of(file, measure, plot)), level, AxisChart.Title(measure, plot),
                        $"no finished run has both {measure} and a value of {plot.Axis} that the axis can show");
                }

                break;
            case ReportItem.Weights weights:
                foreach (var measure in weights.Measures)
                {
                    charts.AddAll(WeightChart.Of(file, measure), level, $"{CurveChart.Sentence([measure])} by layer", "no weights of a finished run are here");
                }

                AddMoreOfWeights(weights.Measures);
                break;
            case ReportItem.Tsne tsne:
                AddMaps(tsne);
                break;
            case ReportItem.Claim:
                // Claims stand together, before everything else.
                break;
            default:
                throw new System.Diagnostics.UnreachableException($"no part of a page for plan case {item}");
        }
    }

    private static IEnumerable<Chart> OrNone(Chart? chart) => chart is null ? [] : [chart];

    // Charts that reports of every experiment show, if the file does not ask for them and there is enough data.
    private void AddUnasked()
    {
        bool Finished(RunRecords run) => run.State.IsDone;
        var sizes = file.Runs.Where(Finished).Select(run => Measures.Of("trained parameters", run)).Distinct().Count();
        if (sizes >= 3 && !file.Shown.Any(item => item is ReportItem.Plot { Over: "trained parameters" }))
        {
            var nets = file.Runs.Select(run => run.Run.NetName).Distinct().Count() > 1 && file.Axes.Contains("net") ? new[] { "net" } : [];
            html.Add($"<details><summary>Best accuracy against trained parameters</summary>\n");
            AddAgainst((ReportItem.Plot)ReportItem.NewPlot(["best accuracy"], "trained parameters", true, nets, "log"));
            html.Add($"</details>\n");
        }

        if (!file.Shown.Any(item => item is ReportItem.Weights))
        {
            charts.AddFolded([.. WeightChart.Of(file, "mean |w|")], level, "Weights by layer");
            AddMoreOfWeights(["mean |w|"]);
        }
    }

    private void AddMoreOfWeights(IReadOnlyList<string> measures)
    {
        charts.AddFolded([.. measures.SelectMany(measure => WeightCurveChart.Of(file, measure))], level, "Weights by epoch");
        charts.AddFolded([.. HistogramChart.Chosen(file).Select(HistogramChart.Of)], level, "Histograms of weights");
    }

    private void AddConfusions()
    {
        var tables = ConfusionTable.Of(file);
        if (tables.Count == 0)
        {
            return;
        }

        html.AddHeading(level, "Confusion matrices");
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

    private void AddAgainst(ReportItem.Plot plot)
    {
        var found = AgainstChart.Of(file, plot);
        charts.AddAll(OrNone(found?.Chart), level, AgainstChart.Title(plot), "no finished run has both measures");
        if (found is { Fits: { Count: > 0 } fits })
        {
            TableHtml.Add(html, FitTable.Of(fits, plot.Measures[0], plot.Over, AgainstChart.IsLogarithmicFit(plot)));
        }
    }

    // Maps of the same node stand side by side; nets with other node names follow below.
    private void AddMaps(ReportItem.Tsne item)
    {
        var nodes = file.Runs
            .Select(run => (run.Run.Name, Map: FeatureMap.Shown(run.Maps, run.Run.Recipe.Net, item.Stage, item.Samples)))
            .Where(found => found.Map is not null)
            .Select(found => (found.Name, Map: found.Map!))
            .GroupBy(found => found.Map.Node)
            .Select(node => node.ToArray())
            .ToArray();
        foreach (var maps in nodes)
        {
            charts.Add(MapChart.Of(maps), level);
            TableHtml.Add(html, MapTable.Of(maps));
        }

        if (nodes.Length == 0)
        {
            charts.AddAll([], level, "Maps of features (t-SNE)", "no map is made yet: freeze report makes them of finished runs whose weights are here");
        }
    }

    private void AddTime()
    {
        if (TimeChart.Of(file) is not { } chart)
        {
            html.Add($"<p class=\"gap\">No time is recorded yet.</p>\n");
            return;
        }

        TableHtml.Add(html, RunTables.Times(file));
        charts.AddFolded([chart], level, "Time of each epoch");
    }

    // Equal plans of layers are shown once, with their runs.
    private void AddPlans()
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

    // The settings that readers ask for first; plan.json has the whole recipe.
    private static string Describe(Recipe recipe)
    {
        static string Compact(string json) => json.Replace("\"", "", StringComparison.Ordinal).Trim('{', '}').Replace(",", ", ", StringComparison.Ordinal);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{DataSourceModule.name(recipe.Data)}, batch {recipe.Batch}, {recipe.Epochs} epochs, optimizer {Compact(Json.toText(recipe.Optimizer))}, schedule {Compact(Json.toText(recipe.Schedule))}");
    }
}
