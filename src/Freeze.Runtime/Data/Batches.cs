using System.Diagnostics;
using Freeze.Runtime.Nets;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Data;

/// <summary>Normalised images [batch, channels, height, width] in the precision of the weights, and their labels [batch].</summary>
internal sealed record Batch(Tensor Images, Tensor Labels);

/// <summary>
/// Which images a run trains on and judges by, and in which order: a function of the recipe's seed and the epoch,
/// so that runs that differ only in their rules see the same batches. Its tensors belong to the scope that it was
/// made in.
/// </summary>
internal sealed class Batches
{
    private readonly Recipe recipe;
    private readonly ImageSet set;
    private readonly Augmenter augmenter;
    private readonly ScalarType type;
    private readonly Tensor mean;
    private readonly Tensor scale;

    public Batches(ImageSet set, Recipe recipe)
    {
        this.recipe = recipe;
        this.set = set;
        augmenter = new Augmenter(recipe, set.Set.Image);
        var used = recipe.Images switch
        {
            Freeze.Images.First first => first.Count,
            { IsAll: true } => set.Training.Count,
            _ => throw new UnreachableException($"no images for plan case {recipe.Images}"),
        };
        HeldOut = recipe.Validation switch
        {
            Validation.HeldOut held => Draw(recipe.Seed, used, held.Images),
            { IsTest: true } => [],
            _ => throw new UnreachableException($"no images for plan case {recipe.Validation}"),
        };
        Training = [.. Enumerable.Range(0, used).Select(i => (long)i).Except(HeldOut)];
        type = Precisions.OfWeights(recipe);
        (mean, scale) = recipe.Normalisation switch
        {
            { IsOwn: true } => (PerChannel(set.Mean), Inverse(set.Deviation)),
            Normalisation.By by => (PerChannel(InBytes(by.Mean)), Inverse(InBytes(by.Deviation))),
            { IsMeanImage: true } => (MeanImage(), PerChannel([1])),
            _ => throw new UnreachableException($"no input for plan case {recipe.Normalisation}"),
        };
    }

    /// <summary>The training images that are trained on, ascending.</summary>
    public long[] Training { get; }

    /// <summary>The training images that are held out for validation, ascending.</summary>
    public long[] HeldOut { get; }

    /// <summary>Batches of an epoch; the last may be smaller than the others.</summary>
    public int Steps => (Training.Length + recipe.Batch - 1) / recipe.Batch;

    /// <summary>The images of an epoch, which is counted from 1, in the order in which they are trained on.</summary>
    public long[] Order(int epoch) => recipe.Shuffle
        ? Array.ConvertAll(
            RandomStream.Permutation(RandomStream.Key(recipe.Seed, $"order of epoch {epoch}"), Training.Length),
            place => Training[place])
        : Training;

    /// <summary>Some images of a part as a net reads them; the caller's scope owns the tensors.</summary>
    public Batch Take(ImagePart part, ReadOnlySpan<long> places)
    {
        using var index = tensor(places.ToArray(), [places.Length]);
        using var bytes = part.Images.index_select(0, index);
        return new Batch(Normalised(bytes), part.Labels.index_select(0, index));
    }

    /// <summary>Some training images as they are seen in an epoch, augmented where the recipe says so.</summary>
    public Batch Take(int epoch, ReadOnlySpan<long> places)
    {
        if (!augmenter.IsActive)
        {
            return Take(set.Training, places);
        }

        using var index = tensor(places.ToArray(), [places.Length]);
        var varied = augmenter.Vary(set.Training.Images.bytes, places, epoch);
        using var bytes = tensor(varied, [places.Length, .. Array.ConvertAll(set.Set.Image, extent => (long)extent)]);
        return new Batch(Normalised(bytes), set.Training.Labels.index_select(0, index));
    }

    private Tensor Normalised(Tensor bytes) => bytes.to(type).sub_(mean).mul_(scale);

    private static long[] Draw(long seed, int among, int count) =>
    [
        .. RandomStream.Permutation(RandomStream.Key(seed, "validation"), among)
            .Take(count).Select(i => (long)i).Order(),
    ];

    private static double[] InBytes(double[] shares) => Array.ConvertAll(shares, share => share * byte.MaxValue);

    private Tensor Inverse(double[] deviations) => PerChannel(Array.ConvertAll(deviations, deviation => 1 / deviation));

    private Tensor MeanImage() =>
        tensor(set.MeanImage(), [1, .. Array.ConvertAll(set.Set.Image, extent => (long)extent)]).to(type);

    private Tensor PerChannel(double[] values) => tensor(values, [1, values.Length, 1, 1]).to(type);
}
