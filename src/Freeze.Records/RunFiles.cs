namespace Freeze.Records;

/// <summary>
/// The files of a run, or of a training within one, in a folder that need not exist. Readers use only complete files: another
/// process may be writing or removing them.
/// </summary>
public sealed class RunFiles(string folder)
{
    internal const string Weights = "last.safetensors";
    internal const string Best = "best.safetensors";

    /// <summary>The folder.</summary>
    public string Folder => folder;

    /// <summary>The final weights.</summary>
    public string WeightsPath => PathOf(Weights);

    /// <summary>The weights after the best epoch, if the run keeps them.</summary>
    public string BestPath => PathOf(Best);

    /// <summary>Whether the run is finished: its result is written last.</summary>
    public bool IsFinished => File.Exists(ResultPath);

    /// <summary>Whether there is a plan, even a damaged one.</summary>
    public bool IsPlanned => File.Exists(PlanPath);

    /// <summary>When the plan was written, by the store's clock.</summary>
    public DateTime Planned => File.GetLastWriteTimeUtc(PlanPath);

    /// <summary>When the result or the failure was written, by the store's clock; long ago if there is neither.</summary>
    public DateTime Ended => File.GetLastWriteTimeUtc(IsFinished ? ResultPath : FailurePath);

    internal string PlanPath => PathOf("plan.json");
    internal string EpochsPath => PathOf("metrics.jsonl");
    internal string SizesPath => PathOf("weights.jsonl");
    internal string TimesPath => PathOf("times.jsonl");
    internal string MachinesPath => PathOf("machines.jsonl");
    internal string StageTimesPath => PathOf("stage-times.jsonl");
    internal string CheckpointPath => PathOf("checkpoint.safetensors");
    internal string CheckpointBeforePath => PathOf("checkpoint-before.safetensors");

    /// <summary>What a longer run needs besides the last weights to continue from this one; only some runs have it.</summary>
    public string EndPath => PathOf("end.safetensors");
    internal string ConfusionPath => PathOf("confusion.json");
    internal string ResultPath => PathOf("result.json");
    internal string FailurePath => PathOf("failure.json");

    /// <summary>In a stage's folder: the folder of a candidate, from 0.</summary>
    public RunFiles Candidate(int number) => new(PathOf($"candidate-{number}"));

    /// <summary>In a candidate's folder: the folder of a further rung, from 2.</summary>
    public RunFiles Rung(int number) => new(PathOf($"rung-{number}"));

    /// <summary>In an ensemble's folder: the folder of a member, from 1.</summary>
    public RunFiles Member(int number) => new(PathOf($"member-{number}"));

    /// <summary>The existing files of the run, without claims.</summary>
    public IEnumerable<FileInfo> List() =>
        new DirectoryInfo(folder).EnumerateFiles().Where(file => !file.Name.StartsWith(Claim.Prefix, StringComparison.Ordinal));

    /// <summary>
    /// Removes checkpoints that a process left because it was killed while it finished the run. A read-only store keeps them.
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

    /// <summary>The run as planned, or null if the plan cannot be read.</summary>
    public Run? ReadPlan() => TryRead(PlanPath, text => PlanFile.ofRecord(text).Single());

    /// <summary>The result of the run with a hash, or null if there is none that can be read.</summary>
    public RunResult? ReadResult(string hash) =>
        TryRead(ResultPath, Json.ofText<RunResult>) is { } result && result.Hash == hash ? result : null;

    /// <summary>
    /// The predictions of the run's net on its test set; null if they are missing, as in stores older than this file until the
    /// run is evaluated.
    /// </summary>
    public Confusion? ReadConfusion() =>
        TryRead(ConfusionPath, Json.ofText<Confusion>) is { } found && ConfusionModule.isSound(found) ? found : null;

    /// <summary>Writes the predictions of the run's net on its test set.</summary>
    public void Write(Confusion confusion) => WholeFile.Write(ConfusionPath, Json.toText(confusion) + "\n");

    /// <summary>The failure of the run's last attempt, or null.</summary>
    public RunFailure? ReadFailure() => TryRead(FailurePath, Json.ofText<RunFailure>);

    /// <summary>The recorded epochs.</summary>
    public EpochRecord[] ReadEpochs() => ReadLines<EpochRecord>(EpochsPath);

    /// <summary>The times of the epochs.</summary>
    public EpochTime[] ReadTimes() => ReadLines<EpochTime>(TimesPath);

    /// <summary>The size of the trained weights at the end of each epoch.</summary>
    public WeightRecord[] ReadSizes() => ReadLines<WeightRecord>(SizesPath);

    /// <summary>The machines that trained the run.</summary>
    public MachineRecord[] ReadMachines() => ReadLines<MachineRecord>(MachinesPath);

    /// <summary>For a member of an ensemble, the SHA-256 of the weights that it started from, or null.</summary>
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
