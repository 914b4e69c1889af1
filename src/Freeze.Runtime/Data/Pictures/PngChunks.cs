using System.Buffers.Binary;
using ICSharpCode.SharpZipLib.Checksum;

namespace Freeze.Runtime.Data.Pictures;

/// <summary>The chunks of a PNG (ISO/IEC 15948), verified before Skia sees any of them.</summary>
internal static class PngChunks
{
    private const int Frame = 12;

    /// <summary>The first bytes of every PNG.</summary>
    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>
    /// The same picture with only its four critical chunks and its transparent colour: pixels are used as stored, regardless of
    /// any colour profile or gamma, and no text or profile is ever unpacked.
    /// </summary>
    /// <returns>A whole PNG.</returns>
    /// <exception cref="DataException">It is truncated, damaged or animated.</exception>
    public static Span<byte> Essential(string path, ReadOnlySpan<byte> content)
    {
        var kept = new byte[content.Length];
        Signature.CopyTo(kept);
        var (at, length) = (Signature.Length, Signature.Length);
        while (true)
        {
            var chunk = Next(path, content[at..]);
            at += chunk.Length;
            var isHeader = chunk[4..8].SequenceEqual("IHDR"u8);
            if (isHeader != (length == Signature.Length) || (isHeader && chunk.Length != Frame + 13))
            {
                throw PictureFile.Refused(path, "it is damaged: its header is misplaced");
            }

            // Skia gets 16-bit channels as 8-bit ones, and so cannot use a transparent colour of 16 bits.
            if (IsEssential(path, chunk[4..8]) || (chunk[4..8].SequenceEqual("tRNS"u8) && kept[DeepPng.DepthAt] != DeepPng.Bits))
            {
                chunk.CopyTo(kept.AsSpan(length));
                length += chunk.Length;
            }

            if (chunk[4..8].SequenceEqual("IEND"u8))
            {
                return kept.AsSpan(0, length);
            }
        }
    }

    /// <summary>Writes a chunk's correct checksum.</summary>
    public static void Seal(Span<byte> chunk) => BinaryPrimitives.WriteUInt32BigEndian(chunk[^4..], Sum(chunk));

    // Length, type, data and checksum of the first chunk.
    private static ReadOnlySpan<byte> Next(string path, ReadOnlySpan<byte> content)
    {
        var length = content.Length < Frame ? uint.MaxValue : BinaryPrimitives.ReadUInt32BigEndian(content);
        if (length > content.Length - Frame)
        {
            throw PictureFile.Refused(path, "it is truncated");
        }

        var chunk = content[..((int)length + Frame)];
        return Sum(chunk) == BinaryPrimitives.ReadUInt32BigEndian(chunk[^4..])
            ? chunk
            : throw PictureFile.Refused(path, "it is damaged: the checksum of a chunk is wrong");
    }

    private static bool IsEssential(string path, ReadOnlySpan<byte> type)
    {
        if (type.SequenceEqual("IHDR"u8) || type.SequenceEqual("PLTE"u8)
            || type.SequenceEqual("IDAT"u8) || type.SequenceEqual("IEND"u8))
        {
            return true;
        }

        // The types of chunks that a reader must understand begin with a capital.
        return type.SequenceEqual("acTL"u8) ? throw PictureFile.Refused(path, "it is animated")
            : (type[0] & 0x20) != 0 ? false
            : throw PictureFile.Refused(path, "it is damaged, or an unknown kind of PNG");
    }

    // CRC-32 of a chunk's type and data.
    private static uint Sum(ReadOnlySpan<byte> chunk)
    {
        var sum = new Crc32();
        sum.Update(chunk[4..^4].ToArray());
        return (uint)sum.Value;
    }
}
