using System.Buffers.Binary;
using SkiaSharp;

namespace Freeze.Runtime.Data.Pictures;

/// <summary>
/// Decodes PNGs. Grey becomes equal red, green and blue; 16 bits are rounded to 8; transparent pixels are composed over black.
/// </summary>
internal static class PngDecoder
{
    /// <summary>Decodes the content of a file.</summary>
    /// <exception cref="DataException">It is truncated, damaged, animated or too large.</exception>
    public static Picture Decode(string path, ReadOnlySpan<byte> content)
    {
        var essential = PngChunks.Essential(path, content);
        var header = essential[(PngChunks.Signature.Length + 8)..];
        // Checked here too, because Skia does not tell the extents when it refuses a huge header.
        PictureFile.DemandSize(
            path, BinaryPrimitives.ReadUInt32BigEndian(header), BinaryPrimitives.ReadUInt32BigEndian(header[4..]));
        return Picture.OfRaster(
            header[8] == DeepPng.Bits ? DeepPng.Decode(path, essential) : SkiaDecoder.Decode(path, essential));
    }
}
