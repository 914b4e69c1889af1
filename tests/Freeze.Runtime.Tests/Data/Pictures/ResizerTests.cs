using System.IO.Compression;
using System.Text.Json;
using Freeze.Runtime.Data.Pictures;
using Xunit;

namespace Freeze.Runtime.Tests.Data.Pictures;

public sealed class ResizerTests
{
    [Fact]
    public void SquaresArePillowsToWithinALevel()
    {
        var cases = JsonSerializer.Deserialize<int[][]>(File.ReadAllText(Path.Combine(Fixtures.Root, "resize.json")))!;
        using var file = new GZipStream(
            File.OpenRead(Path.Combine(Fixtures.Root, "resize.bin")), CompressionMode.Decompress);
        Assert.Equal(9, cases.Length);
        foreach (var extents in cases)
        {
            var (height, width, size) = (extents[0], extents[1], extents[2]);
            var expected = new byte[3 * size * size];
            file.ReadExactly(expected);
            var square = Resizer.ToSquare(Made(height, width), size);
            Assert.Equal(expected.Length, square.Length);
            Assert.All(expected.Zip(square), pair => Assert.InRange(pair.First - pair.Second, -1, 1));
        }
    }

    [Fact]
    public void APictureOfTheSizeIsUntouched()
    {
        var picture = Made(20, 20);
        Assert.Same(picture.Planes, Resizer.ToSquare(picture, 20));
    }

    [Fact]
    public void TheMiddleIsKept()
    {
        // Five columns to three: the first and the last are cut off.
        byte[] row = [1, 2, 3, 4, 5];
        byte[] plane = [.. row, .. row, .. row];
        byte[] kept = [2, 3, 4, 2, 3, 4, 2, 3, 4];

        Assert.Equal([.. kept, .. kept, .. kept], Resizer.ToSquare(new Picture(3, 5, [.. plane, .. plane, .. plane]), 3));
    }

    [Theory]
    [InlineData(1, 5000, 7)]
    [InlineData(4999, 3, 64)]
    [InlineData(777, 778, 1)]
    [InlineData(1, 1, 64)]
    public void OneColourStaysThatColour(int height, int width, int size)
    {
        byte[] planes = [.. Enumerable.Repeat((byte)255, 3 * height * width)];
        Assert.All(Resizer.ToSquare(new Picture(height, width, planes), size), pixel => Assert.Equal(255, pixel));
    }

    // As scripts/fixtures/resize.py makes them.
    private static Picture Made(int height, int width)
    {
        var key = RandomStream.Key(1, $"picture {height}x{width}");
        var planes = new byte[3 * height * width];
        for (var i = 0; i < planes.Length; i++)
        {
            var slope = ((i / width % height) + (i % width)) * 7 % 256;
            planes[i] = (byte)((int)(RandomStream.Unit(key, i) * 128) + (slope / 2));
        }

        return new Picture(height, width, planes);
    }
}
