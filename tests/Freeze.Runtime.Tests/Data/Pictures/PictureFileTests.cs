using System.Buffers.Binary;
using System.IO.Compression;
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

    [Theory]
    [InlineData(0, 1)]
    [InlineData(2, 3)]
    [InlineData(4, 2)]
    [InlineData(6, 4)]
    public void EachValueOfSixteenBitsIsRounded(byte kind, int channels)
    {
        // Each channel has every value once, each channel in another order.
        const int side = 256;
        using var lines = new MemoryStream();
        using (var packed = new ZLibStream(lines, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (var i = 0; i < side * side; i++)
            {
                if (i % side == 0)
                {
                    packed.WriteByte(0);
                }

                for (var channel = 0; channel < channels; channel++)
                {
                    packed.Write([(byte)(Value(i, channel) >> 8), (byte)Value(i, channel)]);
                }
            }
        }

        byte[] content =
        [
            .. PngChunks.Signature,
            .. Chunk("IHDR", [0, 0, side >> 8, 0, 0, 0, side >> 8, 0, 16, kind, 0, 0, 0]),
            .. Chunk("IDAT", lines.ToArray()),
            .. Chunk("IEND", []),
        ];
        // Over black where the last channel is alpha.
        static double Rounded(int pixel, int channel) => Math.Round(Value(pixel, channel) / 257.0);
        var rounded = Enumerable.Range(0, Picture.Channels * side * side).Select(i =>
        {
            var (pixel, colour) = (i % (side * side), channels < Picture.Channels ? 0 : i / (side * side));
            var alpha = channels % 2 == 0 ? Rounded(pixel, channels - 1) : 255;
            return (byte)Math.Round(Rounded(pixel, colour) * alpha / 255);
        });

        Assert.Equal(rounded.ToArray(), PictureFile.Read(folder.Write("deep.png", content)).Planes);

        static ushort Value(int pixel, int channel) => (ushort)((pixel * 40503) + (channel * 12345));
    }

    [Fact]
    public void InksAreRefused() => Refused(Fixtures.Bytes("cmyk.jpg"), "CMYK");

    [Fact]
    public void AnotherFormatIsRefused() => Refused("GIF89a"u8.ToArray(), "not a JPEG, PNG, WebP or BMP");

    [Fact]
    public void AnEmptyFileIsRefused() => Refused([], "empty");

    [Fact]
    public void AnAnimatedPictureIsRefused()
    {
        Refused(WithChunk("acTL"), "animated");
        Refused(Fixtures.Bytes("animated.webp"), "animated");
    }

    [Fact]
    public void AnUnknownChunkThatMustBeUnderstoodIsRefused() => Refused(WithChunk("ABCD"), "unknown kind");

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
    [InlineData("rgb.bmp")]
    [InlineData("lossless.webp")]
    [InlineData("lossy.webp")]
    public void ATruncatedPictureIsRefusedWhereverItEnds(string name)
    {
        var whole = Fixtures.Bytes(name);
        for (var length = 8; length < whole.Length; length++)
        {
            // Of a few bytes of a WebP not even that can be said.
            Refused(whole[..length], length > 12 || !name.EndsWith("webp", StringComparison.Ordinal) ? "truncated" : "");
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

    // A few kilobytes could else keep a processor busy for hours.
    [Fact]
    public void AJpegOfThousandsOfScansIsRefused()
    {
        var content = Fixtures.Bytes("progressive.jpg");
        var last = content.AsSpan().LastIndexOf([(byte)0xFF, (byte)0xDA]);
        var scans = Enumerable.Repeat(content[last..^2], 2000).SelectMany(scan => scan);
        Refused([.. content[..^2], .. scans, .. content[^2..]], "damaged");
    }

    [Fact]
    public void WhatStandsBehindTheEndOfAJpegIsPassedOver() =>
        Assert.Equal(
            Fixtures.Pillow("made").GetProperty("grey.jpg").GetProperty("sha256").GetString(),
            Fixtures.Sum(PictureFile.Read(folder.Write("picture", [.. Fixtures.Bytes("grey.jpg"), 1, 2, 3])).Planes));

    [Fact]
    public void BytesBetweenTheMarkersOfAJpegAreRefused()
    {
        var content = Fixtures.Bytes("grey.jpg");
        Refused([.. content[..2], 0, .. content[2..]], "not a JPEG");
        Refused([.. content[..20], 0, .. content[20..]], "no marker at byte 20");
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

    // Whatever the bytes, a file is decoded or refused. PNGs get their sums mended, or nothing would reach Skia.
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
        return [.. content[..33], .. Chunk(type, new byte[8]), .. content[33..]];
    }

    private static byte[] Chunk(string type, byte[] data)
    {
        byte[] chunk = [0, 0, 0, 0, .. type.Select(letter => (byte)letter), .. data, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        PngChunks.Seal(chunk);
        return chunk;
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
