using System.Globalization;
using System.Text;
using Freeze.Report.Claims;
using Freeze.Report.Statistics;

namespace Freeze.Report.Tables;

/// <summary>
/// Everything as tidy CSV (RFC 4180): a line for each observation, a column for each variable and for each axis of the files. A
/// cell holds one number, with all recorded digits; accuracies are fractions of 1, times seconds.
/// </summary>
public static class TidyFiles
{
    private static readonly string[] OfRuns =
    [
        "best accuracy", "training accuracy", "validation accuracy", "test accuracy", "best test accuracy", "training loss",
        "validation loss", "test loss",
        "trained parameters", "total parameters", "seconds", "seconds per epoch", "peak memory",
    ];

    // Gives a line's first columns, which identify its run.
    private sealed record Owner(ReportFile File, RunRecords Run);

    /// <summary>The name and text of each file, such as runs.csv.</summary>
    public static IReadOnlyList<(string Name, string Text)> Of(IReadOnlyList<ReportFile> files)
    {
        Owner[] runs = [.. files.SelectMany(file => file.Runs.Select(run => new Owner(file, run)))];
        return
        [
            ("runs.csv", Runs(runs)),
            ("epochs.csv", Epochs(runs)),
            ("stages.csv", Stages(runs)),
            ("weights.csv", Weights(runs)),
            ("histograms.csv", Histograms(runs)),
            ("sizes.csv", Sizes(runs)),
            ("confusion.csv", Confusions(runs)),
            ("expected.csv", Expected(runs)),
            ("claims.csv", OfClaims(files)),
        ];
    }

    private static string[] Axes(IEnumerable<RunRecords> runs) =>
        [.. runs.SelectMany(run => run.Run.Columns).Select(axis => axis.Name).Distinct()];

    private static string Runs(Owner[] runs) => Csv(
        runs,
        [
            ("file", of => of.File.Path), ("profile", of => of.File.Profile), ("run", of => of.Run.Run.Name), ("hash", of => of.Run.Hash),
            ("state", of => of.Run.State.Word()), ("net", of => of.Run.Run.NetName),
            ("data", of => DataSourceModule.name(of.Run.Run.Recipe.Data)), ("seed", of => of.Run.Run.Recipe.Seed),
            ("epochs", of => of.Run.Epochs.Length),
            .. OfRuns.Select(measure => (Title(measure), (Func<Owner, object?>)(of => Measures.Of(measure, of.Run)))),
            ("verified_fixed", of => of.Run.Result?.StillVerified),
            .. Axes(runs.Select(owner => owner.Run)).Select(axis => ($"axis_{axis}", (Func<Owner, object?>)(of => ReportFile.Value(of.Run, axis)))),
        ]);

    // The names of measures in seconds say so.
    private static string Title(string measure) =>
        measure.Replace(' ', '_') + (Measures.Unit(measure) == MeasureUnit.Megabytes ? "_mb" : "");

    private static string Epochs(Owner[] runs) => OfEach(
        runs,
        run =>
        {
            var times = run.Times.DistinctBy(time => time.Epoch).ToDictionary(time => time.Epoch);
            return run.Epochs.Select(epoch => (Epoch: epoch, Time: times.GetValueOrDefault(epoch.Epoch)));
        },
        ("epoch", of => of.Epoch.Epoch), ("training_loss", of => of.Epoch.TrainingLoss),
        ("training_accuracy", of => of.Epoch.TrainingAccuracy), ("validation_loss", of => of.Epoch.ValidationLoss),
        ("validation_accuracy", of => of.Epoch.ValidationAccuracy), ("seconds", of => of.Time?.Seconds),
        ("images_per_second", of => of.Time?.ImagesPerSecond), ("ended", of => of.Time?.Ended), ("machine", of => of.Time?.Machine),
        ("threads", of => of.Time?.Threads));

    // A line for each optimizer that was tried in a stage.
    private static string Stages(Owner[] runs) => OfEach(
        runs,
        run => ((run.Result?.Learning as LearningRecord.StageByStage)?.Stages ?? []).SelectMany((stage, number) =>
            stage.Candidates.Select((candidate, i) => (Stage: stage, Number: number + 1, Candidate: candidate, Place: i, Last: candidate.Epochs.LastOrDefault()))),
        ("number", of => of.Number), ("stage", of => of.Stage.Name), ("address", of => of.Stage.Address),
        ("candidate", of => of.Place + 1), ("kept", of => of.Place == of.Stage.Best ? "yes" : "no"),
        ("lr", of => OptimizerModule.learningRate(of.Candidate.Optimizer)),
        ("decay", of => OptimizerModule.decay(of.Candidate.Optimizer)), ("epochs", of => of.Candidate.Epochs.Length),
        ("training_accuracy", of => of.Last?.TrainingAccuracy), ("validation_accuracy", of => of.Last?.ValidationAccuracy),
        ("validation_loss", of => of.Last?.ValidationLoss), ("failure", of => of.Candidate.Failure));

    private static string Weights(Owner[] runs) => OfEach(
        runs,
        run => run.Weights.SelectMany(layer => new[] { (Layer: layer, When: "start", Values: layer.Start), (Layer: layer, When: "end", Values: layer.End) }),
        ("layer", of => of.Layer.Layer), ("kind", of => of.Layer.Kind), ("part", of => of.Layer.Part.Word()), ("when", of => of.When),
        ("count", of => of.Values.Count), ("mean_absolute", of => of.Values.MeanAbsolute), ("variance", of => of.Values.Variance),
        ("norm", of => of.Values.Norm), ("min", of => of.Values.Least), ("max", of => of.Values.Most));

    // A line for each nonempty bin; bins have equal width.
    private static string Histograms(Owner[] runs) => OfEach(
        runs,
        run => run.Weights.SelectMany(layer => new[] { (Layer: layer, When: "start", Values: layer.Start), (Layer: layer, When: "end", Values: layer.End) })
            .SelectMany(of => of.Values.Histogram.Index().Where(bin => bin.Item > 0).Select(bin => (
                of.Layer, of.When, From: of.Values.Least + (bin.Index * Width(of.Values)), To: of.Values.Least + ((bin.Index + 1) * Width(of.Values)),
                Count: bin.Item))),
        ("layer", of => of.Layer.Layer), ("part", of => of.Layer.Part.Word()), ("when", of => of.When), ("from", of => of.From),
        ("to", of => of.To), ("count", of => of.Count));

    private static double Width(Magnitudes values) => (values.Most - values.Least) / values.Histogram.Length;

    // The trained weights of each layer at the end of each epoch.
    private static string Sizes(Owner[] runs) => OfEach(
        runs,
        run => run.Sizes.SelectMany(size => size.Layers.Select(layer => (size.Epoch, Layer: layer))),
        ("epoch", of => of.Epoch), ("layer", of => of.Layer.Layer), ("mean_absolute", of => of.Layer.MeanAbsolute),
        ("variance", of => of.Layer.Variance), ("norm", of => of.Layer.Norm));

    // A line for each class and each class that was predicted for its test images.
    private static string Confusions(Owner[] runs) => OfEach(
        runs,
        run => run.Confusion?.Pairs ?? [],
        ("class", of => of[0]), ("predicted", of => of[1]), ("images", of => of[2]));

    private static string Expected(Owner[] runs) => OfEach(
        runs,
        run => run.Run.Expected.Select(expected => (
            expected.Measure,
            Published: Measures.Published(expected.Measure, expected.Value),
            expected.Source,
            Measured: run.State.IsDone ? Measures.Of(expected.Measure, run) : null)),
        ("measure", of => of.Measure), ("unit", of => Measures.UnitName(of.Measure)), ("published", of => of.Published), ("source", of => of.Source),
        ("measured", of => of.Measured), ("difference", of => of.Measured - of.Published));

    // A line for each comparison or trend: a difference has two means, a slope has R².
    private static string OfClaims(IReadOnlyList<ReportFile> files) => Csv(
        files.SelectMany(file => JudgedClaim.Of(file).SelectMany(claim =>
            claim.Parts.DefaultIfEmpty(ClaimPart.Nothing("", "")).Select(part => (File: file, Claim: claim, Part: part)))),
        [
            ("file", of => of.File.Path), ("claim", of => of.Claim.Text), ("verdict", of => Verdicts.Word(of.Part.Verdict)),
            ("measure", of => of.Part.Measure), ("unit", of => Measures.UnitName(of.Part.Measure)),
            ("left_mean", of => of.Part.Means?.Left), ("right_mean", of => of.Part.Means?.Right),
            ("difference", of => of.Part.Per.Length == 0 ? Finite(of.Part.Estimate) : null),
            ("slope", of => of.Part.Per.Length > 0 ? Finite(of.Part.Estimate) : null), ("slope_per", of => of.Part.Per),
            ("ci95_low", of => Finite(of.Part.Estimate - of.Part.Band)), ("ci95_high", of => Finite(of.Part.Estimate + of.Part.Band)),
            ("r_squared", of => of.Part.Determination), ("seeds_or_points", of => of.Part.Count), ("where", of => of.Part.Where),
            .. Axes(files.SelectMany(file => file.Runs)).Select(axis => (
                $"axis_{axis}",
                (Func<(ReportFile File, JudgedClaim Claim, ClaimPart Part), object?>)(of => of.Part.Axes.FirstOrDefault(found => found.Axis == axis).Value))),
        ]);

    private static double? Finite(double value) => double.IsFinite(value) ? value : null;

    // Lines that belong to runs.
    private static string OfEach<T>(
        Owner[] runs, Func<RunRecords, IEnumerable<T>> lines, params IEnumerable<(string Title, Func<T, object?> Value)> columns) => Csv(
            runs.SelectMany(owner => lines(owner.Run).Select(line => (Owner: owner, Line: line))),
            [
                ("file", of => of.Owner.File.Path), ("run", of => of.Owner.Run.Run.Name), ("hash", of => of.Owner.Run.Hash),
                .. columns.Select(column => (column.Title, (Func<(Owner Owner, T Line), object?>)(of => column.Value(of.Line)))),
                .. Axes(runs.Select(owner => owner.Run)).Select(axis => ($"axis_{axis}", (Func<(Owner Owner, T Line), object?>)(of => ReportFile.Value(of.Owner.Run, axis)))),
            ]);

    private static string Csv<T>(IEnumerable<T> lines, (string Title, Func<T, object?> Value)[] columns)
    {
        var text = new StringBuilder();
        text.AppendJoin(',', columns.Select(column => Cell(column.Title))).Append("\r\n");
        foreach (var line in lines)
        {
            text.AppendJoin(',', columns.Select(column => Cell(column.Value(line)))).Append("\r\n");
        }

        return text.ToString();
    }

    private static string Cell(object? value)
    {
        var text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        return text.AsSpan().IndexOfAny(",\"\r\n") >= 0 ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }
}
