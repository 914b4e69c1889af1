using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Results;
using Freeze.Runtime.Training;

namespace Freeze.Runtime.Stagewise;

/// <summary>Trains a net stage by stage: trains the stages that the store lacks, then builds the whole net.</summary>
/// <param name="session">The shared settings of the trainings.</param>
/// <param name="run">The run, with the weights that it starts from.</param>
/// <param name="planned">Its recipe as planned, which determines the stages' addresses.</param>
/// <param name="origin">The weights that it starts from, or null.</param>
/// <param name="stages">The store of stages.</param>
internal sealed class StageByStage(TrainingSession session, Run run, Recipe planned, RunOrigin? origin, RunStore stages)
{
    /// <summary>Writes the net's weights and the run's records to its folder.</summary>
    public RunResult Train(string hash, RunFolder folder)
    {
        RecipeCheck.Demand(run.Recipe, session.Images.Set);
        var training = new StageTraining(session, run, planned, origin, stages);
        var outcomes = new List<StageOutcome>();
        for (var stage = 1; stage <= run.Recipe.Net.Stages.Length; stage++)
        {
            session.Cancel.ThrowIfCancellationRequested();
            outcomes.Add(training.Of(stage, outcomes));
        }

        var weights = StageWeights.Whole(run.Recipe, outcomes);
        // Epochs are numbered across all stages.
        var epochs = EpochRecordModule.numbered(outcomes.SelectMany(stage => stage.Best.Epochs));
        var net = new NetExecutor(run.Recipe, weights, session.Options.Passes);
        var batches = new Batches(session.Images, run.Recipe);
        using var sheet = new AnswerSheet();
        var test = new Evaluation(batches, net, run.Recipe).JudgeTest(session.Cancel, sheet);
        var result = new RunResult(
            hash,
            run.Name,
            epochs,
            test.Loss,
            test.Accuracy,
            outcomes[^1].Best.Epochs.Max(epoch => epoch.ValidationAccuracy),
            BestRecord.NotKept,
            LearningRecord.NewStageByStage([.. outcomes.Select(stage => stage.Record)]),
            CountsModule.ofWeights(run.Recipe.Weights),
            StillnessCheck.Verify(weights, run.Recipe.Seed),
            session.Options.Threads,
            session.Versions);
        folder.Take(epochs, EpochTimeModule.numbered(outcomes.SelectMany(
            stage => StageTimeModule.ofEpochs(stage.Time, stage.Record.Best))));
        folder.Take(outcomes.Select(stage => stage.Time));
        folder.Take(ConfusionModule.ofAnswers(run.Recipe.Classes, batches.TestLabels, sheet.Answers()));
        folder.KeepLast(weights);
        folder.Finish(result);
        return result;
    }
}
