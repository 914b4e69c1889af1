using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Training;

namespace Freeze.Runtime.Prefixes;

/// <summary>
/// The training of a net whose layers learn together. Where its front is a fixed function of the image, what the front
/// makes of each image is computed once, and the trainer sees a net that begins there; the weights are those of the whole
/// net all the same. Where there is no room for the features each batch computes them, with the same bits.
/// </summary>
internal sealed class PrefixTraining : IDisposable
{
    private readonly FrontFeatures? features;

    /// <param name="session">The images, and where features are kept.</param>
    /// <param name="recipe">That of the whole net.</param>
    public PrefixTraining(TrainingSession session, Recipe recipe)
    {
        RecipeCheck.Demand(recipe, session.Images.Set);
        var passes = session.Options.Passes;
        var weights = new WeightTable(recipe);
        var prefix = FixedPrefixes.find(recipe).Output;
        if (prefix == 0 || !passes.Has(Pass.Features))
        {
            Trainer = new Trainer(recipe, new Batches(session.Images, recipe), weights, passes);
            return;
        }

        var front = new FixedFront(Parts.upTo(recipe, prefix, 0), weights, passes);
        features = new FrontFeatures(session.Images, recipe, front, withTest: true);
        features.Keep(
            Address.ofRecipe(FixedPrefixes.content(recipe, prefix)),
            $"the outputs of {recipe.Net.Nodes[prefix].Name}",
            session.Options.FeatureMemory,
            session);
        var suffix = Parts.behind(recipe, prefix);
        Trainer = new Trainer(suffix, features.Batches(suffix), weights, passes);
    }

    /// <summary>Trains what learns; its weights are those of the whole net.</summary>
    public Trainer Trainer { get; }

    /// <summary>Frees the features.</summary>
    public void Dispose() => features?.Dispose();
}
