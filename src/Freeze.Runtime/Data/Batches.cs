using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Data;

/// <summary>Normalised images [batch, channels, height, width] in the weights' precision, and their labels [batch].</summary>
/// <param name="Images">The net's input.</param>
/// <param name="Labels">The class of each image.</param>
/// <param name="Mixed">The labels [batch] of the images mixed in, and the fraction [batch] of each image's own; or null.</param>
internal sealed record Batch(Tensor Images, Tensor Labels, (Tensor Labels, Tensor Shares)? Mixed = null);

/// <summary>A batch outside any dispose scope: one thread may prepare it and another use it.</summary>
/// <param name="Images">Normalised, [batch, channels, height, width] in main memory; singles or doubles.</param>
/// <param name="Labels">The class of each image.</param>
/// <param name="Mix">The images mixed in, or null.</param>
internal sealed record PreparedBatch(Tensor Images, long[] Labels, Mix? Mix = null) : IDisposable
{
    /// <summary>Frees a batch that is not used.</summary>
    public void Dispose() => Images.Dispose();
}

/// <summary>
/// The images that a run trains on and is evaluated on, and their order: a function of the recipe's seed and the epoch, so that
/// runs that differ only in their rules see the same batches.
/// </summary>
internal sealed class Batches
{
    private readonly Recipe recipe;
    private readonly ImageSet set;
    private readonly IFeatures? features;
    private readonly View? view;
    private readonly DataSet seen;
    private readonly Augmenter augmenter;
    private readonly Mixing mixing;
    private readonly CopyChoice copies;
    private readonly Normalizer normalizer;

    /// <param name="set">The images.</param>
    /// <param name="recipe">Selects, orders, normalises and varies the images.</param>
    /// <param name="features">What the net reads instead of images; null for the images themselves.</param>
    /// <param name="whose">Whose batches they are, such as " of member 2" in a run of several nets; else "".</param>
    public Batches(ImageSet set, Recipe recipe, IFeatures? features = null, string whose = "")
    {
        this.features = features;
        Whose = whose;
        this.recipe = recipe;
        this.set = set;
        view = View.Of(recipe, set);
        seen = set.HoldsFeatures ? set.Set : ResizeModule.described(recipe.Resize, set.Set);
        augmenter = new Augmenter(recipe, seen.Image, set.Mean, whose, set.Set.Image, view);
        var used = Used(recipe.Images, set.Training);
        Test = Places(Used(recipe.TestImages, set.Test));
        HeldOut = recipe.Validation switch
        {
            Validation.HeldOut held => Draw(recipe.Seed, used, held.Images),
            { IsTest: true } => [],
            _ => throw new UnreachableException($"no images for plan case {recipe.Validation}"),
        };
        Training = [.. Places(used).Except(HeldOut)];
        copies = new CopyChoice(set.Rows.Copies, recipe.Seed, whose);
        mixing = new Mixing(recipe, Training, whose);
        normalizer = Normalizer.Of(recipe, set);
    }

    /// <summary>All images of the set.</summary>
    public ImageSet Images => set;

    /// <summary>The data set as the net sees it.</summary>
    public DataSet Seen => features is null ? seen : FeatureSets.Described(set.Set, features.Shape);

    /// <summary>Whose batches they are, such as " of member 2", or "".</summary>
    public string Whose { get; }

    /// <summary>The indices of the images that are trained on, ascending.</summary>
    public long[] Training { get; }

    /// <summary>The indices of the training images that are held out for validation, ascending.</summary>
    public long[] HeldOut { get; }

    /// <summary>The indices of the test images that are used, ascending.</summary>
    public long[] Test { get; }

    /// <summary>The class of each used test image.</summary>
    public int[] TestLabels => Array.ConvertAll(Test, place => (int)set.Test.Labels[place]);

    /// <summary>The number of batches in an epoch; the last may be smaller, unless the recipe drops it.</summary>
    public int Steps => (Training.Length + (recipe.DropLast ? 0 : recipe.Batch - 1)) / recipe.Batch;

    /// <summary>The indices of an epoch's training images, in training order; epochs are counted from 1.</summary>
    public long[] Order(int epoch) => recipe.Shuffle
        ? Array.ConvertAll(
            RandomStream.Permutation(RandomStream.Key(recipe.Seed, $"order of epoch {epoch}{Whose}"), Training.Length),
            place => Training[place])
        : Training;

    /// <summary>Some images of a part, as the net reads them.</summary>
    public PreparedBatch Prepare(ImagePart part, ReadOnlySpan<long> places) =>
        Prepare(part, places, part == set.Training && set.HoldsFeatures ? place => set.Rows.Of(place, 0) : place => place);

    /// <summary>The varied copies of a number of some training images; number 0 is the unchanged images.</summary>
    public PreparedBatch PrepareCopies(int copy, ReadOnlySpan<long> places) => copy == 0
        ? Prepare(set.Training, places)
        : Normalised(augmenter.Copy(set.Training.Images, places, copy), places);

    /// <summary>Some training images as an epoch sees them, augmented if the recipe says so.</summary>
    public PreparedBatch Prepare(int epoch, ReadOnlySpan<long> places)
    {
        var batch = Vary(epoch, places);
        if (!mixing.IsActive)
        {
            return batch;
        }

        var (others, shares) = mixing.Of(places, epoch);
        using var second = Vary(epoch, others);
        mixing.Mix(batch.Images.bytes, second.Images.bytes, shares);
        return batch with { Mix = new Mix(second.Labels, shares) };
    }

    private PreparedBatch Vary(int epoch, ReadOnlySpan<long> places)
    {
        if (set.Rows.Copies > 0)
        {
            return Prepare(set.Training, places, place => set.Rows.Of(place, copies.Of(place, epoch)));
        }

        return augmenter.IsActive
            ? Normalised(augmenter.Vary(set.Training.Images, places, epoch), places)
            : Prepare(set.Training, places);
    }

    private PreparedBatch Normalised(byte[] pixels, ReadOnlySpan<long> places)
    {
        var images = Empty(places.Length);
        normalizer.Normalize(pixels, images.bytes);
        return new PreparedBatch(images, Labels(set.Training, places));
    }

    private PreparedBatch Prepare(ImagePart part, ReadOnlySpan<long> places, Func<long, long> rowOf)
    {
        var images = Empty(places.Length);
        var numbers = images.bytes;
        var size = numbers.Length / places.Length;
        for (var i = 0; i < places.Length; i++)
        {
            var image = part.Images.Of(rowOf(places[i]));
            normalizer.Normalize(view is null ? image : view.Of(image), numbers.Slice(i * size, size));
        }

        return new PreparedBatch(images, Labels(part, places));
    }

    /// <summary>A prepared batch on the device of this thread; the caller's scope owns it.</summary>
    public Batch Take(PreparedBatch batch)
    {
        using var scope = NewDisposeScope();
        scope.Attach(batch.Images);
        var images = Tensors.Here(batch.Images);
        images = features is null ? images : features.Of(images);
        Tensor Row(Array values) => Tensors.Of(values, values.Length).MoveToOuterDisposeScope();
        return new Batch(
            images.MoveToOuterDisposeScope(),
            Row(batch.Labels),
            batch.Mix is { } mix ? (Row(mix.Labels), Row(mix.Shares)) : null);
    }

    /// <inheritdoc cref="Prepare(ImagePart, ReadOnlySpan{long})"/>
    public Batch Take(ImagePart part, ReadOnlySpan<long> places) => Take(Prepare(part, places));

    // Written in place: arrays as large as a batch would wait for the garbage collector.
    private Tensor Empty(int count) => empty(
        [count, .. Array.ConvertAll(seen.Image, extent => (long)extent)],
        recipe.Precision.IsFp64 ? ScalarType.Float64 : ScalarType.Float32,
        CPU).DetachFromDisposeScope();

    private static long[] Labels(ImagePart part, ReadOnlySpan<long> places)
    {
        var labels = new long[places.Length];
        for (var i = 0; i < labels.Length; i++)
        {
            labels[i] = part.Labels[places[i]];
        }

        return labels;
    }

    private static long[] Places(int count) => [.. Enumerable.Range(0, count).Select(i => (long)i)];

    // A feature set holds only the features that are used.
    private static int Used(Freeze.Images images, ImagePart of) => images switch
    {
        Freeze.Images.First first => Math.Min(first.Count, of.Count),
        { IsAll: true } => of.Count,
        _ => throw new UnreachableException($"no images for plan case {images}"),
    };

    private static long[] Draw(long seed, int among, int count) =>
    [
        .. RandomStream.Permutation(RandomStream.Key(seed, "validation"), among)
            .Take(count).Select(i => (long)i).Order(),
    ];
}
