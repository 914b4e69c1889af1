using System.IO.Compression;
using System.Security.Cryptography;
using Freeze.Runtime.Data;
using Xunit;

namespace Freeze.Runtime.Tests.Data;

public sealed class IdxFileTests : IDisposable
{
    // Three images of 2x2: magic number, extents, pixels.
    private static readonly byte[] Images =
        [0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

    private readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void PixelsFollowTheHeader()
    {
        var path = folder.Write("images", Images);

        Assert.Equal(Enumerable.Range(1, 12).Select(i => (byte)i), IdxFile.Read(path, [3, 2, 2], Sum(Images)));
    }

    [Fact]
    public void AFileThatEndsInGzIsDecompressed()
    {
        var path = folder.Write("images.gz", Gzip(Images));

        Assert.Equal(Images[16..], IdxFile.Read(path, [3, 2, 2], Sum(Images)));
    }

    [Fact]
    public void ATruncatedFileIsRefusedWithBothLengths() => Refused("images", Images[..^1], "28 bytes expected, 27 found");

    [Fact]
    public void TrailingBytesAreRefused() => Refused("images", [.. Images, 0], "28 bytes expected, more than 28 found");

    [Fact]
    public void AnEmptyFileIsRefused() => Refused("images", [], "16 bytes of header expected, 0 found");

    [Fact]
    public void AnotherMagicNumberIsRefused() => Refused("images", [1, .. Images[1..]], "begins with 01000803");

    [Fact]
    public void OtherExtentsAreRefused() => Refused("images", [.. Images[..7], 4, .. Images[8..]], "dimension 1 is 4, not 3");

    [Fact]
    public void AnotherContentIsRefusedByItsSum() => Refused("images", [.. Images[..^1], 99], "SHA-256");

    [Fact]
    public void ACompressedFileThatWasCutIsRefused() => Refused("images.gz", Gzip(Images)[..^12], "");

    [Fact]
    public void ACompressedFileWithADamagedByteIsRefused()
    {
        var damaged = Gzip(Images);
        // The last 8 bytes are the check sum and the length.
        damaged[^8] ^= 1;
        Refused("images.gz", damaged, "cannot be decompressed");
    }

    [Fact]
    public void AFileThatIsNotCompressedButSaysSoIsRefused() => Refused("images.gz", Images, "cannot be decompressed");

    [Fact]
    public void ALabelAboveTheClassesIsRefusedWithItsPlace()
    {
        byte[] labels = [0, 0, 8, 1, 0, 0, 0, 3, 9, 10, 0];
        var path = folder.Write("labels", labels);

        var error = Assert.Throws<DataException>(() => IdxFile.ReadLabels(path, 3, 10, Sum(labels)));

        Assert.Contains("label 1 is 10", error.Message, StringComparison.Ordinal);
        Assert.Equal([9, 10, 0], IdxFile.ReadLabels(path, 3, 11, Sum(labels)));
    }

    private void Refused(string name, byte[] content, string reason)
    {
        var path = folder.Write(name, content);
        var error = Assert.Throws<DataException>(() => IdxFile.Read(path, [3, 2, 2], Sum(Images)));
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(error.Advice);
    }

    private static string Sum(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static byte[] Gzip(byte[] content)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Optimal))
        {
            gzip.Write(content);
        }

        return buffer.ToArray();
    }
}
