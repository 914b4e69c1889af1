using System.Globalization;
using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Prefixes;
using Freeze.Runtime.Results;
using Freeze.Runtime.Training;
using static TorchSharp.torch;

namespace Freeze.Runtime.Stagewise;

/// <summary>
/// Trains a stage of a net, unless the store has it: one candidate after another, each with a classifier of its own. A stage has
/// a folder named by its address, with a folder for each candidate's training.
/// </summary>
internal sealed class StageTraining(TrainingSession session, Run run, Recipe planned, RunOrigin? origin, RunStore store)
{
    private const string Weights = RunFiles.Weights;

    // Written last: its presence means that the stage is complete.
    private const string Record = "stage.json";

    private const string Times = "times.json";

    // The SHA-256 of the base weights that the trainings in the folder start from.
    private const string Base = "base.txt";

    /// <summary>The result of a stage, counted from 1, that follows trained stages.</summary>
    /// <exception cref="ElsewhereException">Another process is training it.</exception>
    /// <exception cref="RunException">All candidates have failed.</exception>
    public StageOutcome Of(int stage, IReadOnlyList<StageOutcome> before)
    {
        var address = Stages.address(planned, stage);
        return store.GetOrTrain(
            address,
            $"stage {stage}",
            note => Finished(address, note),
            claim =>
            {
                ForgetOtherBase(address, claim);
                return Train(stage, address, before, claim);
            },
            session.Note);
    }

    private bool IsOfOtherBase(string address) =>
        origin is not null && !(PathOf(address, Base) is var path && File.Exists(path) && File.ReadAllText(path) == origin.Digest);

    // If the base was trained again to other bits, results of the old ones are not used.
    private void ForgetOtherBase(string address, Claim claim)
    {
        if (!IsOfOtherBase(address))
        {
            return;
        }

        claim.Demand();
        File.Delete(PathOf(address, Record));
        foreach (var training in Directory.GetDirectories(store.FolderOf(address)))
        {
            Directory.Delete(training, recursive: true);
        }

        WholeFile.Write(PathOf(address, Base), origin!.Digest);
    }

    private StageOutcome? Finished(string address, Action<string> note)
    {
        var path = PathOf(address, Record);
        if (!File.Exists(path))
        {
            return null;
        }

        if (IsOfOtherBase(address))
        {
            note($"{path} comes from other weights of the run that this one starts from: the stage is trained again");
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
            note($"{path} cannot be used ({error.Message}): the stage is trained again");
        }

        return null;
    }

    private StageOutcome Train(int stage, string address, IReadOnlyList<StageOutcome> before, Claim claim)
    {
        var (name, stages) = (run.Recipe.Net.Stages[stage - 1].Name, run.Recipe.Net.Stages.Length);
        var tried = ((Learning.StageByStage)run.Recipe.Learning).Candidates[stage - 1];
        var reconstructs = Stages.reconstructs(run.Recipe, stage);
        using var scope = NewDisposeScope();
        using var features = FeaturesOf(before);
        Part Trained(int i, int rung)
        {
            var more = rung > 1 ? string.Create(CultureInfo.InvariantCulture, $", rung {rung}") : "";
            session.Note(string.Create(
                CultureInfo.InvariantCulture,
                $"stage {stage} of {stages}, candidate {i + 1} of {tried.Length}{more}: "
                    + $"lr {OptimizerModule.learningRate(tried[i]):G4}, decay {OptimizerModule.decay(tried[i]):G4}"));
            var first = reconstructs
                ? Stages.reconstruction(run.Recipe, stage, tried[i])
                : Stages.training(run.Recipe, stage, tried[i]);
            var recipe = Enumerable.Range(1, rung - 1)
                .Aggregate(first, (shorter, _) => Continuations.longer(shorter.Epochs * Searches.keptOneOf, shorter));
            ShorterRun Of(int number) => new(
                number == 1 ? $"{address}/{i}" : $"{address}/{i}/{number}",
                number == 1 ? store.FilesOf(address).Candidate(i) : store.FilesOf(address).Candidate(i).Rung(number));
            var own = Of(rung);
            return this.Trained($"stage {stage}, candidate {i}{more}", own.Hash, recipe, features, own.Files, claim, rung > 1 ? [Of(rung - 1)] : []);
        }

        var (candidates, best) = Tried(tried.Length, Trained);
        var file = candidates[best].Place.WeightsPath;
        var record = new StageRecord(
            name, address, [.. candidates.Select(candidate => candidate.Record)], best, Safetensors.Digest(file));
        var time = new StageTime(
            name, address, features?.Seconds ?? 0, [.. candidates.Select(candidate => candidate.Times)], []);
        var alone = new StageOutcome(record, time, Safetensors.Read(file));
        var outcome = Keep(reconstructs ? Classified(stage, before, alone, claim) : alone, claim);
        features?.Forget(session.Features);
        return outcome;
    }

    // Each candidate's longest training that did not fail, and the index of the best; a halving search keeps the winner of the
    // last rung.
    private (Part[] Candidates, int Best) Tried(int count, Func<int, int, Part> train)
    {
        var candidates = Enumerable.Range(0, count).Select(i => train(i, 1)).ToArray();
        var rung = Ranked(Enumerable.Range(0, count), candidates);
        if (rung.Length == 0)
        {
            throw new RunException(
                $"all candidates failed: {candidates[0].Record.Failure}", "try lower learning rates, such as a tenth");
        }

        foreach (var (size, number) in Searches.rungs(count).Skip(1).Select((size, i) => (size, i + 2)))
        {
            if (!run.Recipe.Halving)
            {
                break;
            }

            var sound = new List<int>();
            foreach (var i in rung.Take(size))
            {
                if (train(i, number) is { Record.Failure.Length: 0 } longer)
                {
                    candidates[i] = longer;
                    sound.Add(i);
                }
            }

            // If all have diverged, their previous rungs are the best there is.
            if (sound.Count == 0)
            {
                break;
            }

            rung = Ranked(sound, candidates);
        }

        return (candidates, rung[0]);
    }

    // The best first, of equal ones the first; failed ones are left out.
    private static int[] Ranked(IEnumerable<int> which, Part[] candidates)
    {
        double Score(CandidateRecord record) => record.Reconstruction is [.., var last]
            ? -last.ValidationError
            : record.Epochs[^1].ValidationAccuracy;
        return [.. which.Where(i => candidates[i].Record.Failure.Length == 0).OrderByDescending(i => Score(candidates[i].Record))];
    }

    // Fixes the weights of a stage that was trained without labels, and drops its decoder: the classifier is trained on the
    // features of all stages up to this one.
    private StageOutcome Classified(int stage, IReadOnlyList<StageOutcome> before, StageOutcome alone, Claim claim)
    {
        session.Note($"stage {stage} of {run.Recipe.Net.Stages.Length}, its classifier");
        var address = alone.Record.Address;
        var place = new RunFiles(PathOf(address, "classifier"));
        using var features = FeaturesOf([.. before, alone]);
        var classifier = Trained(
            $"stage {stage}, classifier", $"{address}/classifier", Stages.classifier(run.Recipe, stage), features, place, claim, []);
        if (classifier.Record.Failure.Length > 0)
        {
            throw new RunException(
                $"the classifier of stage {stage} failed: {classifier.Record.Failure}",
                "try a lower learning rate, such as a tenth");
        }

        features!.Forget(session.Features);
        var own = new WeightTable(Stages.features(run.Recipe, stage)).State().Select(entry => entry.Name).ToHashSet();
        return new StageOutcome(
            StageRecordModule.classified(alone.Record, classifier.Record),
            StageTimeModule.classified(alone.Time, classifier.Times),
            alone.Weights.Where(entry => own.Contains(entry.Key))
                .Concat(Safetensors.Read(place.WeightsPath))
                .ToDictionary());
    }

    // The first stage reads the images. For later stages, the features of the fixed stages are computed once and kept in a file
    // if each epoch sees the same images and there is room; otherwise each batch computes them.
    private FrontFeatures? FeaturesOf(IReadOnlyList<StageOutcome> before)
    {
        if (before.Count == 0)
        {
            return null;
        }

        var recipe = run.Recipe;
        var front = StageWeights.Front(recipe, before, session.Options.Passes);
        var features = new FrontFeatures(session.Images, recipe, front);
        if (AugmentationModule.tryVarying(recipe.Augmentations) is not null)
        {
            session.Note("images vary from epoch to epoch: each batch computes the features of the stages before");
        }
        else
        {
            features.Keep(
                $"{before[^1].Record.Address}, {origin?.Digest} {string.Join(' ', before.Select(stage => stage.Record.Weights))}",
                $"{features.Training} images' features of the stages before",
                memory: 0,
                session);
        }

        return features;
    }

    private Part Trained(
        string name, string hash, Recipe recipe, FrontFeatures? features, RunFiles place, Claim claim, ShorterRun[] shorter)
    {
        var record = Trainings.GetOrTrain<CandidateRecord>(place, _ => true, () =>
        {
            var named = new Run($"{run.Name}, {name}", run.Profile, run.Axes, run.Place, run.NetName, [], recipe);
            using var folder = new RunFolder(place.Folder, named, hash, claim);
            var batches = features?.Batches(recipe) ?? new Batches(session.Images, recipe);
            var trainer = new Trainer(recipe, batches, new WeightTable(recipe), session.Options.Passes);
            var failure = "";
            try
            {
                (recipe.Loss.IsReconstruction ? session with { Report = OfErrors } : session).Train(trainer, folder, shorter);
            }
            catch (RunException error)
            {
                // That too is a result of the search; the others continue.
                session.Note(error.Message);
                failure = error.Message;
            }

            using var still = no_grad();
            var made = RecordOf(recipe, trainer, failure);
            if (run.Recipe.Halving && failure.Length == 0 && Continuations.mayFollow(recipe))
            {
                folder.KeepEnd(trainer, session.Versions);
            }

            folder.Finish([.. trainer.Weights.State()], made);
            return made;
        });
        return new Part(record, [.. JsonLines.Read<EpochTime>(place.TimesPath)], place);
    }

    // There is no accuracy to report.
    private void OfErrors(Progress progress)
    {
        if (progress is Progress.Epoch epoch)
        {
            session.Note(string.Create(
                CultureInfo.InvariantCulture,
                $"epoch {epoch.Record.Epoch}/{epoch.Epochs}  error {epoch.Record.TrainingLoss:G4}  "
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

    private StageOutcome Keep(StageOutcome trained, Claim claim)
    {
        claim.Demand();
        var address = trained.Record.Address;
        using (NewDisposeScope())
        {
            (string, Tensor)[] weights = [.. trained.Weights.Select(entry => (entry.Key, entry.Value.ToTensor()))];
            WholeFile.Write(PathOf(address, Weights), stream => Safetensors.Write(stream, weights));
        }

        var record = StageRecordModule.kept(trained.Record, Safetensors.Digest(PathOf(address, Weights)));
        WholeFile.Write(PathOf(address, Times), Json.toText(trained.Time) + "\n");
        WholeFile.Write(PathOf(address, Record), Json.toText(record) + "\n");
        foreach (var folder in Directory.GetDirectories(store.FolderOf(address), "*", SearchOption.AllDirectories))
        {
            File.Delete(Path.Combine(folder, Weights));
            File.Delete(new RunFiles(folder).EndPath);
        }

        return trained with { Record = record };
    }

    private string PathOf(string address, string file) => Path.Combine(store.FolderOf(address), file);

    // The training of a stage: a candidate, or a classifier after its weights.
    private sealed record Part(CandidateRecord Record, EpochTime[] Times, RunFiles Place);
}
