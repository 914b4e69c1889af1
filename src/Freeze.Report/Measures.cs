using System.Globalization;

namespace Freeze.Report;

/// <summary>The format of a measure's values.</summary>
public enum MeasureUnit
{
    /// <summary>Fractions in [0, 1], written as percentages; published values are percentages already.</summary>
    Share,

    /// <summary>Whole numbers.</summary>
    Count,

    /// <summary>Seconds.</summary>
    Seconds,

    /// <summary>Megabytes: millions of bytes.</summary>
    Megabytes,

    /// <summary>Any other numbers.</summary>
    Number,
}

/// <summary>Computes measures, named by their words, from a run's records.</summary>
public static class Measures
{
    // The first epoch warms up caches and threads: it counts only if there are few epochs.
    private const int EnoughEpochs = 3;

    /// <summary>The format of a measure's values.</summary>
    public static MeasureUnit Unit(string measure)
    {
        ArgumentNullException.ThrowIfNull(measure);
        // Text in brackets is a remark on the measure.
        (measure, _) = AtEpoch(measure.Split(" (")[0]);
        measure = measure.Split(" of stage ")[0];
        return measure switch
        {
            _ when measure.EndsWith("accuracy", StringComparison.Ordinal) => MeasureUnit.Share,
            _ when measure.EndsWith("error", StringComparison.Ordinal) => MeasureUnit.Share,
            "disagreement" or "member spread" => MeasureUnit.Share,
            "trained parameters" or "total parameters" => MeasureUnit.Count,
            "seconds" or "seconds per epoch" => MeasureUnit.Seconds,
            "peak memory" => MeasureUnit.Megabytes,
            _ => MeasureUnit.Number,
        };
    }

    /// <summary>A measure of a run, or null if the records do not have it (yet).</summary>
    public static double? Of(string measure, RunRecords run)
    {
        ArgumentNullException.ThrowIfNull(measure);
        ArgumentNullException.ThrowIfNull(run);
        return measure switch
        {
            "trained parameters" => Counts(run).Trained,
            "total parameters" => Counts(run).Total,
            "seconds" => run.Times.Length > 0 ? run.Times.Sum(time => time.Seconds) : null,
            "seconds per epoch" => SecondsPerEpoch(run),
            "peak memory" => run.Times.Select(time => time.PeakMemory).DefaultIfEmpty().Max() is > 0 and var bytes ? bytes / 1e6 : null,
            // With stages, only the last one's: the final net no longer reaches the accuracy of earlier stages.
            "best accuracy" when run.Result is { } result => result.BestValidationAccuracy,
            "best accuracy" => run.Epochs.Length > 0 ? run.Epochs.Max(epoch => epoch.ValidationAccuracy) : null,
            _ when Reached(measure) is { } accuracy => run.Epochs.FirstOrDefault(epoch => epoch.ValidationAccuracy >= accuracy)?.Epoch,
            "test accuracy" => run.Result?.TestAccuracy,
            "test error" => 1 - run.Result?.TestAccuracy,
            "test loss" => run.Result?.TestLoss,
            "best test accuracy" => Kept(run)?.TestAccuracy,
            "best test error" => 1 - Kept(run)?.TestAccuracy,
            "mean accuracy" => Members(run)?.MeanAccuracy,
            "best member accuracy" => Members(run)?.Members.Max(member => member.TestAccuracy),
            "member spread" => Members(run) is { Members.Length: > 1 } several
                ? Statistics.Spread.Of(several.Members.Select(member => member.TestAccuracy)).Deviation
                : null,
            "ensemble accuracy" => Members(run)?.Accuracy,
            "disagreement" => Members(run)?.Disagreement,
            "mean |w|" => OfWeights(run, (sum, weight) => sum + (weight.MeanAbsolute * weight.Count), (sum, count) => sum / count),
            "norm" => OfWeights(run, (sum, weight) => sum + (weight.Norm * weight.Norm), (sum, _) => Math.Sqrt(sum)),
            "variance" => OfWeights(run, (sum, weight) => sum + (weight.Variance * weight.Count), (sum, count) => sum / count),
            _ when measure.Split(" of stage ") is [var name, var stage] =>
                OfStages($"stage {name}", run)?.Cast<double?>().ElementAtOrDefault(int.Parse(stage, CultureInfo.InvariantCulture) - 1),
            _ => OfNamedEpoch(measure, run),
        };
    }

    /// <summary>Whether a run can have a measure when it is finished: not that of a stage that it does not train.</summary>
    internal static bool CanHave(string measure, RunRecords run) =>
        measure.Split(" of stage ") is not [_, var stage]
        || (run.Run.Recipe.Learning.IsStageByStage
            && int.Parse(stage, CultureInfo.InvariantCulture) <= run.Run.Recipe.Net.Stages.Length);

    /// <summary>
    /// A measure that each stage of a run has, taken from its chosen candidate; null if the run has no stages or the word does
    /// not apply to stages.
    /// </summary>
    public static double[]? OfStages(string measure, RunRecords run)
    {
        ArgumentNullException.ThrowIfNull(run);
        Func<CandidateRecord, double>? of = measure switch
        {
            "stage lr" => kept => OptimizerModule.learningRate(kept.Optimizer),
            "stage decay" => kept => OptimizerModule.decay(kept.Optimizer),
            "stage accuracy" => kept => kept.Epochs[^1].ValidationAccuracy,
            _ => null,
        };
        return of is not null && run.Result?.Learning is LearningRecord.StageByStage { Stages: var stages }
            ? [.. stages.Select(stage => of(stage.Candidates[stage.Best]))]
            : null;
    }

    /// <summary>A measure of one epoch, or null if it does not apply to epochs.</summary>
    public static double? OfEpoch(string measure, EpochRecord epoch)
    {
        ArgumentNullException.ThrowIfNull(epoch);
        return measure switch
        {
            "training accuracy" => epoch.TrainingAccuracy,
            "training error" => 1 - epoch.TrainingAccuracy,
            "training loss" => epoch.TrainingLoss,
            "accuracy" or "validation accuracy" => epoch.ValidationAccuracy,
            "error" or "validation error" => 1 - epoch.ValidationAccuracy,
            "loss" or "validation loss" => epoch.ValidationLoss,
            _ => null,
        };
    }

    /// <summary>
    /// The general name of a measure on an epoch's held-out images: <c>accuracy at epoch 3</c> for <c>validation accuracy at
    /// epoch 3</c>; null for other measures.
    /// </summary>
    internal static string? OfHeldOut(string measure)
    {
        var word = measure.StartsWith("validation ", StringComparison.Ordinal) ? measure["validation ".Length..] : measure;
        return AtEpoch(word).Measure is "accuracy" or "error" or "loss" ? word : null;
    }

    /// <summary>A value as tables show it.</summary>
    public static string Show(string measure, double value) => Unit(measure) switch
    {
        MeasureUnit.Share => string.Create(CultureInfo.InvariantCulture, $"{100 * value:F2}%"),
        MeasureUnit.Count => string.Create(CultureInfo.InvariantCulture, $"{value:N0}"),
        MeasureUnit.Megabytes => string.Create(CultureInfo.InvariantCulture, $"{value:N0} MB"),
        MeasureUnit.Seconds => Durations.Show(value),
        _ => value.ToString("G4", CultureInfo.InvariantCulture),
    };

    /// <summary>A value to sort by, if the text does not give the order.</summary>
    internal static double? Order(string measure, double value) => Unit(measure) == MeasureUnit.Seconds ? value : null;

    /// <summary>The unit of the numbers in records and CSV files.</summary>
    public static string UnitName(string measure) => Unit(measure) switch
    {
        MeasureUnit.Share => "fraction",
        MeasureUnit.Seconds => "s",
        MeasureUnit.Megabytes => "MB",
        _ => "",
    };

    /// <summary>The measure of a group's finished runs, by seed.</summary>
    internal static Dictionary<long, double> BySeed(string measure, RunGroup group) => group.Finished
        .Select(run => (run.Run.Recipe.Seed, Value: Of(measure, run)))
        .Where(run => run.Value is { } value && double.IsFinite(value))
        .GroupBy(run => run.Seed)
        .ToDictionary(runs => runs.Key, runs => runs.Average(run => run.Value!.Value));

    /// <summary>A published value in the unit of measured ones: published accuracies are percentages.</summary>
    public static double Published(string measure, double printed) =>
        Unit(measure) == MeasureUnit.Share ? printed / 100 : printed;

    /// <summary>The difference between a measured value and a published one, as tables show it.</summary>
    public static string ShowDifference(string measure, double difference)
    {
        var sign = difference < 0 ? "−" : "+";
        return Unit(measure) switch
        {
            MeasureUnit.Share => string.Create(CultureInfo.InvariantCulture, $"{sign}{Math.Abs(100 * difference):F2} pt"),
            _ => sign + Show(measure, Math.Abs(difference)),
        };
    }

    // From the epoch that the measure names, or the last one.
    private static double? OfNamedEpoch(string measure, RunRecords run)
    {
        var (name, epoch) = AtEpoch(measure);
        Index place = epoch is { } number ? number - 1 : ^1;
        return run.Epochs.ElementAtOrDefault(place) is { } found ? OfEpoch(name, found) : null;
    }

    // Splits `accuracy at epoch 3` into accuracy and 3; other measures have no epoch.
    private static (string Measure, int? Epoch) AtEpoch(string measure) => measure.Split(" at epoch ") is [var name, var epoch]
        ? (name, int.Parse(epoch, CultureInfo.InvariantCulture))
        : (measure, null);

    // The accuracy of `epochs to 98%`, as a fraction; null for other measures.
    private static double? Reached(string measure) => measure.StartsWith("epochs to ", StringComparison.Ordinal)
        ? double.Parse(measure["epochs to ".Length..].TrimEnd('%'), CultureInfo.InvariantCulture) / 100
        : null;

    private static EnsembleRecord? Members(RunRecords run) => (run.Result?.Learning as LearningRecord.Ensemble)?.Ensemble;

    // The weights of the best epoch, if the run has kept them.
    private static BestRecord.Kept? Kept(RunRecords run) => run.Result?.Best as BestRecord.Kept;

    private static Counts Counts(RunRecords run) => CountsModule.ofWeights(PlanFile.weights(run.Run.Recipe));

    private static double? SecondsPerEpoch(RunRecords run)
    {
        var seconds = run.Times.Select(time => time.Seconds).Skip(run.Times.Length > EnoughEpochs ? 1 : 0).ToArray();
        return seconds.Length > 0 ? Statistics.Spread.Of(seconds).Median : null;
    }

    private static double? OfWeights(
        RunRecords run, Func<double, Statistics.Magnitudes, double> add, Func<double, int, double> finish) =>
        run.Weights.Count > 0
            ? finish(run.Weights.Select(weight => weight.End).Aggregate(0.0, add), run.Weights.Sum(weight => weight.End.Count))
            : null;
}
