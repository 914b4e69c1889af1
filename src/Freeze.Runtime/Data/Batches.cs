using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Data;

/// <summary>Normalised images [batch, channels, height, width] in the precision of the weights, and their labels [batch].</summary>
/// <param name="Images">What a net reads.</param>
/// <param name="Labels">The class of each.</param>
/// <param name="Mixed">The classes [batch] of the images that these were mixed with, and the shares [batch] of their own; or null.</param>
internal sealed record Batch(Tensor Images, Tensor Labels, (Tensor Labels, Tensor Shares)? Mixed = null);

/// <summary>A batch that belongs to no scope: it may be made on one thread and taken on another.</summary>
/// <param name="Images">Normalised, [batch, channels, height, width] in main memory; singles or doubles.</param>
/// <param name="Labels">The class of each.</param>
/// <param name="Mix">What they were mixed with, or null.</param>
internal sealed record PreparedBatch(Tensor Images, long[] Labels, Mix? Mix = null) : IDisposable
{
    /// <summary>Frees a batch that nobody takes.</summary>
    public void Dispose() => Images.Dispose();
}

/// <summary>
/// Which images a run trains on and judges by, and in which order: a function of the recipe's seed and the epoch,
/// so that runs that differ only in their rules see the same batches.
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
    /// <param name="recipe">Which images, in which order, how they are normalised and varied.</param>
    /// <param name="features">What a net reads in the place of images; null for the images themselves.</param>
    /// <param name="whose">Whose batches they are, such as " of member 2", where a run has several nets; else "".</param>
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

    /// <summary>The images, all of them.</summary>
    public ImageSet Images => set;

    /// <summary>What a net sees of them.</summary>
    public DataSet Seen => features is null ? seen : FeatureSets.Described(set.Set, features.Shape);

    /// <summary>Whose batches they are, such as " of member 2", or "".</summary>
    public string Whose { get; }

    /// <summary>The training images that are trained on, ascending.</summary>
    public long[] Training { get; }

    /// <summary>The training images that are held out for validation, ascending.</summary>
    public long[] HeldOut { get; }

    /// <summary>The test images that a run is judged by, ascending.</summary>
    public long[] Test { get; }

    /// <summary>The class of each of these.</summary>
    public int[] TestLabels => Array.ConvertAll(Test, place => (int)set.Test.Labels[place]);

    /// <summary>Batches of an epoch; the last may be smaller than the others, unless the recipe drops it.</summary>
    public int Steps => (Training.Length + (recipe.DropLast ? 0 : recipe.Batch - 1)) / recipe.Batch;

    /// <summary>The images of an epoch, which is counted from 1, in the order in which they are trained on.</summary>
    public long[] Order(int epoch) => recipe.Shuffle
        ? Array.ConvertAll(
            RandomStream.Permutation(RandomStream.Key(recipe.Seed, $"order of epoch {epoch}{Whose}"), Training.Length),
            place => Training[place])
        : Training;

    /// <summary>Some images of a part as a net reads them.</summary>
    public PreparedBatch Prepare(ImagePart part, ReadOnlySpan<long> places) =>
        Prepare(part, places, part == set.Training && set.HoldsFeatures ? place => set.Rows.Of(place, 0) : place => place);

    /// <summary>The copies of a number of some training images; of number 0 the images as they are.</summary>
    public PreparedBatch PrepareCopies(int copy, ReadOnlySpan<long> places) => copy == 0
        ? Prepare(set.Training, places)
        : Normalised(augmenter.Copy(set.Training.Images, places, copy), places);

    /// <summary>Some training images as they are seen in an epoch, augmented where the recipe says so.</summary>
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

    /// <summary>A prepared batch where this thread computes, which the caller's scope owns.</summary>
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

    // Written in place: arrays of a batch's size would wait for the garbage collector.
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

    // Of features there are no more than those that are used.
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
