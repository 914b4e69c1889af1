using System.Numerics;
using System.Runtime.InteropServices;

namespace Freeze.Runtime.Data;

/// <summary>The images that a batch was mixed with: their labels, and the fraction of each image's own.</summary>
internal sealed record Mix(long[] Labels, double[] Shares);

/// <summary>
/// Mixes each image of a batch with another training image (mixup, Zhang et al. 2018). Like all augmentations, the fraction and
/// the other image depend only on the seed, the epoch and the image.
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

    /// <summary>The indices of the images to mix with in an epoch, counted from 1, and the fractions of one's own.</summary>
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

    /// <summary>Mixes images in place; they are singles or, for precision fp64, doubles.</summary>
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
