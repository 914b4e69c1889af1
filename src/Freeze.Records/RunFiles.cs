namespace Freeze.Records;

/// <summary>
/// The files of a run, or of a training that is part of one, in a folder that need not be there. Whoever reads them takes
/// what is whole: another process may be writing them, or removing them.
/// </summary>
public sealed class RunFiles(string folder)
{
    internal const string Weights = "last.safetensors";
    internal const string Best = "best.safetensors";

    /// <summary>The folder.</summary>
    public string Folder => folder;

    /// <summary>The weights at the end.</summary>
    public string WeightsPath => PathOf(Weights);

    /// <summary>The weights after the best epoch, where the run keeps them.</summary>
    public string BestPath => PathOf(Best);

    /// <summary>Whether the run is finished: its result is written last.</summary>
    public bool IsFinished => File.Exists(ResultPath);

    /// <summary>Whether there is a plan, which may be damaged.</summary>
    public bool IsPlanned => File.Exists(PlanPath);

    /// <summary>When the plan was written, by the store's clock.</summary>
    public DateTime Planned => File.GetLastWriteTimeUtc(PlanPath);

    /// <summary>When the run came to its result or its failure, by the store's clock; long ago where it has neither.</summary>
    public DateTime Ended => File.GetLastWriteTimeUtc(IsFinished ? ResultPath : FailurePath);

    internal string PlanPath => PathOf("plan.json");
    internal string EpochsPath => PathOf("metrics.jsonl");
    internal string SizesPath => PathOf("weights.jsonl");
    internal string TimesPath => PathOf("times.jsonl");
    internal string MachinesPath => PathOf("machines.jsonl");
    internal string StageTimesPath => PathOf("stage-times.jsonl");
    internal string CheckpointPath => PathOf("checkpoint.safetensors");
    internal string CheckpointBeforePath => PathOf("checkpoint-before.safetensors");

    /// <summary>What a longer run needs beside the last weights to go on from this one, where there may be such a run.</summary>
    public string EndPath => PathOf("end.safetensors");
    internal string ConfusionPath => PathOf("confusion.json");
    internal string ResultPath => PathOf("result.json");
    internal string FailurePath => PathOf("failure.json");

    /// <summary>Of a stage's folder that of a candidate, from 0.</summary>
    public RunFiles Candidate(int number) => new(PathOf($"candidate-{number}"));

    /// <summary>Of a candidate's folder that of a further rung, from 2.</summary>
    public RunFiles Rung(int number) => new(PathOf($"rung-{number}"));

    /// <summary>Of an ensemble's folder that of a member, from 1.</summary>
    public RunFiles Member(int number) => new(PathOf($"member-{number}"));

    /// <summary>The files that are there; claims are none of the run's.</summary>
    public IEnumerable<FileInfo> List() =>
        new DirectoryInfo(folder).EnumerateFiles().Where(file => !file.Name.StartsWith(Claim.Prefix, StringComparison.Ordinal));

    /// <summary>
    /// Removes the checkpoints of a finished run, of which a process that was killed as it finished may have left some. A store that
    /// can only be read keeps them.
    /// </summary>
    internal void ForgetCheckpoints()
    {
        foreach (var path in new[] { CheckpointPath, CheckpointBeforePath }.Where(File.Exists))
        {
            try
            {
                File.Delete(path);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                return;
            }
        }
    }

    /// <summary>The run as it was planned, or null where that cannot be read.</summary>
    public Run? ReadPlan() => TryRead(PlanPath, text => PlanFile.ofRecord(text).Single());

    /// <summary>The result of the run of a hash, or null where it has none that can be read.</summary>
    public RunResult? ReadResult(string hash) =>
        TryRead(ResultPath, Json.ofText<RunResult>) is { } result && result.Hash == hash ? result : null;

    /// <summary>
    /// How the run's net answered on its test set, or null: where that learned together with others, and in stores that were
    /// written before there was such a file until the run is evaluated.
    /// </summary>
    public Confusion? ReadConfusion() =>
        TryRead(ConfusionPath, Json.ofText<Confusion>) is { } found && ConfusionModule.isSound(found) ? found : null;

    /// <summary>Writes how the run's net answered on its test set.</summary>
    public void Write(Confusion confusion) => WholeFile.Write(ConfusionPath, Json.toText(confusion) + "\n");

    /// <summary>The failure that the run's last attempt has left, or null.</summary>
    public RunFailure? ReadFailure() => TryRead(FailurePath, Json.ofText<RunFailure>);

    /// <summary>The epochs that are recorded.</summary>
    public EpochRecord[] ReadEpochs() => ReadLines<EpochRecord>(EpochsPath);

    /// <summary>How long the epochs took.</summary>
    public EpochTime[] ReadTimes() => ReadLines<EpochTime>(TimesPath);

    /// <summary>How large what learns was at the end of each epoch.</summary>
    public WeightRecord[] ReadSizes() => ReadLines<WeightRecord>(SizesPath);

    /// <summary>The machines that trained the run.</summary>
    public MachineRecord[] ReadMachines() => ReadLines<MachineRecord>(MachinesPath);

    /// <summary>Of a member of an ensemble the SHA-256 of the weights that it started from, or null.</summary>
    public string? ReadMember() => TryRead(ResultPath, Json.ofText<string>);

    private string PathOf(string name) => Path.Combine(folder, name);

    private static T? TryRead<T>(string path, Func<string, T> parse)
        where T : class
    {
        try
        {
            return File.Exists(path) ? parse(File.ReadAllText(path)) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or Json.JsonMismatch
            or InvalidOperationException)
        {
            return null;
        }
    }

    private static T[] ReadLines<T>(string path)
    {
        try
        {
            return [.. JsonLines.Read<T>(path)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
