using Freeze.Report.Maps;
using Freeze.Report.Statistics;

namespace Freeze.Report;

/// <summary>A planned run and what its folder in a store holds of it.</summary>
/// <param name="Run">As planned.</param>
/// <param name="Hash">Its address.</param>
/// <param name="Epochs">The epochs that are recorded.</param>
/// <param name="Times">How long they took.</param>
/// <param name="Result">What a finished run left.</param>
/// <param name="Failure">What a failed one left.</param>
/// <param name="Weights">Statistics of a finished run's weights, where they were asked for.</param>
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
    /// <summary>How large what learns was at the end of each epoch.</summary>
    public IReadOnlyList<WeightRecord> Sizes { get; init; } = [];

    /// <summary>The machines that trained it.</summary>
    public IReadOnlyList<MachineRecord> Machines { get; init; } = [];

    /// <summary>How a finished run's net answered on its test set, where that is known.</summary>
    public Confusion? Confusion { get; init; }

    /// <summary>Where it stands, as far as records tell: they do not say whether a process is at it.</summary>
    public RunState State => Result is not null ? RunState.NewDone(Result.TestAccuracy, Epochs.Length)
        : Failure is not null ? RunState.NewFailed(Failure)
        : Epochs.Length > 0 ? RunState.NewInterrupted(Epochs.Length)
        : RunState.Waiting;

    /// <summary>What a store holds of a run; nothing is an error that a run under way may leave behind.</summary>
    /// <param name="store">The folder of runs.</param>
    /// <param name="run">As planned.</param>
    /// <param name="hash">Its address.</param>
    /// <param name="withWeights">Whether to read the weights, which takes a while where there are many.</param>
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
            // What starts as another run ended has its start in that run's file.
            var recipe = run.Recipe.From.IsNothing ? run.Recipe : new RunStore(Path.GetDirectoryName(files.Folder)!).Resolved(run.Recipe);
            return WeightStatistics.Of(recipe, WholeWeights.Read(files.WeightsPath));
        }
        catch (Exception error) when (error is IOException or InvalidDataException or RunException)
        {
            // The report shows a gap: weights may have been cleared away, or be another plan's.
            return [];
        }
    }
}
