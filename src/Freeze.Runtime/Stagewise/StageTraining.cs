using System.Globalization;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Results;
using Freeze.Runtime.Training;
using static TorchSharp.torch;

namespace Freeze.Runtime.Stagewise;

/// <summary>
/// Trains a stage of a net, unless the store has it: each candidate behind a classifier of its own, one after the other.
/// A stage has a folder named by its address, in which each candidate's training has one.
/// </summary>
internal sealed class StageTraining(TrainingSession session, Run run, RunStore store)
{
    private const string Weights = "last.safetensors";

    // Written last: its presence means that the stage is whole.
    private const string Record = "stage.json";

    private const string Times = "times.json";

    /// <summary>What a stage, from 1, has learned behind those before it.</summary>
    /// <exception cref="ElsewhereException">Another process is at it.</exception>
    /// <exception cref="RunException">No candidate came to anything.</exception>
    public StageOutcome Of(int stage, IReadOnlyList<StageOutcome> before)
    {
        var address = Stages.address(run.Recipe, stage);
        if (Finished(address, _ => { }) is { } known)
        {
            return known;
        }

        using var claim = store.Claim(address, out var heldBy) ?? throw new ElsewhereException($"{heldBy}, stage {stage}");
        // Asked again: another process may have finished it since.
        return Finished(address, session.Note) ?? Train(stage, address, before, claim);
    }

    private StageOutcome? Finished(string address, Action<string> note)
    {
        var path = PathOf(address, Record);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            var record = Json.ofText<StageRecord>(File.ReadAllText(path));
            var time = Json.ofText<StageTime>(File.ReadAllText(PathOf(address, Times)));
            if (record.Weights == StageWeights.Digest(PathOf(address, Weights)))
            {
                return new StageOutcome(record, time, Safetensors.Read(PathOf(address, Weights)));
            }

            note($"{PathOf(address, Weights)} is damaged: the stage is trained again");
        }
        catch (Exception error) when (error is Json.JsonMismatch or InvalidDataException or FileNotFoundException)
        {
            note($"{path} is of no use ({error.Message}): the stage is trained again");
        }

        return null;
    }

    private StageOutcome Train(int stage, string address, IReadOnlyList<StageOutcome> before, Claim claim)
    {
        var tried = ((Learning.StageByStage)run.Recipe.Learning).Candidates[stage - 1];
        var (records, times) = (new CandidateRecord[tried.Length], new EpochTime[tried.Length][]);
        var seconds = 0.0;
        using (var scope = NewDisposeScope())
        using (var features = new StageFeatures(session, run.Recipe, before, store.FolderOf(address)))
        {
            seconds = features.Seconds;
            for (var i = 0; i < tried.Length; i++)
            {
                session.Note(string.Create(
                    CultureInfo.InvariantCulture,
                    $"stage {stage} of {run.Recipe.Net.Stages.Length}, candidate {i + 1} of {tried.Length}: "
                        + $"lr {OptimizerModule.learningRate(tried[i]):G4}, decay {OptimizerModule.decay(tried[i]):G4}"));
                (records[i], times[i]) = Candidate(stage, i, tried[i], features, address, claim);
            }
        }

        var best = Best(records);
        return Keep(address, run.Recipe.Net.Stages[stage - 1].Name, records, best, times, seconds, claim);
    }

    private (CandidateRecord Record, EpochTime[] Times) Candidate(
        int stage, int number, Optimizer optimizer, StageFeatures features, string address, Claim claim)
    {
        var place = PathOf(address, Folder(number));
        if (CandidateOf(place) is { } known)
        {
            return known;
        }

        using var scope = NewDisposeScope();
        var recipe = Stages.training(run.Recipe, stage, optimizer);
        Directory.CreateDirectory(place);
        var named = new Run($"{run.Name}, stage {stage}, candidate {number}", run.Profile, run.Axes, run.NetName, [], recipe);
        using var folder = new RunFolder(place, named, $"{address}/{number}", claim);
        var trainer = new Trainer(recipe, features.Batches(recipe), new WeightTable(recipe), session.Options.Passes);
        CandidateRecord record;
        try
        {
            session.Train(trainer, folder);
            record = new CandidateRecord(optimizer, [.. trainer.Records], "");
        }
        catch (RunException error)
        {
            // That too is a result of the search; the others go on.
            session.Note(error.Message);
            record = new CandidateRecord(optimizer, [.. trainer.Records], error.Message);
        }

        using var still = no_grad();
        folder.Finish([.. trainer.Weights.State()], record);
        return (record, [.. folder.Times]);
    }

    // Where its process was killed behind its end.
    private static (CandidateRecord Record, EpochTime[] Times)? CandidateOf(string place)
    {
        try
        {
            var path = Path.Combine(place, "result.json");
            return File.Exists(path) && File.Exists(Path.Combine(place, Weights))
                ? (Json.ofText<CandidateRecord>(File.ReadAllText(path)), [.. JsonLines.Read<EpochTime>(Path.Combine(place, "times.jsonl"))])
                : null;
        }
        catch (Json.JsonMismatch)
        {
            return null;
        }
    }

    // Of equal ones the first.
    private static int Best(CandidateRecord[] records)
    {
        var sound = Enumerable.Range(0, records.Length).Where(i => records[i].Failure.Length == 0).ToArray();
        return sound.Length > 0
            ? sound.MaxBy(i => records[i].Epochs[^1].ValidationAccuracy)
            : throw new RunException(
                $"no candidate came to anything: {records[0].Failure}", "try lower learning rates, such as a tenth");
    }

    private StageOutcome Keep(
        string address, string name, CandidateRecord[] records, int best, EpochTime[][] times, double seconds, Claim claim)
    {
        claim.Demand();
        var from = PathOf(address, Path.Combine(Folder(best), Weights));
        WholeFile.Write(PathOf(address, Weights), stream =>
        {
            using var file = File.OpenRead(from);
            file.CopyTo(stream);
        });
        var record = new StageRecord(name, address, records, best, StageWeights.Digest(PathOf(address, Weights)));
        var time = new StageTime(name, address, seconds, times);
        WholeFile.Write(PathOf(address, Times), Json.toText(time) + "\n");
        // Before the record, so that no finished stage keeps what may be gigabytes.
        File.Delete(PathOf(address, StageFeatures.FileName));
        WholeFile.Write(PathOf(address, Record), Json.toText(record) + "\n");
        for (var i = 0; i < records.Length; i++)
        {
            File.Delete(PathOf(address, Path.Combine(Folder(i), Weights)));
        }

        return new StageOutcome(record, time, Safetensors.Read(PathOf(address, Weights)));
    }

    private static string Folder(int candidate) => $"candidate-{candidate}";

    private string PathOf(string address, string file) => Path.Combine(store.FolderOf(address), file);
}
