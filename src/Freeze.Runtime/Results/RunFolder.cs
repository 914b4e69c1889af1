using Freeze.Runtime.Nets;
using Freeze.Runtime.Training;
using static TorchSharp.torch;

namespace Freeze.Runtime.Results;

/// <summary>
/// Writes the files of one run during training: its plan, a line of measurements per epoch, the machines, the last two
/// checkpoints, and at the end the weights and, last of all, the result. Its owner has claimed it.
/// </summary>
internal sealed class RunFolder : IDisposable
{
    private readonly RunFiles files;
    private readonly string hash;
    private readonly Claim claim;
    private readonly RunOrigin? origin;
    private FileStream? sizes;
    private FileStream? epochs;
    private FileStream? times;
    private List<EpochTime> timed = [];

    /// <summary>Opens the records of a run and writes its plan.</summary>
    /// <param name="folder">Their folder.</param>
    /// <param name="run">The run, as planned.</param>
    /// <param name="hash">The run's hash.</param>
    /// <param name="claim">The claim of the folder.</param>
    /// <param name="origin">The weights that it starts from, or null.</param>
    public RunFolder(string folder, Run run, string hash, Claim claim, RunOrigin? origin = null)
        : this(folder, hash, claim)
    {
        this.origin = origin;
        WholeFile.Write(files.PlanPath, PlanFile.ofRun(run));
    }

    private RunFolder(string folder, string hash, Claim claim)
    {
        files = new RunFiles(folder);
        this.hash = hash;
        this.claim = claim;
        claim.Demand();
        foreach (var left in Directory.GetFiles(folder, $"*{WholeFile.Part}"))
        {
            File.Delete(left);
        }

        // An existing result is damaged; otherwise the run would not be trained.
        File.Delete(files.ResultPath);
    }

    /// <summary>The times of the completed epochs.</summary>
    public IReadOnlyList<EpochTime> Times => timed;

    /// <summary>
    /// Moves new training to the run's last sound checkpoint, and continues the records there; reports damaged checkpoints.
    /// Without one, the run starts from the end of a shorter run, or from the beginning.
    /// </summary>
    /// <param name="trainer">Training of the run that has made no step yet.</param>
    /// <param name="versions">The current versions of the libraries.</param>
    /// <param name="note">Receives notes.</param>
    /// <param name="shorter">The runs that this one extends, the longest first.</param>
    public void Resume(Trainer trainer, string versions, Action<string> note, IEnumerable<ShorterRun>? shorter = null)
    {
        var from = files;
        if (!TryResume(files.CheckpointPath, trainer, versions, note) &&
            !TryResume(files.CheckpointBeforePath, trainer, versions, note) &&
            (shorter ?? []).FirstOrDefault(run => TryFollow(run, trainer, versions, note)) is { } before)
        {
            from = before.Files;
            AddMachines(from.ReadMachines());
        }

        // Checkpoints do not include these: each is on the disk before the epoch's other lines.
        var done = trainer.Records.Count;
        var known = JsonLines.Read<WeightRecord>(from.SizesPath).Where(line => line.Epoch <= done).ToArray();
        sizes = Begin(files.SizesPath, known);
        Take(trainer.Records, timed);
    }

    /// <summary>Appends an epoch's lines and flushes them to the disk.</summary>
    public void Append(EpochRecord record, WeightRecord size, EpochTime time)
    {
        claim.Demand();
        timed.Add(time);
        WholeFile.Append(sizes!, Json.toText(size) + "\n");
        WholeFile.Append(epochs!, Json.toText(record) + "\n");
        WholeFile.Append(times!, Json.toText(time) + "\n");
    }

    /// <summary>Saves the training's position; the previous checkpoint is kept too.</summary>
    public void Save(Trainer trainer, string versions)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        claim.Demand();
        WholeFile.Write(
            files.CheckpointPath,
            stream => Checkpoint.Write(stream, PositionOf(trainer, versions, timed), trainer.State()),
            keepAs: files.CheckpointBeforePath);
    }

    /// <summary>
    /// Saves the end of the training for longer runs to continue from. Last weights and times have their own files and are left
    /// out, so repetitions give the same bytes.
    /// </summary>
    public void KeepEnd(Trainer trainer, string versions)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        claim.Demand();
        WholeFile.Write(files.EndPath, stream => Checkpoint.Write(
            stream, PositionOf(trainer, versions, []), trainer.StateBesideWeights(), beside: trainer.Weights.State()));
    }

    private ResumePoint PositionOf(Trainer trainer, string versions, IEnumerable<EpochTime> times)
    {
        var at = trainer.Position;
        return new ResumePoint(
            OfOrigin(hash), at.Epoch, at.Step, at.LossSum, at.Right, at.Images, at.Seconds, at.Records, [.. times], at.Threads, versions);
    }

    // If the earlier run was trained again to other bits, nothing resumes from results of the old ones.
    private string OfOrigin(string address) => origin is null ? address : $"{address} from {origin.Digest}";

    /// <summary>Writes the records of training that was done elsewhere for this run.</summary>
    public void Take(IReadOnlyList<EpochRecord> records, IReadOnlyList<EpochTime> taken)
    {
        timed = [.. taken];
        epochs = Begin(files.EpochsPath, records);
        times = Begin(files.TimesPath, timed);
        AddMachines([Machine.Record]);
    }

    /// <summary>The folder of training that is part of this run, under the same claim; its plan follows from the run's.</summary>
    public RunFolder Within(string place, string name) => new(place, name, claim);

    /// <summary>Writes the times of a net's stages.</summary>
    public void Take(IEnumerable<StageTime> stages) => WriteLines(files.StageTimesPath, stages);

    /// <summary>Writes the net's predictions on the test set.</summary>
    public void Take(Confusion confusion)
    {
        claim.Demand();
        files.Write(confusion);
    }

    /// <summary>Writes the weights after the last epoch.</summary>
    public void KeepLast(WeightTable weights) => Keep(files.WeightsPath, weights);

    /// <summary>Writes the weights after the best epoch, and returns the SHA-256 of their file.</summary>
    public string KeepBest(WeightTable weights)
    {
        Keep(files.BestPath, weights);
        return Safetensors.Digest(files.BestPath);
    }

    /// <summary>Writes named values and a record, as <see cref="Finish{T}(T)"/> does.</summary>
    public void Finish<T>(IReadOnlyList<(string Name, Tensor Value)> state, T result)
    {
        Keep(files.WeightsPath, state);
        Finish(result);
    }

    /// <summary>Writes the result, then removes files that are no longer needed: the run is finished.</summary>
    public void Finish<T>(T result)
    {
        claim.Demand();
        // Before the result, so that no finished run has a record of a failure.
        File.Delete(files.FailurePath);
        WholeFile.Write(files.ResultPath, Json.toText(result) + "\n");
        files.ForgetCheckpoints();
    }

    /// <summary>Writes the record of a failure.</summary>
    public void Fail(RunFailure failure) => WholeFile.Write(files.FailurePath, Json.toText(failure) + "\n");

    /// <summary>Closes the records.</summary>
    public void Dispose()
    {
        sizes?.Dispose();
        epochs?.Dispose();
        times?.Dispose();
    }

    private void Keep(string path, WeightTable weights)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        if (origin is not null && BorrowedWeights.Split(weights, origin) is var (own, rest))
        {
            claim.Demand();
            WholeFile.Write(path, stream => Safetensors.Write(stream, own, (WholeWeights.Note, Json.toText(rest))));
        }
        else
        {
            Keep(path, [.. weights.State()]);
        }
    }

    private void Keep(string path, IReadOnlyList<(string Name, Tensor Value)> state)
    {
        claim.Demand();
        WholeFile.Write(path, stream => Safetensors.Write(stream, state));
    }

    private bool TryResume(string path, Trainer trainer, string versions, Action<string> note)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        try
        {
            var checkpoint = Checkpoint.Read(path, OfOrigin(hash));
            var position = checkpoint.Position;
            trainer.Restore(position, checkpoint.Tensor);
            timed = [.. position.Times];
            note($"going on after step {position.Step} of epoch {position.Epoch}");
            if (position.Versions != versions || position.Threads != get_num_threads())
            {
                note(
                    $"the steps before were made by {position.Versions} on {position.Threads} threads: "
                        + "the last bits may differ from those of an uninterrupted run");
            }

            return true;
        }
        catch (Exception error) when (IsOfNoUse(error))
        {
            note($"{path} cannot be used ({error.Message})");
            return false;
        }
    }

    // Only if the bits are those of a run from the beginning: otherwise only time is lost.
    private bool TryFollow(ShorterRun shorter, Trainer trainer, string versions, Action<string> note)
    {
        var path = shorter.Files.EndPath;
        if (!File.Exists(path))
        {
            return false;
        }

        try
        {
            var end = Checkpoint.Read(path, OfOrigin(shorter.Hash), beside: shorter.Files.WeightsPath);
            var position = end.Position;
            var name = $"{shorter.Hash} ({position.Records.Length} epoch{(position.Records.Length == 1 ? "" : "s")})";
            var times = shorter.Files.ReadTimes();
            if (WhatDiffers(shorter, position, times, versions) is { } difference)
            {
                note($"does not go on from {name}, trained {difference}: the bits might be others");
                return false;
            }

            trainer.Restore(position, end.Tensor);
            timed = [.. EpochTimeModule.takenFrom(shorter.Hash, times)];
            note($"goes on from {name}");
            return true;
        }
        catch (Exception error) when (IsOfNoUse(error))
        {
            note($"{path} cannot be used ({error.Message})");
            return false;
        }
    }

    // A difference that may change the last bits of the same recipe, as far as records tell, or null.
    private static string? WhatDiffers(ShorterRun shorter, ResumePoint position, EpochTime[] times, string versions) =>
        position.Versions != versions ? $"by {position.Versions}"
        : times.Select(time => time.Threads).Append(position.Threads).FirstOrDefault(other => other != get_num_threads())
            is > 0 and var threads ? $"on {threads} threads"
        : shorter.Files.ReadMachines().FirstOrDefault(machine => machine.Processor != Machine.Record.Processor) is { } machine
            ? $"on the processor {machine.Processor}"
        : null;

    private static bool IsOfNoUse(Exception error) =>
        error is IOException or InvalidDataException or UnauthorizedAccessException;

    private void AddMachines(IEnumerable<MachineRecord> added)
    {
        var known = JsonLines.Read<MachineRecord>(files.MachinesPath).ToArray();
        var all = known.Union(added).ToArray();
        if (all.Length > known.Length)
        {
            WriteLines(files.MachinesPath, all);
        }
    }

    // Lines after the last checkpoint of a killed process are written again.
    private FileStream Begin<T>(string path, IEnumerable<T> records)
    {
        WriteLines(path, records);
        return new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
    }

    private void WriteLines<T>(string path, IEnumerable<T> records)
    {
        claim.Demand();
        WholeFile.Write(path, string.Concat(records.Select(record => Json.toText(record) + "\n")));
    }
}
