using Freeze.Report.Maps;
using Freeze.Report.Statistics;

namespace Freeze.Report;

/// <summary>How far a run is.</summary>
public enum RunState
{
    /// <summary>It has a result.</summary>
    Finished,

    /// <summary>Some epochs are recorded.</summary>
    UnderWay,

    /// <summary>Its last attempt left a failure.</summary>
    Failed,

    /// <summary>Nothing is recorded.</summary>
    Missing,
}

/// <summary>A planned run and what its folder in a store holds of it.</summary>
/// <param name="Run">As planned.</param>
/// <param name="Hash">Its address.</param>
/// <param name="State">How far it is.</param>
/// <param name="Epochs">The epochs that are recorded.</param>
/// <param name="Times">How long they took.</param>
/// <param name="Result">What a finished run left.</param>
/// <param name="Failure">What a failed one left.</param>
/// <param name="Weights">Statistics of a finished run's weights, where they were asked for.</param>
/// <param name="Maps">Maps of its features.</param>
public sealed record RunRecords(
    Run Run,
    string Hash,
    RunState State,
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

    /// <summary>What a store holds of a run; nothing is an error that a run under way may leave behind.</summary>
    /// <param name="store">The folder of runs.</param>
    /// <param name="run">As planned.</param>
    /// <param name="hash">Its address.</param>
    /// <param name="withWeights">Whether to read the weights, which takes a while where there are many.</param>
    public static RunRecords Read(string store, Run run, string hash, bool withWeights)
    {
        ArgumentNullException.ThrowIfNull(run);
        var folder = Path.Combine(store, hash);
        if (!Directory.Exists(folder))
        {
            return new RunRecords(run, hash, RunState.Missing, [], [], null, null, [], []);
        }

        var result = TryRead<RunResult>(Path.Combine(folder, "result.json"));
        result = result?.Hash == hash ? result : null;
        var failure = result is null ? TryRead<RunFailure>(Path.Combine(folder, "failure.json")) : null;
        EpochRecord[] epochs = result?.Epochs ?? Lines<EpochRecord>(Path.Combine(folder, "metrics.jsonl"));
        var state = result is not null ? RunState.Finished
            : failure is not null ? RunState.Failed
            : epochs.Length > 0 ? RunState.UnderWay
            : RunState.Missing;
        return new RunRecords(
            run,
            hash,
            state,
            epochs,
            Lines<EpochTime>(Path.Combine(folder, "times.jsonl")),
            result,
            failure,
            withWeights && result is not null ? ReadWeights(folder, run) : [],
            FeatureMap.ReadAll(folder))
        {
            Sizes = withWeights || result is null ? Lines<WeightRecord>(Path.Combine(folder, "weights.jsonl")) : [],
            Machines = Lines<MachineRecord>(Path.Combine(folder, "machines.jsonl")),
        };
    }

    private static IReadOnlyList<LayerStatistics> ReadWeights(string folder, Run run)
    {
        try
        {
            return WeightStatistics.Of(run.Recipe, Safetensors.Read(Path.Combine(folder, "last.safetensors")));
        }
        catch (Exception error) when (error is IOException or InvalidDataException or RunException)
        {
            // The report shows a gap: weights may have been cleared away, or be another plan's.
            return [];
        }
    }

    private static T? TryRead<T>(string path)
        where T : class
    {
        try
        {
            return File.Exists(path) ? Json.ofText<T>(File.ReadAllText(path)) : null;
        }
        catch (Exception error) when (error is IOException or Json.JsonMismatch)
        {
            return null;
        }
    }

    private static T[] Lines<T>(string path)
    {
        try
        {
            return [.. JsonLines.Read<T>(path)];
        }
        catch (IOException)
        {
            return [];
        }
    }
}
