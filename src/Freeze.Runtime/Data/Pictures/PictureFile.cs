using System.Buffers.Binary;

namespace Freeze.Runtime.Data.Pictures;

/// <summary>Reads a picture from an untrusted file: its first bytes tell the format, not its name.</summary>
internal static class PictureFile
{
    /// <summary>The largest file that is read.</summary>
    public const long LargestFile = 64L << 20;

    // At 64 megapixels the decoders take less than a gigabyte.
    private const long MostPixels = 64L << 20;

    /// <summary>Decodes a JPEG, PNG, WebP or BMP.</summary>
    /// <exception cref="DataException">It is damaged, too large or of another format.</exception>
    public static Picture Read(string path)
    {
        var content = Content(path);
        return content.AsSpan() switch
        {
            [] => throw Refused(path, "it is empty"),
            var start when start.StartsWith(JpegDecoder.Signature) => JpegDecoder.Decode(path, content),
            var start when start.StartsWith(PngChunks.Signature) => PngDecoder.Decode(path, content),
            var start when start.StartsWith("BM"u8) => Picture.OfRaster(SkiaDecoder.Decode(path, content)),
            var start when start.StartsWith("RIFF"u8) && start.Length > 12 && start[8..12].SequenceEqual("WEBP"u8) =>
                OfWebP(path, content),
            _ => throw Refused(path, "it is not a JPEG, PNG, WebP or BMP"),
        };
    }

    // Skia ignores missing bytes at the end.
    private static Picture OfWebP(string path, byte[] content) =>
        BinaryPrimitives.ReadUInt32LittleEndian(content.AsSpan(4)) + 8L <= content.Length
            ? Picture.OfRaster(SkiaDecoder.Decode(path, content))
            : throw Refused(path, "it is truncated");

    /// <summary>Refuses too large a picture before allocating memory for it.</summary>
    public static void DemandSize(string path, long width, long height)
    {
        if (width < 1 || height < 1 || width * height > MostPixels)
        {
            throw Refused(path, $"it has {width} x {height} pixels, and {MostPixels >> 20} x 2^20 are the most");
        }
    }

    /// <summary>Reports why a file cannot be read.</summary>
    public static DataException Refused(string path, string reason) =>
        new($"{path} cannot be used as a picture: {reason}", "replace the file, or remove it");

    private static byte[] Content(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        if (file.Length > LargestFile)
        {
            throw Refused(path, $"it has {file.Length} bytes, and {LargestFile >> 20} MiB are the most");
        }

        var content = new byte[file.Length];
        return file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false) == content.Length
            ? content
            : throw Refused(path, "it became shorter while it was read");
    }
}
