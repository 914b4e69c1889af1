using System.Diagnostics;
using System.Reflection;
using Freeze.Runtime.Data;
using Freeze.Runtime.Results;
using Freeze.Runtime.Training;
using static TorchSharp.torch;

namespace Freeze.Runtime;

/// <summary>How runs are executed.</summary>
/// <param name="Store">The folder where runs are kept; it is made where it is missing.</param>
/// <param name="Data">Where data sets are looked for.</param>
/// <param name="Threads">How many threads compute, at least 1. Other numbers may give other last bits.</param>
public sealed record RunnerOptions(string Store, DataCatalog Data, int Threads);

/// <summary>
/// Executes plans, one run after the other. A run that fails is a record like any other: the next goes on. To be
/// used by one thread.
/// </summary>
public sealed class Runner : IDisposable
{
    private readonly RunnerOptions options;
    private readonly RunStore store;
    private ImageSet? set;
    private DataSource? source;

    /// <summary>A runner for one batch of runs; it keeps the last data set in memory.</summary>
    public Runner(RunnerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Threads, 1, nameof(options));
        this.options = options;
        store = new RunStore(options.Store);
    }

    /// <summary>What computes, for the records.</summary>
    public static string Versions
    {
        get
        {
            var own = typeof(Runner).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>();
            return $"Freeze {own?.InformationalVersion.Split('+')[0]}, libtorch {__version__}, .NET {Environment.Version}";
        }
    }

    /// <summary>Trains a run, unless its store already holds its result. Never throws for what ends a run.</summary>
    /// <param name="run">What to train.</param>
    /// <param name="report">Is told of progress on the calling thread, of steps at most ten times a second.</param>
    /// <param name="cancel">Ends the run after the step under way.</param>
    public RunOutcome Execute(Run run, Action<Progress> report, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(report);
        var hash = Address.ofRecipe(run.Recipe);
        try
        {
            if (store.Finished(hash, _ => { }) is { } known)
            {
                return RunOutcome.NewAlready(known);
            }

            using var claim = store.Claim(hash);
            // Asked again: another process may have finished it since.
            return store.Finished(hash, note => report(Progress.NewNote(note))) is { } finished
                ? RunOutcome.NewAlready(finished)
                : ExecuteClaimed(run, hash, report, cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return RunOutcome.Interrupted;
        }
#pragma warning disable CA1031 // The one place where an exception becomes a record, so that a batch goes on.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return RunOutcome.NewFailed(Failures.Of(run, hash, error));
        }
    }

    /// <summary>Frees the data set.</summary>
    public void Dispose() => set?.Dispose();

    private RunOutcome ExecuteClaimed(Run run, string hash, Action<Progress> report, CancellationToken cancel)
    {
        using var folder = store.Open(run, hash);
        try
        {
            var result = Train(run, hash, folder, report, cancel);
            folder.Finish(result);
            return RunOutcome.NewFinished(result);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            TryRecord(folder, Failures.Of(run, hash, error));
            throw;
        }
    }

    private RunResult Train(
        Run run, string hash, RunFolder folder, Action<Progress> report, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var images = Images(run.Recipe.Data, report);
        using var scope = NewDisposeScope();
        set_num_threads(options.Threads);
        var clock = Stopwatch.StartNew();
        var trainer = new Trainer(run.Recipe, images);
        var epochs = new List<EpochRecord>();
        do
        {
            var record = trainer.Epoch(epochs.Count + 1, report, cancel);
            epochs.Add(record);
            folder.Append(record);
            report(Progress.NewEpoch(record));
        }
        while (epochs.Count < run.Recipe.Epochs && !Stopping.Holds(run.Recipe.Stops, epochs));

        // Where the test set is what validates, it has just been judged.
        var test = run.Recipe.Validation.IsTest
            ? new Judgement(epochs[^1].ValidationLoss, epochs[^1].ValidationAccuracy)
            : trainer.Test(cancel);
        var verified = StillnessCheck.Verify(trainer.Weights, run.Recipe.Seed);
        folder.WriteWeights(trainer.Weights);
        return new RunResult(
            hash,
            run.Name,
            [.. epochs],
            test.Loss,
            test.Accuracy,
            epochs.Max(epoch => epoch.ValidationAccuracy),
            CountsModule.ofWeights(run.Recipe.Weights),
            verified,
            clock.Elapsed.TotalSeconds,
            options.Threads,
            Versions);
    }

    private ImageSet Images(DataSource wanted, Action<Progress> report)
    {
        if (set is null || !wanted.Equals(source))
        {
            set?.Dispose();
            set = null;
            set = options.Data.Load(wanted, text => report(Progress.NewNote(text)));
            source = wanted;
        }

        return set;
    }

    // A disk that cannot take the run cannot take word of it either; the caller has the failure all the same.
    private static void TryRecord(RunFolder folder, RunFailure failure)
    {
        try
        {
            folder.Fail(failure);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
        }
    }
}
