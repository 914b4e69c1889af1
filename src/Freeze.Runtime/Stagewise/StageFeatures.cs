using System.Security.Cryptography;
using System.Text;
using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Prefixes;
using Freeze.Runtime.Training;

namespace Freeze.Runtime.Stagewise;

/// <summary>
/// What a stage learns from. The first sees the images. For the others what the fixed stages make of each image is computed
/// once and kept in a file, as long as each epoch sees the same images and there is room; else each batch computes it.
/// </summary>
internal sealed class StageFeatures : IDisposable
{
    /// <summary>The name of the file in the folder of a stage.</summary>
    public const string FileName = "features";

    private readonly ImageSet images;
    private readonly KeptFeatures? kept;
    private readonly FixedFront? each;
    private readonly Recipe upTo;

    /// <param name="session">The images, and how many bytes there may be.</param>
    /// <param name="recipe">That of the whole net.</param>
    /// <param name="before">The stages that are fixed.</param>
    /// <param name="folder">Where the file lies; this process has claimed it.</param>
    public StageFeatures(TrainingSession session, Recipe recipe, IReadOnlyList<StageOutcome> before, string folder)
    {
        images = session.Images;
        upTo = recipe;
        if (before.Count == 0)
        {
            return;
        }

        each = FrontOf(recipe, before, session.Options.Passes);
        var work = new FeatureWork(images, recipe, each, recipe.Validation.IsTest);
        if (recipe.Augmentations.Length > 0)
        {
            session.Note("images vary from epoch to epoch: each batch computes the features of the stages before");
        }
        else if (work.Bytes > session.Options.FeatureBytes || !KeptFeatures.HasRoom(folder, work.Bytes))
        {
            session.Note($"no room for {KeptFeatures.Amount(work.Bytes)} of features: each batch computes those of the stages before");
        }
        else
        {
            kept = KeptFeatures.InFile(
                work,
                Path.Combine(folder, FileName),
                SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(' ', before.Select(stage => stage.Record.Weights)))),
                $"computing {work.Training} images' features of the stages before, once",
                session.Note,
                session.Cancel);
        }
    }

    /// <summary>How long it took to compute the features that are kept.</summary>
    public double Seconds => kept?.Seconds ?? 0;

    /// <summary>Stages that have learned, fixed from then on.</summary>
    public static FixedFront FrontOf(Recipe recipe, IReadOnlyList<StageOutcome> stages, PassSet passes)
    {
        var front = Stages.upTo(recipe, stages.Count);
        var weights = new WeightTable(front);
        StageWeights.Restore(weights, name => name, stages);
        return new FixedFront(front, weights, passes);
    }

    /// <summary>The batches of a stage's training.</summary>
    public Batches Batches(Recipe training) => kept is not null
        ? new Batches(kept.Images, training)
        : each is not null ? new Batches(images, upTo, each) : new Batches(images, training);

    /// <summary>Gives the mapped memory back.</summary>
    public void Dispose() => kept?.Dispose();
}
