using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Security.Cryptography;
using Freeze.Runtime.Data;

namespace Freeze.Runtime.Prefixes;

/// <summary>
/// A memory-mapped file with the features of a part of a data set: a header of <see cref="HeaderBytes"/> bytes, then the features
/// of the training images and of the test images, in row-major order, as little-endian numbers of the activations' type. The
/// header holds a magic number with the version, both counts, the bytes of an image, the time of the computation, the SHA-256 of
/// the source weights and that of the features.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="weights">The SHA-256 of the features' source.</param>
/// <param name="size">Bytes of the features of one image.</param>
/// <param name="training">The number of rows of training images: one for each image, or one for each copy.</param>
/// <param name="test">The number of test images.</param>
internal sealed class FeatureFile(string path, byte[] weights, int size, int training, int test)
{
    /// <summary>Bytes of the header.</summary>
    public const int HeaderBytes = 128;

    private const int SumBytes = 32;

    /// <summary>Bytes of the whole file.</summary>
    public long Length => HeaderBytes + ((long)size * ((long)training + test));

    // Change the version with any change of the layout.
    private static ReadOnlySpan<byte> Mark => "FRZFEA03"u8;

    /// <summary>Writes features block by block, in order; the file appears whole or not at all.</summary>
    /// <param name="compute">Passes on the blocks.</param>
    /// <param name="seconds">Returns the time that this took; called at the end.</param>
    public void Write(Action<Action<ReadOnlySpan<byte>>> compute, Func<double> seconds) => WholeFile.Write(path, file =>
    {
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        file.Write(new byte[HeaderBytes]);
        compute(block =>
        {
            sum.AppendData(block);
            file.Write(block);
        });
        file.Position = 0;
        file.Write(Header(seconds(), sum.GetHashAndReset()));
    });

    /// <summary>Both parts, mapped and verified, and the time of their computation; null if the file is unusable.</summary>
    public (Pixels Training, Pixels Test, double Seconds)? TryOpen(Action<string> note)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        if (file.Length == Length)
        {
            var header = new byte[HeaderBytes];
            file.ReadExactly(header);
            using var map = MemoryMappedFile.CreateFromFile(
                file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            var parts = (Training: Part(map, HeaderBytes, training), Test: Part(map, HeaderBytes + ((long)size * training), test));
            var seconds = BinaryPrimitives.ReadDoubleLittleEndian(header.AsSpan(32));
            if (header.SequenceEqual(Header(seconds, Sum(parts.Training, parts.Test))))
            {
                return (parts.Training, parts.Test, seconds);
            }

            parts.Training.Dispose();
            parts.Test.Dispose();
        }

        note($"{path} is damaged, or from other weights: it is computed again");
        return null;
    }

    // An empty mapping would instead map everything after it.
    private Pixels Part(MemoryMappedFile map, long offset, int count) =>
        count == 0 ? Pixels.Of([], size) : Pixels.Mapped(map, offset, size, count);

    private static byte[] Sum(params ReadOnlySpan<Pixels> parts)
    {
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
        {
            for (var image = 0L; image < part.Count; image++)
            {
                sum.AppendData(part.Of(image));
            }
        }

        return sum.GetHashAndReset();
    }

    private byte[] Header(double seconds, byte[] sum)
    {
        var header = new byte[HeaderBytes];
        Mark.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), training);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(12), test);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(16), size);
        BinaryPrimitives.WriteDoubleLittleEndian(header.AsSpan(32), seconds);
        weights.CopyTo(header, HeaderBytes - (2 * SumBytes));
        sum.CopyTo(header, HeaderBytes - SumBytes);
        return header;
    }
}
