using System.Security.Cryptography;
using System.Text;
using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Training;
using static TorchSharp.torch;

namespace Freeze.Runtime.Prefixes;

/// <summary>
/// The training of a net whose layers learn together. Where its front is a fixed function of the image, what the front
/// makes of each image is computed once, and the trainer sees a net that begins there; the weights are those of the whole
/// net all the same. Where there is no room for the features each batch computes them, with the same bits.
/// </summary>
internal sealed class PrefixTraining : IDisposable
{
    private readonly KeptFeatures? kept;

    /// <param name="session">The images, and how many bytes there may be.</param>
    /// <param name="recipe">That of the whole net.</param>
    /// <param name="store">Where features too large for memory are kept, for all runs that share them.</param>
    public PrefixTraining(TrainingSession session, Recipe recipe, FeatureStore store)
    {
        RecipeCheck.Demand(recipe, session.Images.Set);
        var passes = session.Options.Passes;
        var weights = new WeightTable(recipe);
        var prefix = FixedPrefixes.find(recipe);
        if (prefix.Output == 0 || !passes.Has(Pass.Features))
        {
            Trainer = new Trainer(recipe, new Batches(session.Images, recipe), weights, passes);
            return;
        }

        var front = new FixedFront(Parts.upTo(recipe, prefix.Output, 0), weights, passes);
        var work = new FeatureWork(session.Images, recipe, front, withTest: true);
        kept = Keep(session, recipe, prefix, work, store);
        var suffix = Parts.behind(recipe, prefix.Output);
        var batches = kept is null ? new Batches(session.Images, recipe, front) : new Batches(kept.Images, suffix);
        Trainer = new Trainer(suffix, batches, weights, passes);
    }

    /// <summary>Trains what learns; its weights are those of the whole net.</summary>
    public Trainer Trainer { get; }

    /// <summary>Frees the features.</summary>
    public void Dispose() => kept?.Dispose();

    private static KeptFeatures? Keep(
        TrainingSession session, Recipe recipe, FixedPrefix prefix, FeatureWork work, FeatureStore store)
    {
        var amount = KeptFeatures.Amount(work.Bytes);
        var what = $"computing the outputs of {recipe.Net.Nodes[prefix.Output].Name} once, {amount}";
        if (work.Bytes <= session.Options.FeatureMemory)
        {
            session.Note($"{what} in memory");
            return KeptFeatures.InMemory(work, session.Cancel);
        }

        // What computes is part of the address: features of other bits are others.
        var content = $"{Address.ofRecipe(FixedPrefixes.content(recipe, prefix.Output))}, {session.Versions}, {get_num_threads()} threads";
        return store.Open(work, SHA256.HashData(Encoding.UTF8.GetBytes(content)), $"{what} in a file", session);
    }
}
