using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using Freeze.Runtime.Data;
using Freeze.Runtime.Results;
using Freeze.Runtime.Training;
using static TorchSharp.torch;

namespace Freeze.Runtime;

/// <summary>Where runs are kept, where data sets are looked for, and how many threads compute.</summary>
public sealed record RunnerOptions(string Store, DataCatalog Data, int Threads);

/// <summary>
/// Executes plans, one run after the other. A run that fails is a record like any other: the next goes on.
/// </summary>
public sealed class Runner : IDisposable
{
    private readonly RunnerOptions options;
    private ImageSet? set;

    /// <summary>A runner for one batch of runs; it keeps the last data set in memory.</summary>
    public Runner(RunnerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options;
        set_num_threads(options.Threads);
    }

    /// <summary>What computes, for the records.</summary>
    public static string Versions
    {
        get
        {
            var own = typeof(Runner).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>();
            return $"Freeze {own?.InformationalVersion.Split('+')[0]}, libtorch {__version__}, "
                + $".NET {Environment.Version}";
        }
    }

    /// <summary>Trains a run, unless its store already holds its result.</summary>
    public RunOutcome Execute(Run run, Action<Progress> report, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(report);
        var hash = Address.ofRecipe(run.Recipe);
        RunFolder? folder = null;
        try
        {
            if (RunFolder.TryReadResult(options.Store, hash) is { } known)
            {
                return RunOutcome.NewAlready(known);
            }

            var images = Images(run.Recipe.Data, report);
            folder = RunFolder.Open(options.Store, run, hash);
            return RunOutcome.NewFinished(Train(run, hash, images, folder, report, cancel));
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return RunOutcome.Interrupted;
        }
#pragma warning disable CA1031 // The one place where an exception becomes a record, so that a batch goes on.
        catch (Exception error)
#pragma warning restore CA1031
        {
            var (message, advice) = Explain(error);
            var failure = new RunFailure(hash, run.Name, message, advice);
            TryRecord(folder, failure);
            return RunOutcome.NewFailed(failure);
        }
        finally
        {
            folder?.Dispose();
        }
    }

    /// <summary>Frees the data set.</summary>
    public void Dispose() => set?.Dispose();

    private ImageSet Images(string name, Action<Progress> report)
    {
        if (set?.Set.Name != name)
        {
            set?.Dispose();
            set = null;
            set = options.Data.Load(name, text => report(Progress.NewNote(text)));
        }

        return set;
    }

    private RunResult Train(
        Run run, string hash, ImageSet images, RunFolder folder, Action<Progress> report, CancellationToken cancel)
    {
        using var scope = NewDisposeScope();
        var clock = Stopwatch.StartNew();
        var trainer = new Trainer(run.Recipe, images);
        var epochs = new EpochRecord[run.Recipe.Epochs];
        for (var epoch = 1; epoch <= epochs.Length; epoch++)
        {
            var record = trainer.Epoch(epoch, report, cancel);
            epochs[epoch - 1] = record;
            folder.Append(record);
            report(Progress.NewEpoch(record));
        }

        var test = run.Recipe.Validation.IsTest
            ? new Judgement(epochs[^1].ValidationLoss, epochs[^1].ValidationAccuracy)
            : trainer.Test(cancel);
        var verified = StillnessCheck.Verify(trainer.Weights, run.Recipe.Seed);
        folder.WriteWeights(trainer.Weights);
        var result = new RunResult(
            hash,
            run.Name,
            epochs,
            test.Loss,
            test.Accuracy,
            epochs.Max(epoch => epoch.ValidationAccuracy),
            CountsModule.ofWeights(run.Recipe.Weights),
            verified,
            clock.Elapsed.TotalSeconds,
            options.Threads,
            Versions);
        folder.Finish(result);
        return result;
    }

    private static (string Message, string Advice) Explain(Exception error) => error switch
    {
        RunException known => (known.Message, known.Advice),
        OutOfMemoryException => ($"out of memory: {error.Message}", "use a smaller batch or a narrower net"),
        UnauthorizedAccessException => (error.Message, "name a store that this user may write, with --store"),
        IOException => (error.Message, "is the disk full? Name another store with --store, then run again"),
        ExternalException => ($"libtorch: {error.Message}", "this is a fault of Freeze: please report it with the file"),
        _ => ($"{error.GetType().Name}: {error.Message}", "this is a fault of Freeze: please report it with the file"),
    };

    // A disk that cannot take the run cannot take word of it either; the caller has the failure all the same.
    private static void TryRecord(RunFolder? folder, RunFailure failure)
    {
        try
        {
            folder?.Fail(failure);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
        }
    }
}
