namespace Freeze.Runtime.Data.Pictures;

/// <summary>
/// Scales pictures to a square: the shorter side becomes the square's, and the excess of the longer side is cropped equally at
/// both ends. The filter is a triangle that widens when shrinking, along rows and then along columns, each rounded to bytes, with
/// weights of 22 fractional bits: the same bits on every machine.
/// </summary>
internal static class Resizer
{
    private const int Bits = 22;

    /// <summary>Planes [3, size, size]; a picture of that size is returned unchanged.</summary>
    public static byte[] ToSquare(Picture picture, int size)
    {
        var (height, width) = (picture.Height, picture.Width);
        if (height == size && width == size)
        {
            return picture.Planes;
        }

        var shorter = Math.Min(height, width);
        Tap[] Side(int extent)
        {
            var whole = (int)((((long)extent * size) + (shorter / 2)) / shorter);
            return Taps(extent, whole, (whole - size) / 2, size);
        }

        return Window(picture.Planes, width, Side(width), Side(height));
    }

    /// <summary>A window of scaled planes.</summary>
    /// <param name="planes">[channels, height, width].</param>
    /// <param name="width">Columns of a plane.</param>
    /// <param name="across">The sources of the window's columns.</param>
    /// <param name="down">The sources of its rows.</param>
    public static byte[] Window(ReadOnlySpan<byte> planes, int width, Tap[] across, Tap[] down)
    {
        var plane = width * down[0].Extent;
        // Only the rows that the window needs.
        var (first, end) = (down[0].First, down[^1].First + down[^1].Weights.Length);
        down = Array.ConvertAll(down, tap => tap with { First = tap.First - first });
        var window = new byte[planes.Length / plane * down.Length * across.Length];
        for (var channel = 0; channel < planes.Length / plane; channel++)
        {
            var rows = planes.Slice((channel * plane) + (first * width), (end - first) * width);
            Scaled(Scaled(rows, width, across), end - first, down).CopyTo(window, channel * down.Length * across.Length);
        }

        return window;
    }

    // Scales each row to as many pixels as there are taps, and transposes; applied twice, columns are rows again.
    private static byte[] Scaled(ReadOnlySpan<byte> from, int width, Tap[] taps)
    {
        var rows = from.Length / width;
        var to = new byte[taps.Length * rows];
        for (var row = 0; row < rows; row++)
        {
            var source = from.Slice(row * width, width);
            for (var x = 0; x < taps.Length; x++)
            {
                var weights = taps[x].Weights;
                var pixels = source.Slice(taps[x].First, weights.Length);
                var sum = 0;
                for (var i = 0; i < weights.Length; i++)
                {
                    sum += weights[i] * pixels[i];
                }

                to[(x * rows) + row] = Rounded(sum);
            }
        }

        return to;
    }

    /// <summary>For each pixel of a window along one side, the pixels of the picture that it depends on.</summary>
    /// <param name="extent">Pixels of the picture along the side.</param>
    /// <param name="whole">Pixels of the scaled picture.</param>
    /// <param name="cut">The number of these before the window.</param>
    /// <param name="size">Pixels of the window.</param>
    public static Tap[] Taps(int extent, int whole, int cut, int size)
    {
        var scale = (double)extent / whole;
        var reach = Math.Max(1, scale);
        return [.. Enumerable.Range(0, size).Select(i => OfCentre((cut + i + 0.5) * scale))];

        Tap OfCentre(double centre)
        {
            var first = (int)Math.Max(0, Math.Floor(centre - reach));
            var end = (int)Math.Min(extent, Math.Ceiling(centre + reach));
            var weights = new double[end - first];
            var sum = 0.0;
            for (var x = 0; x < weights.Length; x++)
            {
                weights[x] = Math.Max(0, 1 - (Math.Abs(first + x + 0.5 - centre) / reach));
                sum += weights[x];
            }

            return new Tap(
                extent,
                first, Array.ConvertAll(weights, weight => (int)Math.Floor((weight / sum * (1 << Bits)) + 0.5)));
        }
    }

    private static byte Rounded(int sum) => (byte)Math.Clamp((sum + (1 << (Bits - 1))) >> Bits, 0, 255);

    /// <summary>The sources of a pixel.</summary>
    /// <param name="Extent">Pixels of the picture along the side.</param>
    /// <param name="First">The first source pixel.</param>
    /// <param name="Weights">The weights of the source pixels, with 22 fractional bits.</param>
    internal sealed record Tap(int Extent, int First, int[] Weights);
}
