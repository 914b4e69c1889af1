using Freeze.Report.Maps;
using Freeze.Report.Statistics;

namespace Freeze.Report;

/// <summary>A planned run and its records in a store's folder.</summary>
/// <param name="Run">The run as planned.</param>
/// <param name="Hash">Its address.</param>
/// <param name="Epochs">The recorded epochs.</param>
/// <param name="Times">The times of the epochs.</param>
/// <param name="Result">The result of a finished run.</param>
/// <param name="Failure">The failure of a failed run.</param>
/// <param name="Weights">Statistics of a finished run's weights, if requested.</param>
/// <param name="Maps">Maps of its features.</param>
public sealed record RunRecords(
    Run Run,
    string Hash,
    EpochRecord[] Epochs,
    EpochTime[] Times,
    RunResult? Result,
    RunFailure? Failure,
    IReadOnlyList<LayerStatistics> Weights,
    IReadOnlyList<FeatureMap> Maps)
{
    /// <summary>The size of the trained weights at the end of each epoch.</summary>
    public IReadOnlyList<WeightRecord> Sizes { get; init; } = [];

    /// <summary>The machines that trained it.</summary>
    public IReadOnlyList<MachineRecord> Machines { get; init; } = [];

    /// <summary>The predictions of a finished run's net on its test set, if known.</summary>
    public Confusion? Confusion { get; init; }

    /// <summary>The run's state, as far as records tell: they do not tell whether a process is running it.</summary>
    public RunState State => Result is not null ? RunState.NewDone(Result.TestAccuracy, Epochs.Length)
        : Failure is not null ? RunState.NewFailed(Failure)
        : Epochs.Length > 0 ? RunState.NewInterrupted(Epochs.Length)
        : RunState.Waiting;

    /// <summary>Reads a run's records from a store; an unfinished run's incomplete files are no error.</summary>
    /// <param name="store">The folder of runs.</param>
    /// <param name="run">The run as planned.</param>
    /// <param name="hash">Its address.</param>
    /// <param name="withWeights">Whether to read the weights, which is slow for many runs.</param>
    public static RunRecords Read(string store, Run run, string hash, bool withWeights)
    {
        ArgumentNullException.ThrowIfNull(run);
        var files = new RunFiles(Path.Combine(store, hash));
        var result = files.ReadResult(hash);
        return new RunRecords(
            run,
            hash,
            result?.Epochs ?? files.ReadEpochs(),
            files.ReadTimes(),
            result,
            result is null ? files.ReadFailure() : null,
            withWeights && result is not null ? ReadWeights(files, run) : [],
            FeatureMap.ReadAll(files.Folder))
        {
            Sizes = withWeights || result is null ? files.ReadSizes() : [],
            Machines = files.ReadMachines(),
            Confusion = result is null ? null : files.ReadConfusion(),
        };
    }

    private static IReadOnlyList<LayerStatistics> ReadWeights(RunFiles files, Run run)
    {
        try
        {
            // Weights that start from another run's end have their start in that run's file.
            var recipe = run.Recipe.From.IsNothing ? run.Recipe : new RunStore(Path.GetDirectoryName(files.Folder)!).Resolved(run.Recipe);
            return WeightStatistics.Of(recipe, WholeWeights.Read(files.WeightsPath));
        }
        catch (Exception error) when (error is IOException or InvalidDataException or RunException)
        {
            // The report shows a gap: weights may have been removed, or belong to another plan.
            return [];
        }
    }
}
