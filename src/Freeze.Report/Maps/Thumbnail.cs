using System.Buffers.Binary;
using System.IO.Compression;

namespace Freeze.Report.Maps;

/// <summary>Small pictures as PNG files (ISO 15948), grey or in colours, of at most 32 pixels a side.</summary>
public static class Thumbnail
{
    private const int Largest = 32;
    private const int Grey = 0;
    private const int Colours = 2;

    /// <summary>The PNG of an image in base 64.</summary>
    /// <param name="image">Bytes in the order channel, row, column; of other than three channels the first is shown.</param>
    /// <param name="shape">Channels, rows, columns.</param>
    public static string Of(ReadOnlySpan<byte> image, ReadOnlySpan<int> shape)
    {
        var (rows, columns) = (shape[1], shape[2]);
        var channels = shape[0] == 3 ? 3 : 1;
        var pace = Math.Max(1, (Math.Max(rows, columns) + Largest - 1) / Largest);
        var (height, width) = ((rows + pace - 1) / pace, (columns + pace - 1) / pace);
        using var lines = new MemoryStream();
        for (var row = 0; row < height; row++)
        {
            // Each line says how it is filtered: not at all.
            lines.WriteByte(0);
            for (var column = 0; column < width; column++)
            {
                for (var channel = 0; channel < channels; channel++)
                {
                    lines.WriteByte(image[(channel * rows * columns) + (row * pace * columns) + (column * pace)]);
                }
            }
        }

        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            zlib.Write(lines.ToArray());
        }

        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, (byte)(channels == 3 ? Colours : Grey));
        using var file = new MemoryStream();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        Chunk(file, "IHDR"u8, header);
        Chunk(file, "IDAT"u8, packed.ToArray());
        Chunk(file, "IEND"u8, []);
        return Convert.ToBase64String(file.ToArray());
    }

    private static void Chunk(MemoryStream file, ReadOnlySpan<byte> name, byte[] content)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        file.Write(number);
        file.Write(name);
        file.Write(content);
        BinaryPrimitives.WriteUInt32BigEndian(number, Sum([.. name, .. content]));
        file.Write(number);
    }

    // The cyclic redundancy check of PNG, bit by bit: the pictures are small.
    private static uint Sum(byte[] bytes)
    {
        var sum = uint.MaxValue;
        foreach (var value in bytes)
        {
            sum ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                sum = (sum & 1) == 1 ? (sum >> 1) ^ 0xEDB88320 : sum >> 1;
            }
        }

        return ~sum;
    }
}
