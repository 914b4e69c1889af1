using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Freeze.Runtime.Data.Pictures;

/// <summary>
/// A memory-mapped file of decoded images: a header of <see cref="HeaderBytes"/> bytes, the labels of both parts as 16-bit
/// numbers, and the pixels of both parts in the order image, channel, row, column. Numbers are little-endian. The header holds a
/// magic number with the version, an image's extents, both counts, the digest of the pictures' files and labels, and the SHA-256
/// of everything after it.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="listing">The pictures that it holds or is to hold.</param>
/// <param name="digest">The digest of the listing's content, in hexadecimal.</param>
/// <param name="square">The target size.</param>
internal sealed class DecodedFile(string path, ImageListing listing, string digest, Square square)
{
    /// <summary>Bytes of the header.</summary>
    public const int HeaderBytes = 96;

    private const int SumBytes = 32;

    private readonly long count = (long)listing.Training.Length + listing.Test.Length;

    // Change the version with any change of the layout, the decoders' settings or the resizer.
    private static ReadOnlySpan<byte> Mark => "FRZIMG03"u8;

    /// <summary>Decodes the listing into the file, which appears whole or not at all.</summary>
    /// <exception cref="DataException">A picture is unusable.</exception>
    public void Write() => WholeFile.Write(path, file =>
    {
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        file.Write(new byte[HeaderBytes]);
        ImageFile[] all = [.. listing.Training, .. listing.Test];
        Put(MemoryMarshal.AsBytes<ushort>(Array.ConvertAll(all, image => (ushort)image.Label)));
        foreach (var pixels in Decoding.Blocks(listing.Folder, all, square))
        {
            Put(pixels);
        }

        file.Position = 0;
        file.Write(Header(sum.GetHashAndReset()));

        void Put(ReadOnlySpan<byte> bytes)
        {
            sum.AppendData(bytes);
            file.Write(bytes);
        }
    });

    /// <summary>Both parts, mapped and verified; null if the file is missing or damaged.</summary>
    public (RawImages Training, RawImages Test)? TryOpen(Action<string> note)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        var expected = HeaderBytes + (count * (sizeof(ushort) + square.Bytes));
        if (file.Length != expected)
        {
            note($"{path} is damaged ({expected} bytes expected, {file.Length} found): it is made again");
            return null;
        }

        var header = new byte[HeaderBytes];
        file.ReadExactly(header);
        var labels = new ushort[count];
        file.ReadExactly(MemoryMarshal.AsBytes(labels.AsSpan()));
        using var map = MemoryMappedFile.CreateFromFile(
            file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        var pixels = HeaderBytes + (count * sizeof(ushort));
        var (training, test) = (listing.Training.Length, listing.Test.Length);
        var parts = (
            new RawImages(Pixels.Mapped(map, pixels, square.Bytes, training), labels[..training]),
            new RawImages(
                Pixels.Mapped(map, pixels + ((long)training * square.Bytes), square.Bytes, test), labels[training..]));
        if (header.SequenceEqual(Header(Sum(labels, parts.Item1.Pixels, parts.Item2.Pixels))))
        {
            return parts;
        }

        note($"{path} is damaged (its checksum is wrong): it is made again");
        parts.Item1.Pixels.Dispose();
        parts.Item2.Pixels.Dispose();
        return null;
    }

    private static byte[] Sum(ushort[] labels, params ReadOnlySpan<Pixels> parts)
    {
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sum.AppendData(MemoryMarshal.AsBytes<ushort>(labels));
        foreach (var part in parts)
        {
            part.AddTo(sum);
        }

        return sum.GetHashAndReset();
    }

    private byte[] Header(byte[] sum)
    {
        var header = new byte[HeaderBytes];
        Mark.CopyTo(header);
        int[] numbers = [Picture.Channels, square.Size, square.Size, listing.Training.Length, listing.Test.Length];
        for (var i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(Mark.Length + (i * sizeof(int))), numbers[i]);
        }

        Convert.FromHexString(digest).CopyTo(header, HeaderBytes - (2 * SumBytes));
        sum.CopyTo(header, HeaderBytes - SumBytes);
        return header;
    }
}
