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
/// <param name="Store">The folder where runs are kept; it is made where it is missing.</param>
/// <param name="Data">Where data sets are looked for.</param>
/// <param name="Threads">How many threads compute, at least 1. Other numbers may give other last bits.</param>
/// <param name="CheckpointEvery">How much work may be lost with the process, to within a step.</param>
/// <param name="Retry">Whether a run that has failed is tried again.</param>
public sealed record RunnerOptions(string Store, DataCatalog Data, int Threads, TimeSpan CheckpointEvery, bool Retry)
{
    /// <summary>How many bytes the features of what is fixed may take on the disk of the store, in all.</summary>
    public long FeatureBytes { get; init; } = 16L << 30;

    /// <summary>A quarter of the machine's memory, or of what is left of it to this process.</summary>
    public static long UsualFeatureMemory => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4;

    /// <summary>How many bytes of a run's features are kept in memory: more are kept in a file.</summary>
    public long FeatureMemory { get; init; } = UsualFeatureMemory;

    /// <summary>Whether free memory is given back to the system before each run, so that a run's peak memory is its own.</summary>
    public bool GivesMemoryBack { get; init; } = true;

    /// <summary>The passes that are used; what others would have given is the same but for rounding.</summary>
    public PassSet Passes { get; init; } = PassSet.All;
}

/// <summary>
/// Executes plans, one run after the other. A run that fails is a record like any other: the next goes on. To be
/// used by one thread.
/// </summary>
public sealed class Runner : IDisposable
{
    private readonly RunnerOptions options;
    private readonly RunStore store;
    private readonly RunStore stages;
    private readonly FeatureStore features;
    private readonly Action? afterStep;
    // Why runs have failed here, by their hashes: also by the machine's fault, which no folder records.
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

    /// <summary>The same, and tells of each step.</summary>
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

    /// <summary>The versions of what computes under some passes, and the names of those that are left out.</summary>
    internal static string Versions(PassSet passes)
    {
        var own = typeof(Runner).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>();
        var place = get_default_device().type == TorchSharp.DeviceType.CUDA ? " on a GPU" : "";
        var kernels = passes.Has(Pass.Kernels) ? TorchVersions.Kernels : null;
        var without = passes.LeftOut is { Length: > 0 } left ? $", without {left}" : "";
        return $"Freeze {own?.InformationalVersion.Split('+')[0]}, TorchSharp {TorchVersions.TorchSharp}, "
            + $"libtorch {TorchVersions.Libtorch}{place}, {kernels ?? "no kernels"}, .NET {Environment.Version}{without}";
    }

    /// <summary>Whether the store could not be written: no other run has a chance before that is mended.</summary>
    public bool StoreFailed { get; private set; }

    /// <summary>
    /// Trains a run, unless its store already holds its result, and before it the run that it starts from. Never throws for what
    /// ends a run.
    /// </summary>
    /// <param name="run">What to train.</param>
    /// <param name="report">Is told of progress on the calling thread, of steps at most ten times a second.</param>
    /// <param name="cancel">Ends the run after the step under way.</param>
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
            // Before the claim: another process may train it meanwhile, and this one may train others.
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

    // What a run starts from is a run like any other: it is trained once. What has failed is tried again when it is asked for
    // by itself, not by each that starts from it.
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

    // The run as it is trained, with the file that its base has left.
    private static Run Resolved(Run run, RunOrigin? origin) => (run.Recipe.From, origin) switch
    {
        ({ IsNothing: true }, _) => run,
        (_, null) => throw new MachineException("the weights that this run starts from are gone", "run it again: they are trained anew"),
        (_, { } there) => new Run(
            run.Name, run.Profile, run.Axes, run.Place, run.NetName, run.Expected, Origins.resolved(there.Path, there.Digest, run.Recipe)),
    };

    // What an ensemble starts from is a run like any other: ensembles that differ in their members' rules share it.
    private string Base(Run start, TrainingSession session) => Execute(start, session.Report, session.Cancel) switch
    {
        RunOutcome.Finished or RunOutcome.Already =>
            store.FilesOf(Address.ofRecipe(start.Recipe)).WeightsPath,
        // What was the machine's fault there is so here.
        RunOutcome.Failed failed when store.Failed(failed.Failure.Hash) is null =>
            throw new MachineException(failed.Failure.Message, failed.Failure.Advice),
        RunOutcome.Failed failed => throw new RunException($"{start.Name}: {failed.Failure.Message}", failed.Failure.Advice),
        RunOutcome.FailedBefore failed => throw new RunException($"{start.Name}: {failed.Failure.Message}", failed.Failure.Advice),
        RunOutcome.Elsewhere elsewhere => throw new ElsewhereException($"{elsewhere.Holder}, {start.Name}"),
        { IsInterrupted: true } => throw new OperationCanceledException(session.Cancel),
        RunOutcome.WaitingFor waiting => throw new BaseFailedException(waiting.Base, waiting.Reason),
        var other => throw new UnreachableException($"no base for outcome {other}"),
    };

    // Each address takes a hash, so they are computed one by one until a run is found.
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
