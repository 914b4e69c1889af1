using SkiaSharp;

namespace Freeze.Runtime.Data.Pictures;

/// <summary>Pixels in file order, before they are turned upright.</summary>
/// <param name="Rgba">Red, green, blue and alpha [height, width, 4]; colours are not multiplied by alpha.</param>
/// <param name="Origin">The EXIF orientation: the corner of the upright picture that the first pixel belongs to.</param>
internal sealed record Raster(int Height, int Width, byte[] Rgba, SKEncodedOrigin Origin);

/// <summary>Decodes with Skia, without colour profiles, so 8-bit pixels equal Pillow's.</summary>
internal static unsafe class SkiaDecoder
{
    /// <summary>The bytes of a pixel.</summary>
    public const int Stride = 4;

    /// <summary>Decodes the content of a file.</summary>
    /// <param name="space">The colour space to convert to; null keeps the stored values.</param>
    /// <exception cref="DataException">It is truncated, damaged or too large.</exception>
    public static Raster Decode(string path, ReadOnlySpan<byte> content, SKColorSpace? space = null)
    {
        fixed (byte* source = content)
        {
            // Skia reads the content in place, so it stays pinned until both objects are disposed.
            using var data = SKData.Create((nint)source, content.Length);
            using var codec = SKCodec.Create(data)
                ?? throw PictureFile.Refused(path, "it is truncated or damaged (its header cannot be read)");
            // Not codec.Info, which would create a colour space that only the garbage collector frees.
            var extents = codec.GetScaledDimensions(1);
            var (width, height) = (extents.Width, extents.Height);
            PictureFile.DemandSize(path, width, height);
            if (codec.FrameCount > 1)
            {
                throw PictureFile.Refused(path, "it is animated");
            }

            var info = new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul, space);
            var pixels = GC.AllocateUninitializedArray<byte>(info.BytesSize);
            fixed (byte* target = pixels)
            {
                var result = codec.GetPixels(info, (nint)target);
                return result == SKCodecResult.Success
                    ? new Raster(height, width, pixels, codec.EncodedOrigin)
                    : throw PictureFile.Refused(path, $"it is truncated or damaged ({result})");
            }
        }
    }
}
