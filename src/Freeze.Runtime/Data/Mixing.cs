using System.Numerics;
using System.Runtime.InteropServices;

namespace Freeze.Runtime.Data;

/// <summary>With what images of a batch were mixed: the others' labels, and the share of each image's own.</summary>
internal sealed record Mix(long[] Labels, double[] Shares);

/// <summary>
/// Mixes each image of a batch with another training image (Zhang et al. 2018): a share of its own, the rest of the other's. Share
/// and other follow from the seed, the epoch and the image alone, as all that varies images does.
/// </summary>
/// <param name="recipe">Alpha and seed.</param>
/// <param name="among">The training images.</param>
/// <param name="whose">Whose images they are, such as " of member 2", or "".</param>
internal sealed class Mixing(Recipe recipe, long[] among, string whose)
{
    private readonly double alpha =
        recipe.Augmentations.OfType<Augmentation.Mixup>().Select(mixup => mixup.Alpha).SingleOrDefault();

    /// <summary>Whether images are mixed at all.</summary>
    public bool IsActive => alpha > 0;

    /// <summary>With which images some are mixed in an epoch, which is counted from 1, and their own shares.</summary>
    public (long[] Others, double[] Shares) Of(ReadOnlySpan<long> places, int epoch)
    {
        var key = RandomStream.Key(recipe.Seed, $"mixup of epoch {epoch}{whose}");
        var (others, shares) = (new long[places.Length], new double[places.Length]);
        for (var i = 0; i < places.Length; i++)
        {
            var draws = new Draws(key, places[i]);
            (others[i], shares[i]) = (among[draws.Below(among.Length)], draws.Beta(alpha));
        }

        return (others, shares);
    }

    /// <summary>Mixes images in place, which are singles or, for precision fp64, doubles.</summary>
    public void Mix(Span<byte> images, ReadOnlySpan<byte> others, double[] shares)
    {
        if (recipe.Precision.IsFp64)
        {
            Mix<double>(images, others, shares);
        }
        else
        {
            Mix<float>(images, others, shares);
        }
    }

    private static void Mix<T>(Span<byte> images, ReadOnlySpan<byte> others, double[] shares)
        where T : struct, IFloatingPointIeee754<T>
    {
        var own = MemoryMarshal.Cast<byte, T>(images);
        var other = MemoryMarshal.Cast<byte, T>(others);
        var size = own.Length / shares.Length;
        for (var i = 0; i < own.Length; i++)
        {
            var share = T.CreateTruncating(shares[i / size]);
            own[i] = (share * own[i]) + ((T.One - share) * other[i]);
        }
    }
}
