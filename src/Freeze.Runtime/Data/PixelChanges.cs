namespace Freeze.Runtime.Data;

/// <summary>Changes of an image's pixels, with bilinear interpolation; values are rounded to bytes.</summary>
/// <param name="image">Extents of an image: channels, height, width.</param>
/// <param name="source">Extents of the images that windows are cut from; null if they are the same.</param>
internal sealed class PixelChanges(int[] image, int[]? source = null)
{
    // Features have neither extent and are never changed.
    private readonly int height = image.ElementAtOrDefault(1);
    private readonly int width = image.ElementAtOrDefault(2);
    private readonly int tall = (source ?? image).ElementAtOrDefault(1);
    private readonly int wide = (source ?? image).ElementAtOrDefault(2);

    /// <summary>
    /// torchvision's RandomResizedCrop: a window whose area is a fraction between scale and 1 and whose aspect, uniform in its
    /// logarithm, is between ratio and 1 / ratio. The first of ten draws that fits; if none does, the largest central window with
    /// an aspect within these bounds.
    /// </summary>
    public (int Top, int Left, int Height, int Width) Window(double scale, double ratio, ref Draws draws)
    {
        for (var attempt = 0; attempt < 10; attempt++)
        {
            var area = tall * (double)wide * draws.Between(scale, 1);
            var aspect = Math.Exp(draws.Between(Math.Log(ratio), -Math.Log(ratio)));
            var (rows, columns) = (Side(area / aspect), Side(area * aspect));
            if (rows is > 0 && rows <= tall && columns is > 0 && columns <= wide)
            {
                return (draws.Below(tall - rows + 1), draws.Below(wide - columns + 1), rows, columns);
            }
        }

        var (most, widest) = (tall, wide);
        if (wide < ratio * tall)
        {
            most = Math.Max(1, Side(Math.Pow(wide / ratio, 2)));
        }
        else if (wide > tall / ratio)
        {
            widest = Math.Max(1, Side(Math.Pow(tall / ratio, 2)));
        }

        return ((tall - most) / 2, (wide - widest) / 2, most, widest);
    }

    /// <summary>Scales a window to the image's size, sampling at pixel centres.</summary>
    /// <param name="from">The image that contains the window.</param>
    /// <param name="pixels">The output.</param>
    /// <param name="window">The window.</param>
    public void Resize(byte[] from, Span<byte> pixels, (int Top, int Left, int Height, int Width) window)
    {
        var (top, left, rows, columns) = window;
        for (var y = 0; y < height; y++)
        {
            var down = Math.Clamp(((y + 0.5) * rows / height) - 0.5, 0, rows - 1);
            for (var x = 0; x < width; x++)
            {
                var right = Math.Clamp(((x + 0.5) * columns / width) - 0.5, 0, columns - 1);
                // Beyond the window's last row and column, the next pixel has no weight and may lie outside.
                Write(pixels, from, tall, wide, y, x, top + down, left + right);
            }
        }
    }

    /// <summary>Rotates the image about its centre, counterclockwise; pixels from outside are 0.</summary>
    public void Rotate(Span<byte> pixels, double degrees)
    {
        var (sine, cosine) = Math.SinCos(degrees * Math.PI / 180);
        var (middle, centre) = ((height - 1) / 2.0, (width - 1) / 2.0);
        var from = pixels.ToArray();
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var (v, u) = (y - middle, x - centre);
                Write(pixels, from, height, width, y, x, middle + (u * sine) + (v * cosine), centre + (u * cosine) - (v * sine));
            }
        }
    }

    /// <summary>Fills the part of a square around a pixel that lies in the image.</summary>
    /// <param name="pixels">The image.</param>
    /// <param name="y">The pixel's row.</param>
    /// <param name="x">Its column.</param>
    /// <param name="size">The square's side; if it is even, the pixel is the first one after the centre.</param>
    /// <param name="means">The fill value of each channel.</param>
    public void Cut(Span<byte> pixels, int y, int x, int size, byte[] means)
    {
        var (top, left) = (y - (size / 2), x - (size / 2));
        var (first, end) = (Math.Max(0, left), Math.Min(width, left + size));
        for (var channel = 0; channel < means.Length; channel++)
        {
            for (var row = Math.Max(0, top); row < Math.Min(height, top + size); row++)
            {
                pixels.Slice((((channel * height) + row) * width) + first, end - first).Fill(means[channel]);
            }
        }
    }

    private static int Side(double area) => (int)Math.Round(Math.Sqrt(area));

    // Writes each channel's interpolated value at a row and column of another image.
    private void Write(Span<byte> to, byte[] from, int high, int broad, int y, int x, double row, double column)
    {
        var (top, left) = ((int)Math.Floor(row), (int)Math.Floor(column));
        var (down, right) = (row - top, column - left);
        for (var channel = 0; channel < image[0]; channel++)
        {
            var plane = channel * high * broad;
            double At(int r, int c) => r >= 0 && r < high && c >= 0 && c < broad ? from[plane + (r * broad) + c] : 0;
            var above = ((1 - right) * At(top, left)) + (right * At(top, left + 1));
            var below = ((1 - right) * At(top + 1, left)) + (right * At(top + 1, left + 1));
            to[(((channel * height) + y) * width) + x] = (byte)Math.Round(((1 - down) * above) + (down * below));
        }
    }
}
