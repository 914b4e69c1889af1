using Freeze.Runtime.Data.Pictures;

namespace Freeze.Runtime.Data;

/// <summary>
/// The part of an image that a net reads if the recipe resizes: the shorter side is scaled, then the centre is cropped, like
/// torchvision's Resize of pictures (bilinear, with antialiasing) and its CenterCrop.
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

    /// <summary>The view of a recipe on a set's images; null if they are read unchanged.</summary>
    public static View? Of(Recipe recipe, ImageSet set) =>
        recipe.Resize is Resize.To to && !set.HoldsFeatures ? new View(set.Set.Image, to) : null;

    /// <summary>The view of an image [channels, height, width].</summary>
    public byte[] Of(ReadOnlySpan<byte> image) => Resizer.Window(image, width, across, down);

    // Half of an odd margin rounds to even, as in Python.
    private static Resizer.Tap[] Side(int extent, int whole, int size) =>
        Resizer.Taps(extent, whole, (int)Math.Round((whole - size) / 2.0), size);
}
