using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Prefixes;

/// <summary>Features that were computed once, in memory or in a memory-mapped file.</summary>
/// <param name="Images">The features as a data set.</param>
/// <param name="Seconds">The time of their computation.</param>
/// <param name="Address">Their address in the store; "" if they are only in memory.</param>
internal sealed record KeptFeatures(ImageSet Images, double Seconds, string Address);

/// <summary>
/// The training input of the layers after a fixed prefix: the prefix's features of the run's images, read from the kept ones if
/// they exist, otherwise computed for each batch, with the same bits.
/// </summary>
/// <param name="images">The images.</param>
/// <param name="recipe">How images are read, the batch size, and the type of the activations.</param>
/// <param name="front">Computes the features.</param>
internal sealed class FrontFeatures(ImageSet images, Recipe recipe, FixedFront front) : IDisposable
{
    // Each image is read only once.
    private readonly Batches read = new(images, recipe);
    private FeatureRows? rows;
    private readonly ScalarType type = Precisions.OfActivations(recipe);
    private KeptFeatures? kept;

    /// <summary>The bytes of one image's features, in the type of the activations.</summary>
    public int Size { get; } = (int)FixedPrefixes.bytes(recipe.Precision, front.Shape);

    /// <summary>The rows of the training images, including those held out.</summary>
    public FeatureRows Rows => rows ??= new(
        read.Training.Length + read.HeldOut.Length,
        AugmentationModule.copies(recipe.Augmentations),
        AugmentationModule.copies(recipe.Augmentations) == 0 || FixedPrefixes.readsPlain(recipe));

    /// <summary>The number of training images, including those held out.</summary>
    public int Training => Rows.Images;

    /// <summary>The number of test images: 0 if they are read only once, at the end.</summary>
    public int Test => recipe.Validation.IsTest ? read.Test.Length : 0;

    /// <summary>Bytes of all features.</summary>
    public long Bytes => Size * (Rows.Count + Test);

    /// <summary>The time that the kept features took to compute.</summary>
    public double Seconds => kept?.Seconds ?? 0;

    /// <summary>Keeps them, if there is room.</summary>
    /// <inheritdoc cref="FeatureStore.Keep"/>
    public void Keep(string from, string what, long memory, TrainingSession session) =>
        kept = session.Features.Keep(this, from, what, memory, session);

    /// <summary>The batches that train the layers after the prefix.</summary>
    public Batches Batches(Recipe behind) =>
        kept is null ? new Batches(images, recipe, front) : new Batches(kept.Images, behind);

    /// <summary>The batches that evaluate the net at the end.</summary>
    public Batches TestBatches(Recipe behind) => Test > 0 ? Batches(behind) : new Batches(images, recipe, front);

    /// <summary>Computes the features of the training images, block by block.</summary>
    public void ComputeTraining(Action<ReadOnlySpan<byte>> put, CancellationToken cancel)
    {
        foreach (var copy in Rows.Order)
        {
            Compute(places => read.PrepareCopies(copy, places), images.Training.Places(Training), put, cancel);
        }
    }

    /// <summary>Computes those of the test images.</summary>
    public void ComputeTest(Action<ReadOnlySpan<byte>> put, CancellationToken cancel) =>
        Compute(places => read.Prepare(images.Test, places), images.Test.Places(Test), put, cancel);

    /// <summary>The features as a data set, which owns them.</summary>
    public ImageSet Set(Pixels training, Pixels test) => ImageSet.OfFeatures(
        FeatureSets.Described(images.Set, front.Shape),
        new ImagePart(training, images.Training.Labels[..Training]),
        new ImagePart(test, images.Test.Labels[..Test]),
        Rows);

    /// <summary>Removes the features from the store, because nothing will read them again.</summary>
    public void Forget(FeatureStore store)
    {
        if (kept is { Address.Length: > 0 })
        {
            store.Remove(kept.Address);
        }
    }

    /// <summary>Frees the memory.</summary>
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
