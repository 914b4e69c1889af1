using System.Buffers.Binary;

namespace Freeze.Runtime.Data.Pictures;

/// <summary>
/// Decodes JPEGs and turns them upright by their EXIF orientation. Grey becomes equal red, green and blue. Damage within the
/// coded pixels may go unnoticed, as in Pillow: Skia does not report libjpeg-turbo's warnings.
/// </summary>
internal static class JpegDecoder
{
    private const byte StartOfScan = 0xDA, EndOfImage = 0xD9;

    private const int Inks = 4;

    /// <summary>The first bytes of every JPEG.</summary>
    public static ReadOnlySpan<byte> Signature => [0xFF, 0xD8, 0xFF];

    /// <summary>Decodes the content of a file.</summary>
    /// <exception cref="DataException">It is truncated, damaged, in CMYK, or too large.</exception>
    public static Picture Decode(string path, ReadOnlySpan<byte> content)
    {
        DemandMarkers(path, content);
        return Picture.OfRaster(SkiaDecoder.Decode(path, content));
    }

    // Skia would convert CMYK by its own formula, and accept a JPEG whose last bytes are missing. The markers (ITU-T
    // T.81, annex B) reveal both.
    private static void DemandMarkers(string path, ReadOnlySpan<byte> content)
    {
        for (var at = 2; ;)
        {
            var code = Code(path, content, ref at);
            if (code == EndOfImage)
            {
                return;
            }

            if (IsAlone(code))
            {
                continue;
            }

            var length = content.Length < at + 2 ? 0 : BinaryPrimitives.ReadUInt16BigEndian(content[at..]);
            if (length < 2 || length > content.Length - at)
            {
                throw Truncated(path);
            }

            if (IsFrame(code) && length > 7 && content[at + 7] == Inks)
            {
                throw PictureFile.Refused(path, "its colours are CMYK: save it as RGB");
            }

            at += length;
            if (code == StartOfScan)
            {
                at = EndOfScan(content, at);
            }
        }
    }

    // A marker is one or more bytes FF and a code.
    private static byte Code(string path, ReadOnlySpan<byte> content, ref int at)
    {
        if (at < content.Length && content[at] != 0xFF)
        {
            throw PictureFile.Refused(path, $"it is damaged: no marker at byte {at}, where one should be");
        }

        while (at < content.Length && content[at] == 0xFF)
        {
            at++;
        }

        return at < content.Length ? content[at++] : throw Truncated(path);
    }

    // The position of the marker after the coded pixels. FF00 stands for a pixel byte FF; FFD0 to FFD7 (restarts) occur among the
    // pixels.
    private static int EndOfScan(ReadOnlySpan<byte> content, int at)
    {
        while (true)
        {
            var next = content[at..].IndexOf((byte)0xFF);
            if (next < 0 || at + next + 1 >= content.Length)
            {
                return content.Length;
            }

            at += next;
            if (content[at + 1] is not (0 or (>= 0xD0 and <= 0xD7)))
            {
                return at;
            }

            at += 2;
        }
    }

    private static bool IsAlone(byte code) => code is 1 or (>= 0xD0 and <= 0xD7);

    // C4, C8 and CC are tables and extensions, not frames.
    private static bool IsFrame(byte code) => code is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC);

    private static DataException Truncated(string path) => PictureFile.Refused(path, "it is truncated");
}
