using System.Diagnostics;

namespace Freeze.Runtime.Data;

/// <summary>How an image is seen: from a row and a column on, which may lie outside, and with left and right exchanged.</summary>
internal readonly record struct Variation(int Down, int Right, bool Flip);

/// <summary>
/// Varies training images as a recipe says: zeros around the image and a window at a random place, left and right
/// exchanged in half of the images; then other windows, rotations and squares that are filled. What befalls an image follows from
/// the seed, the epoch and the image alone, so it depends on no order and runs that differ only in rules see the same pixels.
/// </summary>
/// <param name="recipe">Augmentations and seed.</param>
/// <param name="image">Extents of an image as a net reads it.</param>
/// <param name="mean">Of each channel, from 0 to 255.</param>
/// <param name="whose">Whose images they are, such as " of member 2", or "".</param>
/// <param name="source">Extents of the set's images; null where a net reads them as they are.</param>
/// <param name="view">Makes of these what a net reads, or null.</param>
internal sealed class Augmenter(
    Recipe recipe, int[] image, double[] mean, string whose = "", int[]? source = null, View? view = null)
{
    private readonly PixelChanges changes = new(image, source);
    private readonly byte[] means = Array.ConvertAll(mean, value => (byte)Math.Round(value));

    // In the order in which they are done, whatever that in the recipe is.
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

    /// <summary>Some images [count, channels, height, width] as they are seen in an epoch.</summary>
    /// <param name="images">All images.</param>
    /// <param name="places">Which ones.</param>
    /// <param name="epoch">From 1.</param>
    public byte[] Vary(Pixels images, ReadOnlySpan<long> places, int epoch) =>
        Vary(images, places, place => copies.Of(place, epoch));

    /// <summary>Their copies of a number, from 1.</summary>
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
                // Of the set's image, as torchvision cuts windows before anything is scaled.
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

    /// <summary>What befalls the image at a place in an epoch, which is counted from 1.</summary>
    public Func<long, Variation> Of(int epoch)
    {
        var key = RandomStream.Key(recipe.Seed, $"augmentation of epoch {epoch}{whose}");
        var window = (ulong)((2 * padding) + 1);
        return place =>
        {
            var bits = RandomStream.Bits(key, place);
            // Three numbers out of 64 bits: 31 for each offset, 1 for the side.
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

    // Row by row: what lies outside the image stays 0.
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
