using System.Globalization;
using Freeze.Report.Statistics;

namespace Freeze.Report.Tables;

/// <summary>The plans of runs, their times, and the software and machines that computed them.</summary>
internal static class RunTables
{
    private const int MostValues = 20;

    /// <summary>The runs of a file, with their measurements.</summary>
    public static Table Runs(ReportFile file)
    {
        var best = file.IsJudgedByTest ? "best test (chosen on it)" : "best validation";
        // For the weights of the best epoch, if a run keeps them.
        string[] kept = file.Runs.Any(run => run.Run.Recipe.Keep.IsBest) ? ["best test accuracy"] : [];
        return new(
            "all runs",
            string.Create(CultureInfo.InvariantCulture, $"All {file.Runs.Count:N0} runs in the order of the file"),
            [
                new("run"), new("state"),
                .. Numbers(["epochs", "seed", "trained", "training", best, "test", .. kept.Select(_ => "test of best"), "verified fixed"]),
                new("hash"),
            ],
            file.Runs.Select(run =>
            {
                Cell Show(string measure) => Measures.Of(measure, run) is { } value ? Cell.Of(measure, value) : Cell.Gap;
                return (Cell[])
                [
                    run.Run.Name, run.State.Word(), string.Create(CultureInfo.InvariantCulture, $"{run.Epochs.Length:N0} of {run.Run.Recipe.Epochs:N0}"),
                    run.Run.Recipe.Seed.ToString(CultureInfo.InvariantCulture), Show("trained parameters"), Show("training accuracy"),
                    Show("best accuracy"), Show("test accuracy"), .. kept.Select(Show),
                    run.Result is { } result ? Cell.Of(result.StillVerified) : Cell.Gap, new Cell(run.Hash, Tone: "code"),
                ];
            }));
    }

    /// <summary>A recipe's plan for the weights of each layer.</summary>
    public static Table Layers(Recipe recipe) => new(
        "layers",
        "What becomes of each layer's weights",
        [new("layer"), new("kind"), new("shape"), .. Numbers("learned", "fixed", "zero")],
        PlanFile.layers(recipe).Select(layer => new Cell[]
        {
            layer.Name, layer.Kind, string.Join("×", layer.Shape), Cell.Of(layer.Trained), Cell.Of(layer.Fixed), Cell.Of(layer.Zero),
        }));

    /// <summary>The time per epoch of groups of runs, with its spread.</summary>
    public static Table Times(ReportFile file)
    {
        var axes = file.Axes;
        static Cell Seconds(double value) => Cell.Of("seconds", value);
        return new Table(
            "time per epoch",
            "Time per epoch, over all epochs of the runs of a row",
            [new("runs"), .. Numbers("epochs", "min", "lower quartile", "median", "upper quartile", "max")],
            file.By(axes).Where(group => group.Runs.Any(run => run.Times.Length > 0)).Select(group =>
            {
                var spread = Spread.Of(group.Runs.SelectMany(run => run.Times).Select(time => time.Seconds));
                return new Cell[]
                {
                    group.Label(axes), Cell.Of(spread.Count), Seconds(spread.Least), Seconds(spread.Lower), Seconds(spread.Median),
                    Seconds(spread.Upper), Seconds(spread.Most),
                };
            }));
    }

    /// <summary>Versions, machines, seeds and times.</summary>
    public static Table Origin(ReportFile file)
    {
        static string Whole(long number) => number.ToString(CultureInfo.InvariantCulture);
        var times = file.Runs.SelectMany(run => run.Times).ToArray();
        var ended = times.Select(time => time.Ended).Order(StringComparer.Ordinal).ToArray();
        return new Table(
            "provenance",
            "What computed these numbers, and when",
            [new(""), new("")],
            [
                ["versions", List(file.Runs.Select(run => run.Result?.Versions ?? ""))],
                ["machines", List(times.Select(time => time.Machine))],
                ["processors", List(file.Runs.SelectMany(run => run.Machines).Select(machine => machine.Processor))],
                ["threads", List(times.Select(time => Whole(time.Threads)))],
                ["seeds", List(file.Runs.Select(run => Whole(run.Run.Recipe.Seed)))],
                ["first epoch ended", Durations.Moment(ended.FirstOrDefault("–"))],
                ["last epoch ended", Durations.Moment(ended.LastOrDefault("–"))],
                ["git revision of the file", file.Revision.Length > 0 ? file.Revision : "–"],
                ["profile", file.Profile.Length > 0 ? file.Profile : "none"],
            ]);
    }

    /// <summary>The state in a word.</summary>
    public static string Word(this RunState state) => state switch
    {
        RunState.Done => "finished",
        RunState.Failed => "failed",
        { IsWaiting: true } => "not yet run",
        _ => "under way",
    };

    private static IEnumerable<Column> Numbers(params string[] titles) => titles.Select(title => new Column(title, IsNumber: true));

    private static string List(IEnumerable<string> values)
    {
        var distinct = values.Where(value => value.Length > 0).Distinct().Order(StringComparer.Ordinal).ToArray();
        return distinct.Length == 0 ? "–"
            : string.Join("; ", distinct.Take(MostValues)) + (distinct.Length > MostValues ? $"; {distinct.Length - MostValues} more" : "");
    }
}
