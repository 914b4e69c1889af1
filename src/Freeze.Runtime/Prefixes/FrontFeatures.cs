using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Prefixes;

/// <summary>Features that were computed once, in memory or in a file that is mapped into it.</summary>
/// <param name="Images">The features as a data set.</param>
/// <param name="Seconds">How long it took to compute them.</param>
/// <param name="Address">Where the store has them; "" where they are in memory alone.</param>
internal sealed record KeptFeatures(ImageSet Images, double Seconds, string Address);

/// <summary>
/// What the rest of a net learns from that begins behind a fixed front: the front's features of the images that a run uses,
/// where they are kept, else of each batch anew, with the same bits.
/// </summary>
/// <param name="images">The images.</param>
/// <param name="recipe">How they are read, how many at once, and in which type activations are.</param>
/// <param name="front">What makes features of them.</param>
internal sealed class FrontFeatures(ImageSet images, Recipe recipe, FixedFront front) : IDisposable
{
    // Read once, to be read no more.
    private readonly Batches read = new(images, recipe);
    private FeatureRows? rows;
    private readonly ScalarType type = Precisions.OfActivations(recipe);
    private KeptFeatures? kept;

    /// <summary>Bytes of the features of one image: a value is kept in the type of the activations.</summary>
    public int Size { get; } = (int)FixedPrefixes.bytes(recipe.Precision, front.Shape);

    /// <summary>Those of the training images, those held out among them.</summary>
    public FeatureRows Rows => rows ??= new(
        read.Training.Length + read.HeldOut.Length,
        AugmentationModule.copies(recipe.Augmentations),
        AugmentationModule.copies(recipe.Augmentations) == 0 || FixedPrefixes.readsPlain(recipe));

    /// <summary>How many training images, those held out among them.</summary>
    public int Training => Rows.Images;

    /// <summary>How many test images: none where they are read once, at the end.</summary>
    public int Test => recipe.Validation.IsTest ? read.Test.Length : 0;

    /// <summary>Bytes of all features.</summary>
    public long Bytes => Size * (Rows.Count + Test);

    /// <summary>How long it took to compute the features that are kept.</summary>
    public double Seconds => kept?.Seconds ?? 0;

    /// <summary>Keeps them, if there is room.</summary>
    /// <inheritdoc cref="FeatureStore.Keep"/>
    public void Keep(string from, string what, long memory, TrainingSession session) =>
        kept = session.Features.Keep(this, from, what, memory, session);

    /// <summary>The batches of the training of what lies behind the front.</summary>
    public Batches Batches(Recipe behind) =>
        kept is null ? new Batches(images, recipe, front) : new Batches(kept.Images, behind);

    /// <summary>What the net is judged by at the end.</summary>
    public Batches TestBatches(Recipe behind) => Test > 0 ? Batches(behind) : new Batches(images, recipe, front);

    /// <summary>Gives the features of the training images, block by block.</summary>
    public void ComputeTraining(Action<ReadOnlySpan<byte>> put, CancellationToken cancel)
    {
        foreach (var copy in Rows.Order)
        {
            Compute(places => read.PrepareCopies(copy, places), images.Training.Places(Training), put, cancel);
        }
    }

    /// <summary>Gives those of the test images.</summary>
    public void ComputeTest(Action<ReadOnlySpan<byte>> put, CancellationToken cancel) =>
        Compute(places => read.Prepare(images.Test, places), images.Test.Places(Test), put, cancel);

    /// <summary>The features as a data set, which owns them.</summary>
    public ImageSet Set(Pixels training, Pixels test) => ImageSet.OfFeatures(
        FeatureSets.Described(images.Set, front.Shape),
        new ImagePart(training, images.Training.Labels[..Training]),
        new ImagePart(test, images.Test.Labels[..Test]),
        Rows);

    /// <summary>Removes the features from the store: nobody will read them again.</summary>
    public void Forget(FeatureStore store)
    {
        if (kept is { Address.Length: > 0 })
        {
            store.Remove(kept.Address);
        }
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => kept?.Images.Dispose();

    private void Compute(
        Func<ReadOnlySpan<long>, PreparedBatch> prepare, long[] places, Action<ReadOnlySpan<byte>> put, CancellationToken cancel)
    {
        foreach (var batch in read.InBlocks(prepare, places, recipe.Batch, cancel))
        {
            var features = front.Of(batch.Images);
            put((features.dtype == type ? features : features.to(type)).cpu().contiguous().bytes);
        }
    }
}
