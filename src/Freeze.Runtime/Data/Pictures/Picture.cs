namespace Freeze.Runtime.Data.Pictures;

/// <summary>A decoded picture.</summary>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
/// <param name="Planes">Red, green and blue [3, height, width].</param>
internal sealed record Picture(int Height, int Width, byte[] Planes)
{
    /// <summary>Red, green and blue.</summary>
    public const int Channels = 3;

    /// <summary>Sorts pixels [height, width, stride] into planes; what follows their third byte is dropped.</summary>
    public static Picture OfPixels(ReadOnlySpan<byte> pixels, int height, int width, int stride)
    {
        var area = height * width;
        var planes = new byte[Channels * area];
        for (var channel = 0; channel < Channels; channel++)
        {
            var plane = planes.AsSpan(channel * area, area);
            for (int i = 0, from = channel; i < plane.Length; i++, from += stride)
            {
                plane[i] = pixels[from];
            }
        }

        return new Picture(height, width, planes);
    }
}
