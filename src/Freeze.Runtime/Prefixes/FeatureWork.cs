using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Prefixes;

/// <summary>
/// The features of the images that a run uses: how many bytes they are, and how they are computed, block by block in the
/// order of the images.
/// </summary>
/// <param name="images">The images.</param>
/// <param name="recipe">How they are read, how many at once, and in which type activations are.</param>
/// <param name="each">What is made of them.</param>
/// <param name="withTest">Whether those of the test images are wanted too.</param>
internal sealed class FeatureWork(ImageSet images, Recipe recipe, IFeatures each, bool withTest)
{
    // Read once, to be read no more.
    private readonly Batches batches = new(images, recipe, reside: false);
    private readonly ScalarType type = Precisions.OfActivations(recipe);

    /// <summary>Bytes of the features of one image: a value is kept in the type of the activations.</summary>
    public int Size { get; } = each.Shape.Aggregate(
        Precisions.OfActivations(recipe) switch { ScalarType.Float64 => 8, ScalarType.BFloat16 => 2, _ => 4 },
        (product, extent) => product * extent);

    /// <summary>How many training images, those held out among them.</summary>
    public int Training => batches.Training.Length + batches.HeldOut.Length;

    /// <summary>How many test images.</summary>
    public int Test => withTest ? images.Test.Count : 0;

    /// <summary>Bytes of all features.</summary>
    public long Bytes => Size * ((long)Training + Test);

    /// <summary>Gives the features of the training images, block by block.</summary>
    public void ComputeTraining(Action<ReadOnlySpan<byte>> put, CancellationToken cancel) =>
        Compute(images.Training, Training, put, cancel);

    /// <summary>Gives those of the test images.</summary>
    public void ComputeTest(Action<ReadOnlySpan<byte>> put, CancellationToken cancel) => Compute(images.Test, Test, put, cancel);

    /// <summary>The features as a data set, which owns them.</summary>
    public ImageSet Set(Pixels training, Pixels test) => ImageSet.OfFeatures(
        FeatureSets.Described(images.Set, each.Shape),
        new ImagePart(training, images.Training.Labels[..Training]),
        new ImagePart(test, images.Test.Labels[..Test]));

    private void Compute(ImagePart part, int count, Action<ReadOnlySpan<byte>> put, CancellationToken cancel)
    {
        var block = recipe.Batch;
        var places = Enumerable.Range(0, count).Select(i => (long)i).ToArray();
        using var ahead = new Prefetcher<PreparedBatch>(
            (count + block - 1) / block,
            step => batches.Prepare(part, places.AsSpan(step * block, Math.Min(block, count - (step * block)))),
            cancel);
        for (var start = 0; start < count; start += block)
        {
            cancel.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var features = each.Of(batches.Take(ahead.Next()).Images);
            put((features.dtype == type ? features : features.to(type)).cpu().contiguous().bytes);
        }
    }
}
