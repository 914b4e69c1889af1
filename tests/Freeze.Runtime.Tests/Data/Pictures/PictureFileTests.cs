using System.Buffers.Binary;
using Freeze.Runtime.Data;
using Freeze.Runtime.Data.Pictures;
using Xunit;

namespace Freeze.Runtime.Tests.Data.Pictures;

public sealed class PictureFileTests : IDisposable
{
    private readonly Folder folder = new();

    public static TheoryData<string> Made =>
        [.. Fixtures.Pillow("made").EnumerateObject().Select(picture => picture.Name)];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Made))]
    public void EveryKindOfPictureHasThePixelsThatPillowFinds(string name)
    {
        var expected = Fixtures.Pillow("made").GetProperty(name);
        var picture = PictureFile.Read(Fixtures.Picture(name));

        Assert.Equal(
            (expected.GetProperty("width").GetInt32(), expected.GetProperty("height").GetInt32()),
            (picture.Width, picture.Height));
        Assert.Equal(expected.GetProperty("sha256").GetString(), Fixtures.Sum(picture.Planes));
    }

    [Fact]
    public void TheContentSaysWhatAPictureIsAndNotItsName() =>
        Assert.Equal(37, PictureFile.Read(folder.Write("misnamed.jpg", Fixtures.Bytes("rgb.png"))).Width);

    [Fact]
    public void InksAreRefused() => Refused(Fixtures.Bytes("cmyk.jpg"), "CMYK");

    [Fact]
    public void AnotherFormatIsRefused() => Refused("GIF89a"u8.ToArray(), "neither as a JPEG nor as a PNG");

    [Fact]
    public void AnEmptyFileIsRefused() => Refused([], "empty");

    [Fact]
    public void AnAnimatedPngIsRefused() => Refused(WithChunk("acTL"), "animated");

    [Fact]
    public void AnUnknownChunkThatMustBeUnderstoodIsRefused() => Refused(WithChunk("ABCD"), "not known");

    [Fact]
    public void AnUnknownChunkThatMayBePassedOverIsPassedOver() =>
        Assert.Equal(
            Fixtures.Pillow("made").GetProperty("rgb.png").GetProperty("sha256").GetString(),
            Fixtures.Sum(PictureFile.Read(folder.Write("picture", WithChunk("abCd"))).Planes));

    [Theory]
    [InlineData("rgb.png")]
    [InlineData("sampling2.jpg")]
    [InlineData("progressive.jpg")]
    [InlineData("grey.jpg")]
    public void ATruncatedPictureIsRefusedWhereverItEnds(string name)
    {
        var whole = Fixtures.Bytes(name);
        for (var length = 8; length < whole.Length; length++)
        {
            Refused(whole[..length], "truncated");
        }
    }

    [Fact]
    public void ABitChangedAnywhereInAPngIsFound()
    {
        var whole = Fixtures.Bytes("palette.png");
        for (var at = 8; at < whole.Length; at++)
        {
            var damaged = (byte[])whole.Clone();
            damaged[at] ^= 4;
            Refused(damaged, "");
        }
    }

    [Fact]
    public void AHugePngIsRefusedBeforeMemoryIsTaken()
    {
        var content = Fixtures.Bytes("rgb.png");
        BinaryPrimitives.WriteUInt32BigEndian(content.AsSpan(16), 0x7FFFFFFF);
        BinaryPrimitives.WriteUInt32BigEndian(content.AsSpan(29), Sum(content.AsSpan(12, 17)));
        Refused(content, "2147483647 x 29 pixels");
    }

    [Fact]
    public void AHugeJpegIsRefusedBeforeMemoryIsTaken()
    {
        var content = Fixtures.Bytes("sampling0.jpg");
        var frame = content.AsSpan().IndexOf([(byte)0xFF, (byte)0xC0]);
        byte[] extents = [0x7F, 0xFF, 0x7F, 0xFF];
        extents.CopyTo(content, frame + 5);
        Refused(content, "32767 x 32767 pixels");
    }

    [Fact]
    public void AHugeFileIsRefused()
    {
        var path = folder.Write("large.jpg", []);
        using (var file = File.OpenWrite(path))
        {
            file.SetLength(PictureFile.LargestFile + 1);
        }

        Assert.Contains(
            "64 MiB", Assert.Throws<DataException>(() => PictureFile.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMissingLibraryIsNamedWithWhatBringsIt()
    {
        var error = Assert.Throws<DataException>(() =>
            PictureFile.WithLibrary<int>("JPEG", "libturbojpeg0", () => throw new DllNotFoundException("no such file")));

        Assert.Contains("libturbojpeg0", error.Message, StringComparison.Ordinal);
        Assert.Contains("apt-get install -y libturbojpeg0", error.Advice, StringComparison.Ordinal);
    }

    // Whatever the bytes, a file is decoded or refused. PNGs get their sums mended, or nothing would reach libpng.
    [Theory]
    [MemberData(nameof(Made))]
    public void WhateverTheBytesAPictureIsDecodedOrRefused(string name)
    {
        var whole = Fixtures.Bytes(name);
        var key = RandomStream.Key(1, $"damage to {name}");
        var (decoded, refused) = (0, 0);
        for (var trial = 0; trial < 400; trial++)
        {
            var damaged = (byte[])whole.Clone();
            for (var i = 0; i <= trial % 8; i++)
            {
                var bits = RandomStream.Bits(key, (8 * trial) + i);
                damaged[8 + (int)((bits >> 8) % (ulong)(whole.Length - 8))] = (byte)bits;
            }

            var length = 8 + (int)(RandomStream.Bits(key, -trial - 2) % (ulong)(whole.Length - 8));
            var some = trial % 5 == 0 ? damaged[..length] : damaged;
            try
            {
                var picture = PictureFile.Read(folder.Write("picture", Mended(some)));
                Assert.Equal(3 * picture.Width * picture.Height, picture.Planes.Length);
                decoded++;
            }
            catch (DataException)
            {
                refused++;
            }
        }

        Assert.Equal(400, decoded + refused);
        Assert.True(refused > 40, $"{refused} refused");
    }

    private void Refused(byte[] content, string reason)
    {
        var path = folder.Write("picture", content);
        var error = Assert.Throws<DataException>(() => PictureFile.Read(path));
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    // Behind the header, which ends at byte 33.
    private static byte[] WithChunk(string type)
    {
        var content = Fixtures.Bytes("rgb.png");
        byte[] chunk = [0, 0, 0, 8, .. type.Select(letter => (byte)letter), .. new byte[12]];
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(16), Sum(chunk.AsSpan(4, 12)));
        return [.. content[..33], .. chunk, .. content[33..]];
    }

    private static byte[] Mended(byte[] content)
    {
        if (!content.AsSpan().StartsWith(PngChunks.Signature))
        {
            return content;
        }

        for (var at = 8; at + 12 <= content.Length;)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(content.AsSpan(at));
            if (length > content.Length - at - 12)
            {
                break;
            }

            BinaryPrimitives.WriteUInt32BigEndian(
                content.AsSpan(at + 8 + (int)length), Sum(content.AsSpan(at + 4, 4 + (int)length)));
            at += 12 + (int)length;
        }

        return content;
    }

    private static uint Sum(ReadOnlySpan<byte> content)
    {
        var sum = uint.MaxValue;
        foreach (var value in content)
        {
            sum ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                sum = (sum >> 1) ^ ((sum & 1) * 0xEDB88320);
            }
        }

        return ~sum;
    }
}
