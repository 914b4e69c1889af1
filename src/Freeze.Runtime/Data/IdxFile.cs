using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;

namespace Freeze.Runtime.Data;

/// <summary>
/// The idx layout of MNIST and its kin: a magic number whose last byte counts the dimensions, the extents as big-endian 32-bit
/// numbers, then bytes. A file whose name ends in .gz is decompressed.
/// </summary>
internal static class IdxFile
{
    /// <summary>Reads the bytes of a file whose extents must be exactly <paramref name="extents"/>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="extents">Images, rows and columns; or labels.</param>
    /// <param name="sha256">The required SHA-256 of the decompressed file, in hexadecimal.</param>
    /// <exception cref="DataException">It is truncated, damaged, of another layout or from another data set.</exception>
    public static byte[] Read(string path, ReadOnlySpan<int> extents, string sha256)
    {
        var header = 4 + (4 * extents.Length);
        var size = 1;
        foreach (var extent in extents)
        {
            size = checked(size * extent);
        }

        var content = ReadBytes(path, header + size);
        CheckHeader(path, content, extents);
        if (content.Length != header + size)
        {
            var found = content.Length > header + size ? $"more than {header + size}" : $"{content.Length}";
            throw Damaged(path, $"{header + size} bytes expected, {found} found");
        }

        if (!Convert.ToHexStringLower(SHA256.HashData(content)).Equals(sha256, StringComparison.Ordinal))
        {
            throw Damaged(path, "its SHA-256 is not that of the published file");
        }

        return content[header..];
    }

    /// <summary>Reads labels, each below <paramref name="classes"/>.</summary>
    /// <inheritdoc cref="Read"/>
    public static byte[] ReadLabels(string path, int count, int classes, string sha256)
    {
        var labels = Read(path, [count], sha256);
        var wrong = labels.AsSpan().IndexOfAnyExceptInRange((byte)0, (byte)(classes - 1));
        return wrong < 0
            ? labels
            : throw Damaged(path, $"label {wrong} is {labels[wrong]}, but there are {classes} classes");
    }

    private static void CheckHeader(string path, byte[] content, ReadOnlySpan<int> extents)
    {
        if (content.Length < 4 + (4 * extents.Length))
        {
            throw Damaged(path, $"{4 + (4 * extents.Length)} bytes of header expected, {content.Length} found");
        }

        var magic = BinaryPrimitives.ReadInt32BigEndian(content);
        if (magic != 0x0800 + extents.Length)
        {
            throw Damaged(path, $"it begins with {magic:x8}, not with {0x0800 + extents.Length:x8}");
        }

        for (var i = 0; i < extents.Length; i++)
        {
            var found = BinaryPrimitives.ReadInt32BigEndian(content.AsSpan(4 + (4 * i)));
            if (found != extents[i])
            {
                throw Damaged(path, $"its dimension {i + 1} is {found}, not {extents[i]}");
            }
        }
    }

    // At most one byte more than expected is read: a small archive can hold a terabyte of zeros.
    private static byte[] ReadBytes(string path, int expected)
    {
        var buffer = new byte[expected + 1];
        try
        {
            using var file = File.OpenRead(path);
            using Stream stream = path.EndsWith(".gz", StringComparison.Ordinal)
                ? new GZipStream(file, CompressionMode.Decompress)
                : file;
            var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            return buffer[..length];
        }
        catch (InvalidDataException error)
        {
            throw Damaged(path, $"it cannot be decompressed to the expected {expected} bytes", error);
        }
    }

    private static DataException Damaged(string path, string reason, Exception? inner = null) =>
        new($"{path} is damaged or not the expected file: {reason}", "remove it and fetch it again with `freeze data`", inner);
}
