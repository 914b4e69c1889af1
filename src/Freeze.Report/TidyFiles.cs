using System.Globalization;
using System.Text;
using Freeze.Report.Claims;
using Freeze.Report.Statistics;

namespace Freeze.Report;

/// <summary>
/// Everything as tidy CSV (RFC 4180): a line for each observation, a column for each variable. Numbers have all the digits
/// that they were recorded with; shares are shares.
/// </summary>
public static class TidyFiles
{
    private static readonly string[] OfRuns =
    [
        "best accuracy", "training accuracy", "validation accuracy", "test accuracy", "training loss", "validation loss", "test loss",
        "trained parameters", "total parameters", "seconds", "seconds per epoch",
    ];

    /// <summary>Each file's name and text: runs.csv, epochs.csv, stages.csv, weights.csv, sizes.csv, expected.csv and claims.csv.</summary>
    public static IReadOnlyList<(string Name, string Text)> Of(IReadOnlyList<ReportFile> files) =>
    [
        ("runs.csv", Runs(files)),
        ("epochs.csv", Epochs(files)),
        ("stages.csv", Stages(files)),
        ("weights.csv", Weights(files)),
        ("sizes.csv", Sizes(files)),
        ("expected.csv", Expected(files)),
        ("claims.csv", OfClaims(files)),
    ];

    private static string Runs(IReadOnlyList<ReportFile> files)
    {
        var axes = files.SelectMany(file => file.Runs).SelectMany(run => run.Run.Columns).Select(axis => axis.Name).Distinct().ToArray();
        var rows = All(files).Select(found => new[]
        {
            found.File.Path, found.File.Profile, found.Run.Run.Name, found.Run.Hash, Page.PlanHtml.Word(found.Run.State),
            found.Run.Run.NetName, DataSourceModule.name(found.Run.Run.Recipe.Data),
            found.Run.Run.Recipe.Seed.ToString(CultureInfo.InvariantCulture), Number(found.Run.Epochs.Length),
        }
            .Concat(OfRuns.Select(measure => Number(Measures.Of(measure, found.Run))))
            .Concat(axes.Select(axis => ReportFile.Value(found.Run, axis))));
        return Csv(["file", "profile", "run", "hash", "state", "net", "data", "seed", "epochs", .. OfRuns.Select(Column), .. axes.Select(axis => $"axis_{axis}")], rows);
    }

    private static string Epochs(IReadOnlyList<ReportFile> files) => Csv(
        [
            "file", "run", "hash", "epoch", "training_loss", "training_accuracy", "validation_loss", "validation_accuracy", "seconds",
            "images_per_second", "ended", "machine", "threads",
        ],
        All(files).SelectMany(found =>
        {
            var times = found.Run.Times.DistinctBy(time => time.Epoch).ToDictionary(time => time.Epoch);
            return found.Run.Epochs.Select(epoch =>
            {
                var time = times.GetValueOrDefault(epoch.Epoch);
                return new[]
                {
                    found.File.Path, found.Run.Run.Name, found.Run.Hash, Number(epoch.Epoch), Number(epoch.TrainingLoss),
                    Number(epoch.TrainingAccuracy), Number(epoch.ValidationLoss), Number(epoch.ValidationAccuracy),
                    Number(time?.Seconds), Number(time?.ImagesPerSecond), time?.Ended ?? "", time?.Machine ?? "", Number(time?.Threads),
                };
            });
        }));

    // A line for each optimizer that was tried for a stage.
    private static string Stages(IReadOnlyList<ReportFile> files) => Csv(
        [
            "file", "run", "hash", "number", "stage", "address", "candidate", "kept", "lr", "decay", "epochs", "training_accuracy",
            "validation_accuracy", "validation_loss", "failure",
        ],
        All(files).SelectMany(found => ((found.Run.Result?.Learning as LearningRecord.StageByStage)?.Stages ?? []).SelectMany(
            (stage, number) => stage.Candidates.Select((candidate, i) =>
            {
                var last = candidate.Epochs.LastOrDefault();
                return new[]
                {
                    found.File.Path, found.Run.Run.Name, found.Run.Hash, Number(number + 1), stage.Name, stage.Address, Number(i + 1),
                    i == stage.Best ? "yes" : "no", Number(OptimizerModule.learningRate(candidate.Optimizer)),
                    Number(OptimizerModule.decay(candidate.Optimizer)), Number(candidate.Epochs.Length), Number(last?.TrainingAccuracy),
                    Number(last?.ValidationAccuracy), Number(last?.ValidationLoss), candidate.Failure,
                };
            }))));

    private static string Weights(IReadOnlyList<ReportFile> files)
    {
        static string[] Of(string when, LayerStatistics layer, Magnitudes magnitudes) =>
        [
            layer.Layer, layer.Kind, layer.Part.ToString().ToUpperInvariant() switch { "LEARNED" => "learned", "FIXED" => "fixed", _ => "zero" }, when,
            Number(magnitudes.Count), Number(magnitudes.MeanAbsolute), Number(magnitudes.Variance), Number(magnitudes.Norm),
            Number(magnitudes.Least), Number(magnitudes.Most), string.Join(' ', magnitudes.Histogram),
        ];
        return Csv(
            ["file", "run", "hash", "layer", "kind", "part", "when", "count", "mean_absolute", "variance", "norm", "least", "most", "histogram"],
            All(files).SelectMany(found => found.Run.Weights.SelectMany(layer => new[] { Of("start", layer, layer.Start), Of("end", layer, layer.End) }
                .Select(cells => new[] { found.File.Path, found.Run.Run.Name, found.Run.Hash }.Concat(cells)))));
    }

    // What learns of each layer at the end of each epoch.
    private static string Sizes(IReadOnlyList<ReportFile> files) => Csv(
        ["file", "run", "hash", "epoch", "layer", "mean_absolute", "variance", "norm"],
        All(files).SelectMany(found => found.Run.Sizes.SelectMany(size => size.Layers.Select(layer => new[]
        {
            found.File.Path, found.Run.Run.Name, found.Run.Hash, Number(size.Epoch), layer.Layer, Number(layer.MeanAbsolute),
            Number(layer.Variance), Number(layer.Norm),
        }))));

    private static string Expected(IReadOnlyList<ReportFile> files) => Csv(
        ["file", "run", "hash", "measure", "published", "source", "measured", "difference"],
        All(files).SelectMany(found => found.Run.Run.Expected.Select(expected =>
        {
            var published = Measures.Published(expected.Measure, expected.Value);
            var measured = found.Run.State.IsDone ? Measures.Of(expected.Measure, found.Run) : null;
            return new[]
            {
                found.File.Path, found.Run.Run.Name, found.Run.Hash, expected.Measure, Number(published), expected.Source,
                Number(measured), Number(measured - published),
            };
        })));

    private static string OfClaims(IReadOnlyList<ReportFile> files) => Csv(
        ["file", "claim", "where", "measured", "difference_or_slope", "half_interval", "seeds_or_points", "verdict"],
        files.SelectMany(file => JudgedClaim.Of(file).SelectMany(claim => claim.Parts.DefaultIfEmpty(JudgedClaim.Nothing).Select(part => new[]
        {
            file.Path, claim.Text, part.Where, part.Figures, Finite(part.Difference), Finite(part.Band), Number(part.Count),
            Verdicts.Word(part.Verdict),
        }))));

    private static string Finite(double value) => double.IsFinite(value) ? Number(value) : "";

    private static IEnumerable<(ReportFile File, RunRecords Run)> All(IReadOnlyList<ReportFile> files) =>
        files.SelectMany(file => file.Runs.Select(run => (file, run)));

    private static string Column(string measure) => measure.Replace(' ', '_');

    private static string Number(double? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "";

    private static string Csv(IEnumerable<string> titles, IEnumerable<IEnumerable<string>> rows)
    {
        var text = new StringBuilder();
        foreach (var row in rows.Prepend(titles))
        {
            text.AppendJoin(',', row.Select(Cell)).Append("\r\n");
        }

        return text.ToString();
    }

    private static string Cell(string value) =>
        value.AsSpan().IndexOfAny(",\"\r\n") >= 0 ? $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : value;
}
