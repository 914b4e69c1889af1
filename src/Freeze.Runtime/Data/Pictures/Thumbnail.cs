using SkiaSharp;

namespace Freeze.Runtime.Data.Pictures;

/// <summary>Small pictures as PNG files, grey or coloured, of at most 32 pixels a side.</summary>
public static class Thumbnail
{
    private const int Largest = 32;

    /// <summary>The PNG of an image, in base64.</summary>
    /// <param name="image">Bytes in the order channel, row, column; shows three channels, or only the first.</param>
    /// <param name="shape">Channels, rows, columns.</param>
    public static string Of(ReadOnlySpan<byte> image, ReadOnlySpan<int> shape)
    {
        var (rows, columns) = (shape[1], shape[2]);
        var pace = Math.Max(1, (Math.Max(rows, columns) + Largest - 1) / Largest);
        var (height, width) = ((rows + pace - 1) / pace, (columns + pace - 1) / pace);
        var kind = shape[0] == Picture.Channels ? SKColorType.Rgba8888 : SKColorType.Gray8;
        var info = new SKImageInfo(width, height, kind, SKAlphaType.Opaque);
        var pixels = new byte[info.BytesSize];
        for (var i = 0; i < width * height; i++)
        {
            for (var channel = 0; channel < Math.Min(info.BytesPerPixel, Picture.Channels); channel++)
            {
                var place = (i / width * pace * columns) + (i % width * pace);
                pixels[(i * info.BytesPerPixel) + channel] = image[(channel * rows * columns) + place];
            }
        }

        using var picture = SKImage.FromPixelCopy(info, pixels);
        using var png = picture.Encode(SKEncodedImageFormat.Png, 100);
        return Convert.ToBase64String(png.AsSpan());
    }
}
