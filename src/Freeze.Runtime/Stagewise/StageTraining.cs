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
    private const string Weights = RunFiles.Weights;

    // Written last: its presence means that the stage is whole.
    private const string Record = "stage.json";

    private const string Times = "times.json";

    // Of the training of the classifier behind a stage that has learned to make its input again.
    private const string ClassifierFolder = "classifier";

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
            if (record.Weights == Safetensors.Digest(PathOf(address, Weights)))
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
        var ownClassifier = Array.Empty<EpochTime>();
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
        var file = store.FilesOf(address).Candidate(best).WeightsPath;
        var kept = Safetensors.Read(file);
        if (Reconstructs(stage))
        {
            var name = run.Recipe.Net.Stages[stage - 1].Name;
            var alone = new StageOutcome(
                new StageRecord(name, address, records, best, Safetensors.Digest(file)), new StageTime(name, address, 0, times, []), kept);
            (records[best], ownClassifier, kept) = Classified(stage, [.. before, alone], claim);
        }

        var time = new StageTime(run.Recipe.Net.Stages[stage - 1].Name, address, seconds, times, ownClassifier);
        return Keep(address, records, best, time, kept, claim);
    }

    private bool Reconstructs(int stage) =>
        Stages.learning(run.Recipe, stage) is { IsReconstruct: true } or { IsReconstructThenSolve: true };

    // The weights of a stage that has learned without labels are fixed from now on, and the decoder is dropped: what the
    // classifier learns from is the features of all stages up to this one.
    private (CandidateRecord Record, EpochTime[] Times, IReadOnlyDictionary<string, StoredTensor> Weights) Classified(
        int stage, StageOutcome[] upTo, Claim claim)
    {
        session.Note($"stage {stage} of {run.Recipe.Net.Stages.Length}, its classifier");
        var (alone, address) = (upTo[^1], upTo[^1].Record.Address);
        var place = PathOf(address, ClassifierFolder);
        Directory.CreateDirectory(place);
        using var scope = NewDisposeScope();
        var recipe = Stages.classifier(run.Recipe, stage);
        using var features = new StageFeatures(session, run.Recipe, upTo, place);
        var (record, times) = Trained($"stage {stage}, classifier", $"{address}/classifier", recipe, features, place, claim);
        if (record.Failure.Length > 0)
        {
            throw new RunException(
                $"the classifier of stage {stage} came to nothing: {record.Failure}", "try a lower learning rate, such as a tenth");
        }

        var best = alone.Record.Candidates[alone.Record.Best];
        var own = StateNames(Stages.features(run.Recipe, stage));
        return (
            new CandidateRecord(best.Optimizer, best.Reconstruction, record.Epochs, ""),
            times,
            alone.Weights.Where(entry => own.Contains(entry.Key))
                .Concat(Safetensors.Read(Path.Combine(place, Weights)))
                .ToDictionary());
    }

    // Weights and running statistics of a net.
    private static HashSet<string> StateNames(Recipe recipe)
    {
        using var scope = NewDisposeScope();
        return [.. new WeightTable(recipe).State().Select(entry => entry.Name)];
    }

    private (CandidateRecord Record, EpochTime[] Times) Candidate(
        int stage, int number, Optimizer optimizer, StageFeatures features, string address, Claim claim)
    {
        var recipe = Reconstructs(stage)
            ? Stages.reconstruction(run.Recipe, stage, optimizer)
            : Stages.training(run.Recipe, stage, optimizer);
        return Trained(
            $"stage {stage}, candidate {number}", $"{address}/{number}", recipe, features, store.FilesOf(address).Candidate(number).Folder, claim);
    }

    private (CandidateRecord Record, EpochTime[] Times) Trained(
        string name, string hash, Recipe recipe, StageFeatures features, string place, Claim claim)
    {
        if (CandidateOf(place) is { } known)
        {
            return known;
        }

        using var scope = NewDisposeScope();
        Directory.CreateDirectory(place);
        var named = new Run($"{run.Name}, {name}", run.Profile, run.Axes, run.Place, run.NetName, [], recipe);
        using var folder = new RunFolder(place, named, hash, claim);
        var trainer = new Trainer(recipe, features.Batches(recipe), new WeightTable(recipe), session.Options.Passes);
        CandidateRecord record;
        try
        {
            (recipe.Loss.IsReconstruction ? session with { Report = OfErrors } : session).Train(trainer, folder);
            record = RecordOf(recipe, trainer, "");
        }
        catch (RunException error)
        {
            // That too is a result of the search; the others go on.
            session.Note(error.Message);
            record = RecordOf(recipe, trainer, error.Message);
        }

        using var still = no_grad();
        folder.Finish([.. trainer.Weights.State()], record);
        return (record, [.. folder.Times]);
    }

    // There are no accuracies to tell of.
    private void OfErrors(Progress progress)
    {
        if (progress is Progress.Epoch epoch)
        {
            session.Note(string.Create(
                CultureInfo.InvariantCulture,
                $"epoch {epoch.Record.Epoch}/{run.Recipe.Epochs}  error {epoch.Record.TrainingLoss:G4}  "
                    + $"validation {epoch.Record.ValidationLoss:G4}"));
        }
        else if (progress.IsNote)
        {
            session.Report(progress);
        }
    }

    private static CandidateRecord RecordOf(Recipe recipe, Trainer trainer, string failure) => recipe.Loss.IsReconstruction
        ? new CandidateRecord(
            recipe.Optimizer,
            [.. trainer.Records.Select(epoch => new ReconstructionEpoch(epoch.Epoch, epoch.TrainingLoss, epoch.ValidationLoss))],
            [],
            failure)
        : new CandidateRecord(recipe.Optimizer, [], [.. trainer.Records], failure);

    // Where its process was killed behind its end.
    private static (CandidateRecord Record, EpochTime[] Times)? CandidateOf(string place)
    {
        try
        {
            var files = new RunFiles(place);
            return files.IsFinished && File.Exists(files.WeightsPath)
                ? (Json.ofText<CandidateRecord>(File.ReadAllText(files.ResultPath)), [.. JsonLines.Read<EpochTime>(files.TimesPath)])
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
            ? sound.MaxBy(i => records[i].Reconstruction is [.., var last]
                ? -last.ValidationError
                : records[i].Epochs[^1].ValidationAccuracy)
            : throw new RunException(
                $"no candidate came to anything: {records[0].Failure}", "try lower learning rates, such as a tenth");
    }

    private StageOutcome Keep(
        string address,
        CandidateRecord[] records,
        int best,
        StageTime time,
        IReadOnlyDictionary<string, StoredTensor> kept,
        Claim claim)
    {
        claim.Demand();
        using (NewDisposeScope())
        {
            (string, Tensor)[] weights = [.. kept.Select(entry => (entry.Key, entry.Value.ToTensor()))];
            WholeFile.Write(PathOf(address, Weights), stream => Safetensors.Write(stream, weights));
        }

        var record = new StageRecord(time.Name, address, records, best, Safetensors.Digest(PathOf(address, Weights)));
        WholeFile.Write(PathOf(address, Times), Json.toText(time) + "\n");
        // Before the record, so that no finished stage keeps what may be gigabytes.
        string[] folders = [.. Directory.GetDirectories(store.FolderOf(address)).Prepend(store.FolderOf(address))];
        foreach (var folder in folders)
        {
            File.Delete(Path.Combine(folder, StageFeatures.FileName));
        }

        WholeFile.Write(PathOf(address, Record), Json.toText(record) + "\n");
        foreach (var folder in folders[1..])
        {
            File.Delete(Path.Combine(folder, Weights));
        }

        return new StageOutcome(record, time, kept);
    }

    private string PathOf(string address, string file) => Path.Combine(store.FolderOf(address), file);
}
