using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Prefixes;
using Freeze.Runtime.Results;

namespace Freeze.Runtime.Training;

/// <summary>
/// Trains all layers of a net together. If the net has a fixed prefix, its output for each image is computed once, and the
/// trainer sees a net that starts after it; the weights are still those of the whole net. Without room for the features, each
/// batch computes them, with the same bits.
/// </summary>
internal sealed class Together(TrainingSession session, Run run)
{
    /// <summary>Writes the net's weights and the run's records to its folder.</summary>
    /// <param name="hash">The run's hash.</param>
    /// <param name="folder">Its folder.</param>
    /// <param name="shorter">The runs that this one extends, the longest first.</param>
    public RunResult Train(string hash, RunFolder folder, IEnumerable<ShorterRun> shorter)
    {
        RecipeCheck.Demand(run.Recipe, session.Images.Set);
        var weights = new WeightTable(run.Recipe);
        var prefix = session.Options.Passes.Has(Pass.Features) ? FixedPrefixes.find(run.Recipe).Output : 0;
        using var features = prefix > 0 ? FeaturesOf(prefix, weights) : null;
        var recipe = prefix > 0 ? Parts.behind(run.Recipe, prefix) : run.Recipe;
        var batches = features?.Batches(recipe) ?? new Batches(session.Images, recipe);
        var tests = features?.TestBatches(recipe) ?? batches;
        var trainer = new Trainer(recipe, batches, weights, session.Options.Passes, tests);
        session.Train(trainer, folder, shorter);

        var test = session.Saved(trainer, folder, () => Judged(trainer, trainer.Records[^1]));

        folder.Take(ConfusionModule.ofAnswers(run.Recipe.Classes, tests.TestLabels, trainer.Answers));
        var verified = StillnessCheck.Verify(weights, run.Recipe.Seed);
        folder.KeepLast(weights);
        if (Continuations.mayFollow(run.Recipe))
        {
            folder.KeepEnd(trainer, session.Versions);
        }

        var result = new RunResult(
            hash,
            run.Name,
            [.. trainer.Records],
            test.Loss,
            test.Accuracy,
            EpochRecordModule.best(trainer.Records).ValidationAccuracy,
            KeepBest(trainer, folder),
            LearningRecord.Together,
            CountsModule.ofWeights(run.Recipe.Weights),
            verified,
            session.Options.Threads,
            session.Versions);
        folder.Finish(result);
        return result;
    }

    // The last weights have been saved: from here on the net has the best.
    private BestRecord KeepBest(Trainer trainer, RunFolder folder)
    {
        if (trainer.GoBackToBest() is not { } best)
        {
            return BestRecord.NotKept;
        }

        // Not cancelled here: stopping would save the wrong weights.
        var test = run.Recipe.Validation.IsTest ? OfEpoch(best) : trainer.Test(CancellationToken.None);
        var verified = StillnessCheck.Verify(trainer.Weights, run.Recipe.Seed);
        return BestRecord.NewKept(best.Epoch, test.Loss, test.Accuracy, verified, folder.KeepBest(trainer.Weights));
    }

    // On the test set. If that also validates, the last epoch has evaluated it; the answers are missing only if the run was
    // interrupted after that, and then it is evaluated again.
    private Judgement Judged(Trainer trainer, EpochRecord last)
    {
        if (run.Recipe.Validation.IsTest && trainer.Answers is not null)
        {
            return OfEpoch(last);
        }

        var test = trainer.Test(session.Cancel);
        return run.Recipe.Validation.IsTest ? OfEpoch(last) : test;
    }

    private static Judgement OfEpoch(EpochRecord epoch) => new(epoch.ValidationLoss, epoch.ValidationAccuracy);

    private FrontFeatures FeaturesOf(int prefix, WeightTable weights)
    {
        var front = new FixedFront(Parts.upTo(run.Recipe, prefix, 0), weights, session.Options.Passes);
        var features = new FrontFeatures(session.Images, run.Recipe, front);
        var (address, copies) = (Address.ofRecipe(FixedPrefixes.content(run.Recipe, prefix)), features.Rows.Copies);
        features.Keep(
            features.Rows.HasPlain ? address : $"{address}, copies alone",
            $"the outputs of {run.Recipe.Net.Nodes[prefix].Name}" + (copies > 0 ? $" for {copies} copies of each image" : ""),
            session.Options.FeatureMemory,
            session);
        return features;
    }
}
