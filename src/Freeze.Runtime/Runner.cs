using System.Diagnostics;
using System.Reflection;
using Freeze.Kernels;
using Freeze.Runtime.Data;
using Freeze.Runtime.Ensembles;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Prefixes;
using Freeze.Runtime.Results;
using Freeze.Runtime.Stagewise;
using Freeze.Runtime.Training;
using static TorchSharp.torch;

namespace Freeze.Runtime;

/// <summary>How runs are executed.</summary>
/// <param name="Store">The folder of runs; created if it is missing.</param>
/// <param name="Data">Finds data sets.</param>
/// <param name="Threads">The number of threads, at least 1. Other numbers may give other last bits.</param>
/// <param name="CheckpointEvery">How much work may be lost if the process dies, to within a step.</param>
/// <param name="Retry">Whether to try a failed run again.</param>
public sealed record RunnerOptions(string Store, DataCatalog Data, int Threads, TimeSpan CheckpointEvery, bool Retry)
{
    /// <summary>The limit, in bytes, of all files of fixed layers' features in the store.</summary>
    public long FeatureBytes { get; init; } = 16L << 30;

    /// <summary>A quarter of the memory that is available to this process.</summary>
    public static long UsualFeatureMemory => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4;

    /// <summary>How many bytes of a run's features may be kept in memory; more go to a file.</summary>
    public long FeatureMemory { get; init; } = UsualFeatureMemory;

    /// <summary>Whether to return free memory to the system before each run, so that its peak memory is its own.</summary>
    public bool GivesMemoryBack { get; init; } = true;

    /// <summary>The passes to use; others change results only by rounding.</summary>
    public PassSet Passes { get; init; } = PassSet.All;
}

/// <summary>
/// Executes plans, one run after another. A failed run is a record like any other, and the next run follows. For use by one
/// thread.
/// </summary>
public sealed class Runner : IDisposable
{
    private readonly RunnerOptions options;
    private readonly RunStore store;
    private readonly RunStore stages;
    private readonly FeatureStore features;
    private readonly Action? afterStep;
    // Why runs have failed here, by their hashes; includes machine problems, which no folder records.
    private readonly Dictionary<string, string> failures = [];
    private ResidentMemory? memory;
    private ImageSet? set;
    private DataSource? source;

    /// <summary>A runner for one batch of runs; it keeps the last data set in memory.</summary>
    /// <exception cref="RunException">The store is of a format that this Freeze does not know.</exception>
    public Runner(RunnerOptions options)
        : this(options, null)
    {
    }

    /// <summary>As above; also reports each step.</summary>
    internal Runner(RunnerOptions options, Action? afterStep)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Threads, 1, nameof(options));
        this.options = options;
        this.afterStep = afterStep;
        store = new RunStore(options.Store);
        stages = store.Stages();
        features = new FeatureStore(Path.Combine(options.Store, "features"));
    }

    /// <summary>The versions of the computing libraries, and the names of the passes that are off.</summary>
    internal static string Versions(PassSet passes)
    {
        var own = typeof(Runner).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>();
        var place = get_default_device().type == TorchSharp.DeviceType.CUDA ? " on a GPU" : "";
        var kernels = passes.Has(Pass.Kernels) ? TorchVersions.Kernels : null;
        var without = passes.LeftOut is { Length: > 0 } left ? $", without {left}" : "";
        return $"Freeze {own?.InformationalVersion.Split('+')[0]}, TorchSharp {TorchVersions.TorchSharp}, "
            + $"libtorch {TorchVersions.Libtorch}{place}, {kernels ?? "no kernels"}, .NET {Environment.Version}{without}";
    }

    /// <summary>Whether the store could not be written: until this is fixed, no other run can succeed.</summary>
    public bool StoreFailed { get; private set; }

    /// <summary>
    /// Trains a run and, first, the run that it starts from, unless the store has their results. Never throws for a problem that
    /// ends a run.
    /// </summary>
    /// <param name="run">The run to train.</param>
    /// <param name="report">Receives progress on the calling thread, steps at most ten times a second.</param>
    /// <param name="cancel">Stops the run after the current step.</param>
    public RunOutcome Execute(Run run, Action<Progress> report, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(report);
        return Execute(run, options.Retry, report, cancel);
    }

    private RunOutcome Execute(Run run, bool retry, Action<Progress> report, CancellationToken cancel)
    {
        var hash = Address.ofRecipe(run.Recipe);
        try
        {
            // Before the claim, so that another process may train it meanwhile, and this one may train others.
            if (store.Finished(hash, _ => { }) is null && (retry || store.Failed(hash) is null))
            {
                TrainBase(run, report, cancel);
            }

            return store.GetOrTrain(
                hash,
                "",
                note => store.Finished(hash, note),
                claim => (retry ? null : store.Failed(hash)) ?? ExecuteClaimed(run, hash, claim, report, cancel),
                note => report(Progress.NewNote(note)));
        }
        catch (ElsewhereException other)
        {
            return RunOutcome.NewElsewhere(other.Holder);
        }
        catch (LostClaimException)
        {
            return RunOutcome.NewElsewhere("another process");
        }
        catch (BaseFailedException failed)
        {
            return RunOutcome.NewWaitingFor(failed.Base, failed.Reason);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return RunOutcome.Interrupted;
        }
#pragma warning disable CA1031 // The one place where an exception becomes a record, so that a batch goes on.
        catch (Exception error)
#pragma warning restore CA1031
        {
            StoreFailed |= error is IOException or UnauthorizedAccessException;
            var failure = Failures.Of(run, hash, error);
            failures[hash] = failure.Message;
            return RunOutcome.NewFailed(failure);
        }
    }

    /// <summary>Frees the data set.</summary>
    public void Dispose() => set?.Dispose();

    private RunOutcome ExecuteClaimed(
        Run run, string hash, Claim claim, Action<Progress> report, CancellationToken cancel)
    {
        var origin = store.OriginOf(run.Recipe);
        using var folder = new RunFolder(store.FolderOf(hash), run, hash, claim, origin);
        try
        {
            var result = Train(run, origin, hash, folder, report, cancel);
            return RunOutcome.NewFinished(result, [.. folder.Times]);
        }
        catch (Exception error) when (Failures.IsOfRun(error))
        {
            TryRecord(folder, Failures.Of(run, hash, error));
            throw;
        }
    }

    private RunResult Train(
        Run run, RunOrigin? origin, string hash, RunFolder folder, Action<Progress> report, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        // Before the data, which may take minutes to read.
        Computing.Demand(run.Recipe);
        if (options.GivesMemoryBack)
        {
            ResidentMemory.GiveBack();
        }

        // Before the first run only libtorch has been loaded.
        memory ??= new ResidentMemory();
        ResidentMemory.Begin();
        var images = Images(run.Recipe.Data, report);
        using var device = Computing.Begin(run.Recipe);
        using var scope = NewDisposeScope();
        set_num_threads(options.Threads);
        var session = new TrainingSession(options, images, features, memory, report, afterStep, cancel);
        return run.Recipe.Learning switch
        {
            { IsTogether: true } => new Together(session, Resolved(run, origin)).Train(hash, folder, Shorter(run.Recipe)),
            Learning.StageByStage => new StageByStage(session, Resolved(run, origin), run.Recipe, origin, stages).Train(hash, folder),
            Learning.Ensemble => new Ensemble(session, run, Base).Train(store.FolderOf(hash), hash, folder),
            _ => throw new UnreachableException($"no training for plan case {run.Recipe.Learning}"),
        };
    }

    // The run that this one starts from is a run like any other and is trained once. If it failed, it is tried again only when it
    // is requested itself, not by each run that starts from it.
    private void TrainBase(Run run, Action<Progress> report, CancellationToken cancel)
    {
        if (run.Recipe.From is not Origin.Run { Base: var before })
        {
            return;
        }

        var hash = Address.ofRecipe(before.Recipe);
        store.ForgetUnreadable(hash, note => report(Progress.NewNote(note)));
        if (failures.TryGetValue(hash, out var reason) && !store.FilesOf(hash).IsFinished)
        {
            throw new BaseFailedException(before.Name, reason);
        }

        switch (Execute(Origins.asRun(run.Profile, before), retry: false, report, cancel))
        {
            case RunOutcome.Finished or RunOutcome.Already:
                break;
            case RunOutcome.Elsewhere elsewhere:
                throw new ElsewhereException($"{elsewhere.Holder}, {before.Name}");
            case { IsInterrupted: true }:
                throw new OperationCanceledException(cancel);
            case RunOutcome.WaitingFor waiting:
                throw new BaseFailedException(waiting.Base, waiting.Reason);
            case RunOutcome.Failed failed:
                throw new BaseFailedException(before.Name, failed.Failure.Message);
            case RunOutcome.FailedBefore failed:
                throw new BaseFailedException(before.Name, failed.Failure.Message);
            case var other:
                throw new UnreachableException($"no base for outcome {other}");
        }
    }

    // The run as it is trained, with its base's file.
    private static Run Resolved(Run run, RunOrigin? origin) => (run.Recipe.From, origin) switch
    {
        ({ IsNothing: true }, _) => run,
        (_, null) => throw new MachineException("the weights that this run starts from are gone", "run it again: they are trained anew"),
        (_, { } there) => new Run(
            run.Name, run.Profile, run.Axes, run.Place, run.NetName, run.Expected, Origins.resolved(there.Path, there.Digest, run.Recipe)),
    };

    // An ensemble starts from a run like any other, which ensembles with other rules for their members share.
    private string Base(Run start, TrainingSession session) => Execute(start, session.Report, session.Cancel) switch
    {
        RunOutcome.Finished or RunOutcome.Already =>
            store.FilesOf(Address.ofRecipe(start.Recipe)).WeightsPath,
        // A machine problem there is a machine problem here.
        RunOutcome.Failed failed when store.Failed(failed.Failure.Hash) is null =>
            throw new MachineException(failed.Failure.Message, failed.Failure.Advice),
        RunOutcome.Failed failed => throw new RunException($"{start.Name}: {failed.Failure.Message}", failed.Failure.Advice),
        RunOutcome.FailedBefore failed => throw new RunException($"{start.Name}: {failed.Failure.Message}", failed.Failure.Advice),
        RunOutcome.Elsewhere elsewhere => throw new ElsewhereException($"{elsewhere.Holder}, {start.Name}"),
        { IsInterrupted: true } => throw new OperationCanceledException(session.Cancel),
        RunOutcome.WaitingFor waiting => throw new BaseFailedException(waiting.Base, waiting.Reason),
        var other => throw new UnreachableException($"no base for outcome {other}"),
    };

    // Each address costs a hash, so they are computed one by one until a run is found.
    private IEnumerable<ShorterRun> Shorter(Recipe recipe) =>
        Continuations.shorter(recipe).Select(hash => new ShorterRun(hash, store.FilesOf(hash)));

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

    // A disk that cannot store the run cannot store its failure either; the caller gets the failure anyway.
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
