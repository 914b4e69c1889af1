using SkiaSharp;

namespace Freeze.Runtime.Data.Pictures;

/// <summary>
/// Decodes 16-bit PNGs and rounds them to 8 bits. Skia alone would truncate the lower 8 bits. Grey and colour need different
/// methods to keep them.
/// </summary>
internal static class DeepPng
{
    /// <summary>The bits of a channel.</summary>
    public const byte Bits = 16;

    /// <summary>The offset of a PNG's bit depth.</summary>
    public const int DepthAt = 24;

    private const byte Grey = 0, GreyWithAlpha = 4, ColourWithAlpha = 6;

    // Offsets from the beginning of a PNG: its header is always the first chunk.
    private const int HeaderBegin = 8, KindAt = 25, HeaderEnd = 33;

    // The chunk gAMA, which declares that colours are linear.
    private static readonly byte[] Linear =
        [0, 0, 0, 4, (byte)'g', (byte)'A', (byte)'M', (byte)'A', 0x00, 0x01, 0x86, 0xA0, 0x31, 0xE8, 0x96, 0x5F];

    /// <summary>Decodes a PNG.</summary>
    /// <param name="essential">Its chunks, as <see cref="PngChunks.Essential"/> returns them; overwritten.</param>
    /// <exception cref="DataException">It is damaged.</exception>
    public static Raster Decode(string path, Span<byte> essential) => essential[KindAt] switch
    {
        Grey => OfHalves(path, essential, GreyWithAlpha, lower: 3, alpha: null),
        GreyWithAlpha => OfHalves(path, essential, ColourWithAlpha, lower: 1, alpha: 2),
        _ => OfColours(path, essential),
    };

    // Declares each 16-bit value as two channels of 8 bits. The bytes of the file stay valid: PNG filters work on bytes, and a
    // pixel keeps its number of bytes.
    private static Raster OfHalves(string path, Span<byte> essential, byte kind, int lower, int? alpha)
    {
        essential[DepthAt] = 8;
        essential[KindAt] = kind;
        PngChunks.Seal(essential[HeaderBegin..HeaderEnd]);
        var raster = SkiaDecoder.Decode(path, essential);
        for (var i = 0; i < raster.Rgba.Length; i += SkiaDecoder.Stride)
        {
            var pixel = raster.Rgba.AsSpan(i, SkiaDecoder.Stride);
            var value = Rounded(pixel[0], pixel[lower]);
            pixel[3] = alpha is { } at ? Rounded(pixel[at], pixel[at + 1]) : byte.MaxValue;
            pixel[..Picture.Channels].Fill(value);
        }

        return raster;
    }

    private static byte Rounded(byte upper, byte lower) => (byte)(((((upper << 8) | lower) * 255) + 32767) / 65535);

    // Skia rounds all 16 bits only when it converts between colour spaces. So this declares the picture as linear sRGB and asks
    // for a space with the same three primaries in another order. The conversion then permutes the channels and changes no value;
    // the loop reverses the permutation.
    private static Raster OfColours(string path, ReadOnlySpan<byte> essential)
    {
        var rows = SKColorSpaceXyz.Srgb.Values.Chunk(Picture.Channels);
        using var reordered = SKColorSpace.CreateRgb(
            SKColorSpaceTransferFn.Linear,
            new SKColorSpaceXyz([.. rows.SelectMany(row => new[] { row[1], row[2], row[0] })]));
        byte[] declared = [.. essential[..HeaderEnd], .. Linear, .. essential[HeaderEnd..]];
        var raster = SkiaDecoder.Decode(path, declared, reordered);
        for (var i = 0; i < raster.Rgba.Length; i += SkiaDecoder.Stride)
        {
            var pixel = raster.Rgba.AsSpan(i, Picture.Channels);
            (pixel[0], pixel[1], pixel[2]) = (pixel[2], pixel[0], pixel[1]);
        }

        return raster;
    }
}
