using Freeze.Runtime.Nets;
using Freeze.Runtime.Training;
using static TorchSharp.torch;

namespace Freeze.Runtime.Results;

/// <summary>
/// The folder of one run while it is being trained: plan.json, metrics.jsonl, weights.jsonl and times.jsonl (a line an
/// epoch), machines.jsonl, the last two checkpoints, and at the end last.safetensors and, last of all, result.json. Its owner has claimed it.
/// </summary>
internal sealed class RunFolder : IDisposable
{
    private readonly string folder;
    private readonly string hash;
    private readonly Claim claim;
    private FileStream? metrics;
    private FileStream? times;
    private FileStream? weights;
    private List<EpochTime> timed = [];

    /// <summary>Opens the records of a run, with its plan.</summary>
    public RunFolder(string folder, Run run, string hash, Claim claim)
    {
        this.folder = folder;
        this.hash = hash;
        this.claim = claim;
        claim.Demand();
        foreach (var left in Directory.GetFiles(folder, $"*{WholeFile.Part}"))
        {
            File.Delete(left);
        }

        // A result that is still there is damaged, else the run would not be trained.
        File.Delete(PathOf("result.json"));
        WholeFile.Write(PathOf("plan.json"), PlanFile.ofRun(run));
    }

    /// <summary>How long the epochs took that are done.</summary>
    public IReadOnlyList<EpochTime> Times => timed;

    /// <summary>
    /// Brings a new training to where the run's last sound checkpoint stood, and begins the records there; a checkpoint
    /// that is not sound is reported. Without one the run starts anew.
    /// </summary>
    /// <param name="trainer">A training of the run that has made no step.</param>
    /// <param name="versions">What computes now.</param>
    /// <param name="note">Is told what is of interest.</param>
    public void Resume(Trainer trainer, string versions, Action<string> note)
    {
        foreach (var name in new[] { "checkpoint.safetensors", "checkpoint-before.safetensors" })
        {
            if (File.Exists(PathOf(name)) && TryResume(PathOf(name), trainer, versions, note))
            {
                break;
            }
        }

        // These are no part of a checkpoint: each line is on the disk before its epoch's others.
        var done = trainer.Records.Count;
        var sizes = JsonLines.Read<WeightRecord>(PathOf("weights.jsonl")).Where(line => line.Epoch <= done).ToArray();
        weights = Begin("weights.jsonl", sizes);
        metrics = Begin("metrics.jsonl", trainer.Records);
        times = Begin("times.jsonl", timed);
        AddMachine();
    }

    /// <summary>Appends an epoch's lines and waits for the disk.</summary>
    public void Append(EpochRecord record, WeightRecord sizes, EpochTime time)
    {
        claim.Demand();
        timed.Add(time);
        WholeFile.Append(weights!, Json.toText(sizes) + "\n");
        WholeFile.Append(metrics!, Json.toText(record) + "\n");
        WholeFile.Append(times!, Json.toText(time) + "\n");
    }

    /// <summary>Keeps where a training stands; the checkpoint before stays beside it.</summary>
    public void Save(Trainer trainer, string versions)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var at = trainer.Position;
        var position = new Position(
            hash, at.Epoch, at.Step, at.LossSum, at.Right, at.Images, at.Seconds, at.Records, [.. timed], at.Threads, versions);
        var path = PathOf("checkpoint.safetensors");
        claim.Demand();
        WholeFile.Write(
            path,
            stream => Checkpoint.Write(stream, position, trainer.State()),
            keepAs: PathOf("checkpoint-before.safetensors"));
    }

    /// <summary>Writes the records of a training that others have done for this one.</summary>
    public void Take(IReadOnlyList<EpochRecord> records, IReadOnlyList<EpochTime> taken)
    {
        claim.Demand();
        timed = [.. taken];
        metrics = Begin("metrics.jsonl", records);
        times = Begin("times.jsonl", timed);
        AddMachine();
    }

    /// <summary>The folder of a training that is part of this run, under the same claim.</summary>
    public RunFolder Within(string place, Run part, string name) => new(place, part, name, claim);

    /// <summary>Writes further records of a training, a line each.</summary>
    public void Beside<T>(string name, IEnumerable<T> records)
    {
        claim.Demand();
        WholeFile.Write(PathOf(name), string.Concat(records.Select(record => Json.toText(record) + "\n")));
    }

    /// <summary>Writes weights and result, then removes what is of no more use: the run is finished.</summary>
    public void Finish(WeightTable weights, RunResult result)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        Finish([.. weights.State()], result);
    }

    /// <summary>The same of any named values and any record; without values no file of them is written.</summary>
    public void Finish<T>(IReadOnlyList<(string Name, Tensor Value)> state, T result)
    {
        claim.Demand();
        if (state.Count > 0)
        {
            WholeFile.Write(PathOf("last.safetensors"), stream => Safetensors.Write(stream, state));
        }

        // Before the result, so that no finished run has word of a failure beside it.
        File.Delete(PathOf("failure.json"));
        WholeFile.Write(PathOf("result.json"), Json.toText(result) + "\n");
        File.Delete(PathOf("checkpoint.safetensors"));
        File.Delete(PathOf("checkpoint-before.safetensors"));
    }

    /// <summary>Leaves word of a failure.</summary>
    public void Fail(RunFailure failure) => WholeFile.Write(PathOf("failure.json"), Json.toText(failure) + "\n");

    /// <summary>Closes the records.</summary>
    public void Dispose()
    {
        metrics?.Dispose();
        times?.Dispose();
        weights?.Dispose();
    }

    private void AddMachine()
    {
        var here = Machine.Here();
        var known = JsonLines.Read<MachineRecord>(PathOf("machines.jsonl")).ToArray();
        if (!known.Contains(here))
        {
            Beside("machines.jsonl", known.Append(here));
        }
    }

    private bool TryResume(string path, Trainer trainer, string versions, Action<string> note)
    {
        try
        {
            var checkpoint = Checkpoint.Read(path, hash);
            var position = checkpoint.Position;
            trainer.Restore(position, checkpoint.Tensor);
            timed = [.. position.Times];
            note($"going on after step {position.Step} of epoch {position.Epoch}");
            if (position.Versions != versions || position.Threads != get_num_threads())
            {
                note(
                    $"the steps before were made by {position.Versions} on {position.Threads} threads: "
                        + "the last bits may differ from those of an undisturbed run");
            }

            return true;
        }
        catch (Exception error) when (error is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            note($"{path} is of no use ({error.Message})");
            return false;
        }
    }

    // What a killed process has written behind its last checkpoint is written again.
    private FileStream Begin<T>(string name, IEnumerable<T> records)
    {
        WholeFile.Write(PathOf(name), string.Concat(records.Select(record => Json.toText(record) + "\n")));
        return new FileStream(PathOf(name), FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
    }

    private string PathOf(string file) => Path.Combine(folder, file);
}
