using Freeze.Runtime.Data;
using Freeze.Runtime.Ensembles;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Results;
using Freeze.Runtime.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime;

/// <summary>The predictions of a finished run's net for test images, in their order.</summary>
/// <param name="Loss">Mean cross-entropy in nats, without smoothing.</param>
/// <param name="Accuracy">The fraction of correct predictions.</param>
/// <param name="Labels">The class of each image.</param>
/// <param name="Predicted">The predicted class of each image.</param>
/// <param name="Probabilities">Of the predicted classes, by softmax; for an ensemble, the mean of its members' softmax.</param>
public sealed record NetAnswers(double Loss, double Accuracy, int[] Labels, int[] Predicted, double[] Probabilities);

/// <summary>Evaluates finished runs: each net is built from its recipe and the weights that the run saved.</summary>
public static class Evaluator
{
    /// <summary>Predicts the test images of the run's data set, or of another one.</summary>
    /// <param name="store">The run's store.</param>
    /// <param name="run">A finished run, as it was planned.</param>
    /// <param name="result">Its result.</param>
    /// <param name="own">
    /// The run's data set, whose training images determine the normalisation; null if that is by constants and other images are
    /// given.
    /// </param>
    /// <param name="other">The set whose test images to predict, or null for the run's own.</param>
    /// <param name="threads">The number of threads.</param>
    /// <param name="cancel">Stops after the current batch.</param>
    /// <exception cref="RunException">Weights are missing or do not fit, or the machine cannot compute the run.</exception>
    public static NetAnswers Of(
        RunStore store, Run run, RunResult result, ImageSet? own, ImageSet? other, int threads, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(result);
        var set = (own, other) switch
        {
            (null, null) => throw new ArgumentNullException(nameof(own)),
            (null, _) => other,
            (_, null) => own,
            _ => own.Testing(other),
        };
        RecipeCheck.Demand(run.Recipe, own?.Set ?? DataSourceModule.tryDescribe(run.Recipe.Data)!.Value);
        using var device = Computing.Begin(run.Recipe);
        using var scope = NewDisposeScope();
        using var still = no_grad();
        set_num_threads(threads);
        var files = store.FilesOf(result.Hash);
        // All images of another set are evaluated.
        var recipe = other is null ? run.Recipe : RecipeModule.evaluatedOnAll(run.Recipe);
        return recipe.Learning is Learning.Ensemble plan && result.Learning is LearningRecord.Ensemble { Ensemble: var record }
            ? OfEnsemble(recipe, plan, Path.GetFullPath(store.FilesOf(record.Base).WeightsPath), files, set, cancel)
            : OfNet(recipe, files, set, cancel);
    }

    private static NetAnswers OfNet(Recipe recipe, RunFiles files, ImageSet set, CancellationToken cancel)
    {
        var stored = Guarded(files.WeightsPath, () => WholeWeights.Read(files.WeightsPath));
        var plain = RecipeModule.ofKeptWeights(recipe);
        // Fixed weights come from the file too, so nothing else is needed.
        var weights = new WeightTable(plain, stored.ToDictionary(entry => entry.Key, entry => entry.Value.ToTensor()));
        Guarded(files.WeightsPath, () =>
        {
            weights.Restore(files.WeightsPath, stored);
            return true;
        });
        using var sheet = new AnswerSheet(withProbabilities: true);
        var batches = new Batches(set, plain);
        var judged = new Evaluation(batches, new NetExecutor(plain, weights), plain).JudgeTest(cancel, sheet);
        return new NetAnswers(judged.Loss, judged.Accuracy, batches.TestLabels, sheet.Answers(), sheet.Probabilities());
    }

    private static NetAnswers OfEnsemble(
        Recipe recipe, Learning.Ensemble plan, string start, RunFiles files, ImageSet set, CancellationToken cancel)
    {
        var common = Guarded(start, () => WholeWeights.Read(start)).ToDictionary(entry => entry.Key, entry => entry.Value.ToTensor());
        var digest = Safetensors.Digest(start);
        var training = Freeze.Ensembles.training(recipe, plan.Weights, plan.FrozenStatistics, start, digest);
        var batches = new Batches(set, training);
        var votes = new Votes(batches.TestLabels, recipe.Classes);
        for (var number = 1; number <= plan.Members; number++)
        {
            using var scope = NewDisposeScope();
            var member = files.Member(number);
            var weights = new WeightTable(training, common);
            Guarded(member.WeightsPath, () =>
            {
                MemberFile.Restore(member.WeightsPath, weights);
                return member.ReadMember() == digest
                    ? true
                    : throw new InvalidDataException($"this member started from weights that differ from those now in {start}");
            });
            votes.Add(Ensemble.Logits(training, weights, batches, PassSet.All, cancel));
        }

        var (loss, accuracy) = votes.Together();
        var (answers, probabilities) = votes.Answers();
        return new NetAnswers(loss, accuracy, batches.TestLabels, answers, probabilities);
    }

    private static T Guarded<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new RunException(
                $"the run is finished, but its weights are gone: there is no {path}",
                "remove the run's folder from the store, or name another store, and train it again with freeze run",
                error);
        }
        catch (Exception error) when (error is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new RunException(
                $"{path} cannot be used: {error.Message}",
                "remove the run's folder from the store and train it again with freeze run",
                error);
        }
    }
}
