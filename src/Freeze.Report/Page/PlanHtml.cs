using System.Globalization;

namespace Freeze.Report.Page;

/// <summary>What was planned for runs: equal plans of layers are shown once, with the runs that they are of.</summary>
internal static class PlanHtml
{
    // A page of all layers of a thousand different runs would be of no use to anybody.
    private const int MostPlans = 100;
    private const int MostNames = 12;

    /// <summary>The list of runs, with what each measured.</summary>
    public static void AddRuns(Html html, ReportFile file)
    {
        html.Add($"<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"all runs\"><table class=\"runs\"><caption>All {file.Runs.Count} runs in the order of the file</caption><thead><tr><th scope=\"col\">run</th><th scope=\"col\">state</th><th scope=\"col\" class=\"n\">epochs</th><th scope=\"col\" class=\"n\">seed</th><th scope=\"col\" class=\"n\">trained</th><th scope=\"col\" class=\"n\">training</th><th scope=\"col\" class=\"n\">best validation</th><th scope=\"col\" class=\"n\">test</th><th scope=\"col\" class=\"n\">found still</th><th scope=\"col\">hash</th></tr></thead><tbody>\n");
        foreach (var run in file.Runs)
        {
            string Show(string measure) => Measures.Of(measure, run) is { } value ? Measures.Show(measure, value) : "–";
            var still = run.Result is { } result ? Measures.Show("trained parameters", result.StillVerified) : "–";
            html.Add($"<tr><th scope=\"row\">{run.Run.Name}</th><td>{Word(run.State)}</td><td class=\"n\">{run.Epochs.Length} of {run.Run.Recipe.Epochs}</td><td class=\"n\">{run.Run.Recipe.Seed.ToString(CultureInfo.InvariantCulture)}</td><td class=\"n\">{Show("trained parameters")}</td><td class=\"n\">{Show("training accuracy")}</td><td class=\"n\">{Show("best accuracy")}</td><td class=\"n\">{Show("test accuracy")}</td><td class=\"n\">{still}</td><td><code>{run.Hash}</code></td></tr>\n");
        }

        html.Add($"</tbody></table></div>\n");
        foreach (var run in file.Runs.Where(run => run.Failure is not null).Take(MostPlans))
        {
            html.Add($"<p><strong>{run.Run.Name}</strong> failed: {run.Failure!.Message}. {run.Failure.Advice}.</p>\n");
        }
    }

    /// <summary>The layers of each different plan.</summary>
    public static void AddPlans(Html html, ReportFile file)
    {
        var plans = file.Runs.GroupBy(run => Json.toText(PlanFile.layers(run.Run.Recipe))).ToArray();
        foreach (var plan in plans.Take(MostPlans))
        {
            var recipe = plan.First().Run.Recipe;
            var names = string.Join("; ", plan.Take(MostNames).Select(run => run.Run.Name));
            var more = plan.Count() > MostNames ? $" and {plan.Count() - MostNames} more" : "";
            html.Add($"<details><summary>{plan.First().Run.NetName}: {names}{more}</summary>\n");
            html.Add($"<p class=\"soft\">{Describe(recipe)}</p>\n");
            html.Add($"<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"layers\"><table><caption>What becomes of each layer's weights</caption><thead><tr><th scope=\"col\">layer</th><th scope=\"col\">kind</th><th scope=\"col\">shape</th><th scope=\"col\" class=\"n\">learned</th><th scope=\"col\" class=\"n\">fixed</th><th scope=\"col\" class=\"n\">zero</th></tr></thead><tbody>\n");
            foreach (var layer in PlanFile.layers(recipe))
            {
                html.Add($"<tr><th scope=\"row\">{layer.Name}</th><td>{layer.Kind}</td><td>{string.Join("×", layer.Shape)}</td><td class=\"n\">{layer.Trained}</td><td class=\"n\">{layer.Fixed}</td><td class=\"n\">{layer.Zero}</td></tr>\n");
            }

            html.Add($"</tbody></table></div></details>\n");
        }

        if (plans.Length > MostPlans)
        {
            html.Add($"<p>{plans.Length - MostPlans} more plans are not shown here; <code>freeze plan --layers</code> shows all.</p>\n");
        }
    }

    /// <summary>The state in a word.</summary>
    public static string Word(RunState state) => state switch
    {
        RunState.Done => "finished",
        RunState.Failed => "failed",
        { IsWaiting: true } => "not yet run",
        _ => "under way",
    };

    // The settings that a reader asks for first; the whole recipe is in plan.json.
    private static string Describe(Recipe recipe) => string.Create(
        CultureInfo.InvariantCulture,
        $"{DataSourceModule.name(recipe.Data)}, batch {recipe.Batch}, {recipe.Epochs} epochs, optimizer {Compact(Json.toText(recipe.Optimizer))}, schedule {Compact(Json.toText(recipe.Schedule))}");

    private static string Compact(string json) => json.Replace("\"", "", StringComparison.Ordinal).Trim('{', '}').Replace(",", ", ", StringComparison.Ordinal);
}
