using System.Diagnostics;
using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Prefixes;
using Freeze.Runtime.Results;

namespace Freeze.Runtime.Training;

/// <summary>What the trainings of one run have in common: the images, whom they report to, and how often they are saved.</summary>
/// <param name="Options">How runs are executed.</param>
/// <param name="Images">The run's data set.</param>
/// <param name="Features">Where features of what is fixed are kept.</param>
/// <param name="Memory">How much of it is in use.</param>
/// <param name="Report">Is told of progress.</param>
/// <param name="AfterStep">Is called after each step, or null.</param>
/// <param name="Cancel">Ends the training after the step under way; what is done is saved.</param>
internal sealed record TrainingSession(
    RunnerOptions Options,
    ImageSet Images,
    FeatureStore Features,
    ResidentMemory Memory,
    Action<Progress> Report,
    Action? AfterStep,
    CancellationToken Cancel)
{
    /// <summary>What computes, for the records: versions, and the passes that are left out.</summary>
    public string Versions => Runner.Versions(Options.Passes);

    /// <summary>Says something to the user.</summary>
    public void Note(string text) => Report(Progress.NewNote(text));

    /// <summary>Brings a training from where its folder has it to its end.</summary>
    /// <param name="trainer">A training that has made no step.</param>
    /// <param name="folder">Its records.</param>
    /// <param name="shorter">The runs whose epochs are the first ones of this, the longest first.</param>
    public void Train(Trainer trainer, RunFolder folder, IEnumerable<ShorterRun>? shorter = null)
    {
        folder.Resume(trainer, Versions, Note, shorter);
        var saved = Stopwatch.GetTimestamp();
        void SaveWhenDue()
        {
            AfterStep?.Invoke();
            if (Stopwatch.GetElapsedTime(saved) >= Options.CheckpointEvery)
            {
                folder.Save(trainer, Versions);
                saved = Stopwatch.GetTimestamp();
            }
        }

        while (!trainer.IsDone)
        {
            var taken = Saved(trainer, folder, () => trainer.Epoch(Report, Cancel, SaveWhenDue));
            var time = EpochTimeModule.withPeak(Memory.Peak, taken);
            folder.Append(trainer.Records[^1], WeightSizes.Of(trainer.Weights, trainer.Records.Count), time);
            Report(Progress.NewEpoch(trainer.Records[^1], trainer.Epochs, time));
        }
    }

    /// <summary>Does what the user may end, and saves the training where he does.</summary>
    public T Saved<T>(Trainer trainer, RunFolder folder, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (OperationCanceledException)
        {
            folder.Save(trainer, Versions);
            throw;
        }
    }
}
