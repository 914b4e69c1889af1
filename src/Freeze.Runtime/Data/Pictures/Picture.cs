using System.Runtime.InteropServices;
using SkiaSharp;

namespace Freeze.Runtime.Data.Pictures;

/// <summary>A decoded picture.</summary>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
/// <param name="Planes">Red, green and blue [3, height, width].</param>
internal sealed record Picture(int Height, int Width, byte[] Planes)
{
    /// <summary>Red, green and blue.</summary>
    public const int Channels = 3;

    /// <summary>Turns pixels upright, composes them over black and splits them into planes.</summary>
    public static Picture OfRaster(Raster raster)
    {
        var (rows, columns, origin) = (raster.Height, raster.Width, raster.Origin);
        // In EXIF's numbers, orientations from 5 on exchange rows and columns.
        var isTransposed = origin >= SKEncodedOrigin.LeftTop;
        var isMirrored = origin is SKEncodedOrigin.TopRight or SKEncodedOrigin.BottomRight
            or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;
        var isUpsideDown = origin is SKEncodedOrigin.BottomRight or SKEncodedOrigin.BottomLeft
            or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom;
        var first = ((isUpsideDown ? rows - 1 : 0) * columns) + (isMirrored ? columns - 1 : 0);
        var (across, down) = (isMirrored ? -1 : 1, isUpsideDown ? -columns : columns);
        var (height, width) = (rows, columns);
        if (isTransposed)
        {
            (height, width, across, down) = (width, height, down, across);
        }

        var area = height * width;
        var planes = GC.AllocateUninitializedArray<byte>(Channels * area);
        var pixels = MemoryMarshal.Cast<byte, uint>(raster.Rgba);
        for (var y = 0; y < height; y++)
        {
            var red = planes.AsSpan(y * width, width);
            var green = planes.AsSpan(area + (y * width), width);
            var blue = planes.AsSpan((2 * area) + (y * width), width);
            for (int x = 0, from = first + (y * down); x < red.Length; x++, from += across)
            {
                var pixel = pixels[from];
                var alpha = pixel >> 24;
                (red[x], green[x], blue[x]) = (Over(pixel, alpha), Over(pixel >> 8, alpha), Over(pixel >> 16, alpha));
            }
        }

        return new Picture(height, width, planes);
    }

    // The lowest byte times alpha, rounded.
    private static byte Over(uint value, uint alpha) => (byte)((((value & 0xFF) * alpha) + 127) / 255);
}
