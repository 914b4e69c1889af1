using System.Diagnostics;
using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Prefixes;
using Freeze.Runtime.Results;

namespace Freeze.Runtime.Training;

/// <summary>What the trainings of one run share: the images, the progress reports, and how often they are saved.</summary>
/// <param name="Options">How runs are executed.</param>
/// <param name="Images">The run's data set.</param>
/// <param name="Features">The store of fixed layers' features.</param>
/// <param name="Memory">Measures the memory in use.</param>
/// <param name="Report">Receives progress.</param>
/// <param name="AfterStep">Called after each step, or null.</param>
/// <param name="Cancel">Stops the training after the current step; its state is saved.</param>
internal sealed record TrainingSession(
    RunnerOptions Options,
    ImageSet Images,
    FeatureStore Features,
    ResidentMemory Memory,
    Action<Progress> Report,
    Action? AfterStep,
    CancellationToken Cancel)
{
    /// <summary>For the records: the versions of the libraries, and the passes that are off.</summary>
    public string Versions => Runner.Versions(Options.Passes);

    /// <summary>Reports a note to the user.</summary>
    public void Note(string text) => Report(Progress.NewNote(text));

    /// <summary>Continues a training from the state in its folder to its end.</summary>
    /// <param name="trainer">Training that has made no step yet.</param>
    /// <param name="folder">Its records.</param>
    /// <param name="shorter">The runs that this one extends, the longest first.</param>
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

    /// <summary>Runs work that the user may cancel, and then saves the training.</summary>
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
