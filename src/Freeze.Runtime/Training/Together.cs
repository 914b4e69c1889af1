using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Prefixes;
using Freeze.Runtime.Results;

namespace Freeze.Runtime.Training;

/// <summary>
/// A net whose layers learn together. Where its front is a fixed function of the image, what the front makes of each image
/// is computed once, and the trainer sees a net that begins there; the weights are those of the whole net all the same.
/// Where there is no room for the features each batch computes them, with the same bits.
/// </summary>
internal sealed class Together(TrainingSession session, Run run)
{
    /// <summary>Leaves the net's weights and the run's records in its folder.</summary>
    /// <param name="hash">The run's.</param>
    /// <param name="folder">Its folder.</param>
    /// <param name="shorter">The end of a run whose epochs are the first ones of this, and that run's hash.</param>
    public RunResult Train(string hash, RunFolder folder, (string Path, string Hash)? shorter)
    {
        RecipeCheck.Demand(run.Recipe, session.Images.Set);
        var weights = new WeightTable(run.Recipe);
        var prefix = session.Options.Passes.Has(Pass.Features) ? FixedPrefixes.find(run.Recipe).Output : 0;
        using var features = prefix > 0 ? FeaturesOf(prefix, weights) : null;
        var recipe = prefix > 0 ? Parts.behind(run.Recipe, prefix) : run.Recipe;
        var batches = features?.Batches(recipe) ?? new Batches(session.Images, recipe);
        var trainer = new Trainer(recipe, batches, weights, session.Options.Passes);
        session.Train(trainer, folder, shorter);

        // Where the test set is what validates, it has just been judged, unless that was before the run was interrupted.
        var last = trainer.Records[^1];
        var judged = run.Recipe.Validation.IsTest && trainer.Answers is not null ? default : trainer.Test(session.Cancel);
        var test = run.Recipe.Validation.IsTest ? new Judgement(last.ValidationLoss, last.ValidationAccuracy) : judged;
        var result = new RunResult(
            hash,
            run.Name,
            [.. trainer.Records],
            test.Loss,
            test.Accuracy,
            trainer.Records.Max(epoch => epoch.ValidationAccuracy),
            LearningRecord.Together,
            CountsModule.ofWeights(run.Recipe.Weights),
            StillnessCheck.Verify(weights, run.Recipe.Seed),
            session.Options.Threads,
            session.Versions);
        if (Searches.mayGoOn(run))
        {
            folder.KeepEnd(trainer, session.Versions);
        }

        folder.Take(ConfusionModule.ofAnswers(run.Recipe.Classes, session.Labels, trainer.Answers));
        folder.Finish(weights, result);
        return result;
    }

    private FrontFeatures FeaturesOf(int prefix, WeightTable weights)
    {
        var front = new FixedFront(Parts.upTo(run.Recipe, prefix, 0), weights, session.Options.Passes);
        var features = new FrontFeatures(session.Images, run.Recipe, front, withTest: true);
        features.Keep(
            Address.ofRecipe(FixedPrefixes.content(run.Recipe, prefix)),
            $"the outputs of {run.Recipe.Net.Nodes[prefix].Name}",
            session.Options.FeatureMemory,
            session);
        return features;
    }
}
