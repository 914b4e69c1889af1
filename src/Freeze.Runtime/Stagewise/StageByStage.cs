using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Results;
using Freeze.Runtime.Training;

namespace Freeze.Runtime.Stagewise;

/// <summary>A net whose stages learn one after the other: trains those that the store lacks, then makes the net of all.</summary>
internal sealed class StageByStage(TrainingSession session, Run run, RunStore stages)
{
    /// <summary>Leaves the net's weights and the run's records in its folder.</summary>
    public RunResult Train(string hash, RunFolder folder)
    {
        RecipeCheck.Demand(run.Recipe, session.Images.Set);
        var training = new StageTraining(session, run, stages);
        var outcomes = new List<StageOutcome>();
        for (var stage = 1; stage <= run.Recipe.Net.Stages.Length; stage++)
        {
            session.Cancel.ThrowIfCancellationRequested();
            outcomes.Add(training.Of(stage, outcomes));
        }

        var weights = WeightsOf(run.Recipe, outcomes);
        var epochs = outcomes.SelectMany(stage => stage.Record.Candidates[stage.Record.Best].Epochs).Select(Numbered).ToArray();
        var times = outcomes.SelectMany(TimesOf).Select(Numbered).ToArray();
        var test = new Evaluation(new Batches(session.Images, run.Recipe), new NetExecutor(run.Recipe, weights, session.Options.Passes), run.Recipe).Judge(
            session.Images.Test,
            [.. Enumerable.Range(0, session.Images.Test.Count).Select(i => (long)i)],
            session.Cancel);
        var last = outcomes[^1].Record;
        var result = new RunResult(
            hash,
            run.Name,
            epochs,
            test.Loss,
            test.Accuracy,
            last.Candidates[last.Best].Epochs.Max(epoch => epoch.ValidationAccuracy),
            LearningRecord.NewStageByStage([.. outcomes.Select(stage => stage.Record)]),
            CountsModule.ofWeights(run.Recipe.Weights),
            StillnessCheck.Verify(weights, run.Recipe.Seed),
            session.Options.Threads,
            session.Versions);
        folder.Take(epochs, times);
        folder.Take(outcomes.Select(stage => stage.Time));
        folder.Finish(weights, result);
        return result;
    }

    /// <summary>The whole net's weights: each stage's, and the last one's classifier as the net's own.</summary>
    public static WeightTable WeightsOf(Recipe recipe, IReadOnlyList<StageOutcome> stages)
    {
        var weights = new WeightTable(recipe);
        StageWeights.Restore(weights, name => Stages.nameInLastTraining(recipe, name), stages);
        return weights;
    }

    // Of the epochs of a stage's best candidate. What it took to learn without labels, of which no epoch of the run tells, is
    // that of the first.
    private static EpochTime[] TimesOf(StageOutcome stage)
    {
        var own = stage.Time.Candidates[stage.Record.Best];
        return stage.Time.Classifier is [var first, .. var others]
            ? [
                new EpochTime(
                    first.Epoch,
                    first.Seconds + own.Sum(time => time.Seconds),
                    first.ImagesPerSecond,
                    first.Ended,
                    first.Machine,
                    first.Threads),
                .. others,
            ]
            : own;
    }

    // Epochs of all stages are counted through.
    private static EpochRecord Numbered(EpochRecord epoch, int before) => new(
        before + 1, epoch.TrainingLoss, epoch.TrainingAccuracy, epoch.ValidationLoss, epoch.ValidationAccuracy);

    private static EpochTime Numbered(EpochTime time, int before) => new(
        before + 1, time.Seconds, time.ImagesPerSecond, time.Ended, time.Machine, time.Threads);
}
