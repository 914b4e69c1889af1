using System.Diagnostics;

namespace Freeze.Runtime.Data;

/// <summary>How to view an image: from which row and column, which may lie outside, and whether mirrored.</summary>
internal readonly record struct Variation(int Down, int Right, bool Flip);

/// <summary>
/// Varies training images as the recipe says: first a random crop with zero padding and mirroring of half of the images, then
/// other crops, rotations and erased squares. The changes depend only on the seed, the epoch and the image, not on any order, so
/// runs that differ only in rules see the same pixels.
/// </summary>
/// <param name="recipe">Augmentations and seed.</param>
/// <param name="image">Extents of an image as the net reads it.</param>
/// <param name="mean">The mean of each channel, from 0 to 255.</param>
/// <param name="whose">Whose images they are, such as " of member 2", or "".</param>
/// <param name="source">Extents of the set's images; null if the net reads them unchanged.</param>
/// <param name="view">Converts them to what the net reads, or null.</param>
internal sealed class Augmenter(
    Recipe recipe, int[] image, double[] mean, string whose = "", int[]? source = null, View? view = null)
{
    private readonly PixelChanges changes = new(image, source);
    private readonly byte[] means = Array.ConvertAll(mean, value => (byte)Math.Round(value));

    // In the order of execution, which may differ from the recipe's.
    private readonly Augmentation[] others =
    [
        .. recipe.Augmentations.OfType<Augmentation.ResizedCrop>(), .. recipe.Augmentations.OfType<Augmentation.Rotation>(),
        .. recipe.Augmentations.OfType<Augmentation.Cutout>(),
    ];

    private readonly Augmentation.ResizedCrop? cut = recipe.Augmentations.OfType<Augmentation.ResizedCrop>().SingleOrDefault();
    private readonly int padding = recipe.Augmentations.OfType<Augmentation.Crop>().Select(crop => crop.Padding).SingleOrDefault();
    private readonly CopyChoice copies = new(AugmentationModule.copies(recipe.Augmentations), recipe.Seed, whose);
    private readonly bool flips = recipe.Augmentations.Any(augmentation => augmentation.IsFlip);

    /// <summary>Whether images vary at all.</summary>
    public bool IsActive => padding > 0 || flips || others.Length > 0;

    /// <summary>Some images [count, channels, height, width] as an epoch sees them.</summary>
    /// <param name="images">All images.</param>
    /// <param name="places">The indices of those to vary.</param>
    /// <param name="epoch">From 1.</param>
    public byte[] Vary(Pixels images, ReadOnlySpan<long> places, int epoch) =>
        Vary(images, places, place => copies.Of(place, epoch));

    /// <summary>As above, for the varied copy of a number, from 1.</summary>
    public byte[] Copy(Pixels images, ReadOnlySpan<long> places, int copy) => Vary(images, places, _ => copy);

    private byte[] Vary(Pixels images, ReadOnlySpan<long> places, Func<long, int> epochOf)
    {
        var size = image[0] * image[1] * image[2];
        var varied = new byte[places.Length * size];
        var drawn = new Dictionary<int, (Func<long, Variation> Variation, ulong[] Keys)>();
        for (var i = 0; i < places.Length; i++)
        {
            var own = varied.AsSpan(i * size, size);
            var epoch = epochOf(places[i]);
            if (!drawn.TryGetValue(epoch, out var draw))
            {
                drawn[epoch] = draw = (Of(epoch), Keys(epoch));
            }

            var from = images.Of(places[i]);
            var seen = draw.Variation(places[i]);
            if (cut is not null)
            {
                // Crops the set's image, because torchvision crops before scaling.
                var draws = new Draws(draw.Keys[0], places[i]);
                var whole = new byte[from.Length];
                Vary(from, whole, seen, source ?? image);
                changes.Resize(whole, own, changes.Window(cut.Scale, cut.Ratio, ref draws));
            }
            else
            {
                Vary(view is null ? from : view.Of(from), own, seen, image);
            }

            for (var j = cut is null ? 0 : 1; j < others.Length; j++)
            {
                Change(own, others[j], new Draws(draw.Keys[j], places[i]));
            }
        }

        return varied;
    }

    /// <summary>The variation of the image at an index in an epoch, counted from 1.</summary>
    public Func<long, Variation> Of(int epoch)
    {
        var key = RandomStream.Key(recipe.Seed, $"augmentation of epoch {epoch}{whose}");
        var window = (ulong)((2 * padding) + 1);
        return place =>
        {
            var bits = RandomStream.Bits(key, place);
            // 64 bits give three numbers: 31 bits for each offset, 1 for mirroring.
            return new Variation(
                (int)((bits & 0x7FFFFFFF) % window) - padding,
                (int)((bits >> 31 & 0x7FFFFFFF) % window) - padding,
                flips && bits >> 63 == 1);
        };
    }

    private ulong[] Keys(int epoch) => Array.ConvertAll(
        others, other => RandomStream.Key(recipe.Seed, $"{AugmentationModule.name(other)} of epoch {epoch}{whose}"));

    private void Change(Span<byte> pixels, Augmentation by, Draws draws)
    {
        switch (by)
        {
            case Augmentation.Rotation rotation:
                changes.Rotate(pixels, draws.Between(-rotation.Degrees, rotation.Degrees));
                break;
            case Augmentation.Cutout cutout:
                changes.Cut(pixels, draws.Below(image[1]), draws.Below(image[2]), cutout.Size, means);
                break;
            default:
                throw new UnreachableException($"no change of pixels for plan case {by}");
        }
    }

    // Row by row: pixels outside the image stay 0.
    private static void Vary(ReadOnlySpan<byte> from, Span<byte> to, Variation seen, int[] extents)
    {
        var (down, right, flip) = seen;
        var (height, width) = (extents[1], extents[2]);
        var first = Math.Max(0, -right);
        var length = width - Math.Abs(right);
        for (var row = 0; row < extents[0] * height; row++)
        {
            var (channel, y) = (row / height, row % height);
            if (y + down < 0 || y + down >= height)
            {
                continue;
            }

            var target = to.Slice(row * width, width);
            from.Slice((((channel * height) + y + down) * width) + first + right, length).CopyTo(target[first..]);
            if (flip)
            {
                target.Reverse();
            }
        }
    }
}
