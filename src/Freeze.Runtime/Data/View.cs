using Freeze.Runtime.Data.Pictures;

namespace Freeze.Runtime.Data;

/// <summary>
/// What a net reads of an image where a recipe resizes: the shorter side is scaled, then the middle is cut out, as torchvision's
/// Resize does with pictures (bilinear, with a filter that widens as it shrinks) and its CenterCrop.
/// </summary>
internal sealed class View
{
    private readonly int width;
    private readonly Resizer.Tap[] across;
    private readonly Resizer.Tap[] down;

    private View(int[] image, Resize.To to)
    {
        width = image[2];
        var (tall, wide) = ResizeModule.scaled(to.Shorter, image);
        across = Side(width, wide, to.Width);
        down = Side(image[1], tall, to.Height);
    }

    /// <summary>The view of a recipe on a set's images; null where they are read as they are.</summary>
    public static View? Of(Recipe recipe, ImageSet set) =>
        recipe.Resize is Resize.To to && !set.HoldsFeatures ? new View(set.Set.Image, to) : null;

    /// <summary>Of an image [channels, height, width].</summary>
    public byte[] Of(ReadOnlySpan<byte> image) => Resizer.Window(image, width, across, down);

    // An odd rest is halved to the even number, as Python rounds.
    private static Resizer.Tap[] Side(int extent, int whole, int size) =>
        Resizer.Taps(extent, whole, (int)Math.Round((whole - size) / 2.0), size);
}
