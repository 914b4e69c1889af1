using System.Text.Json;
using Freeze.Runtime.Data;
using Xunit;

namespace Freeze.Runtime.Tests.Data;

/// <summary>Resized crops, rotations and cutouts; the first two against PyTorch's, by scripts/fixtures/augmentations.py.</summary>
public sealed class PixelChangesTests
{
    private static readonly int[] Image = [2, 9, 12];

    private static readonly PixelChanges Changes = new(Image);

    [Fact]
    public void WindowsAreScaledAsPyTorchs()
    {
        using var fixture = Fixture();
        foreach (var entry in fixture.RootElement.GetProperty("windows").EnumerateArray())
        {
            int[] window = [.. entry.GetProperty("window").EnumerateArray().Select(e => e.GetInt32())];
            var pixels = Pixels();
            Changes.Resize([.. pixels], pixels, (window[0], window[1], window[2], window[3]));
            AssertNear(Numbers(entry, "pixels"), pixels);
        }
    }

    [Fact]
    public void ImagesAreTurnedAsPyTorchs()
    {
        using var fixture = Fixture();
        foreach (var entry in fixture.RootElement.GetProperty("angles").EnumerateArray())
        {
            var pixels = Pixels();
            Changes.Rotate(pixels, entry.GetProperty("angle").GetDouble());
            AssertNear(Numbers(entry, "pixels"), pixels);
        }
    }

    [Fact]
    public void WindowsHaveTheSharesAndAspectsThatAreAskedForAndLieAnywhere()
    {
        int[] image = [1, 100, 200];
        var changes = new PixelChanges(image);
        var (tops, lefts, shares, aspects) = (new HashSet<int>(), new HashSet<int>(), new List<double>(), new List<double>());
        for (var place = 0; place < 2000; place++)
        {
            var draws = new Draws(1, place);
            var (top, left, height, width) = changes.Window(0.25, 0.5, ref draws);
            Assert.InRange(top, 0, 100 - height);
            Assert.InRange(left, 0, 200 - width);
            tops.Add(top);
            lefts.Add(left);
            shares.Add(height * width / 20000.0);
            aspects.Add(Math.Log((double)width / height));
        }

        // Sides are whole numbers. What does not fit, high windows, is drawn again.
        Assert.InRange(shares.Min(), 0.24, 0.26);
        Assert.InRange(shares.Max(), 0.95, 1);
        Assert.InRange(aspects.Min(), -Math.Log(2.05), -Math.Log(1.9));
        Assert.InRange(aspects.Max(), Math.Log(1.9), Math.Log(2.05));
        Assert.True(tops.Count > 40 && lefts.Count > 90, $"{tops.Count} rows and {lefts.Count} columns");
    }

    [Theory]
    [InlineData(100, 10, 13, 10)]
    [InlineData(10, 100, 10, 13)]
    public void OfAnImageThatNoWindowFitsTheMiddleIsTaken(int height, int width, int tall, int wide)
    {
        var draws = new Draws(1, 0);
        Assert.Equal(
            ((height - tall) / 2, (width - wide) / 2, tall, wide), new PixelChanges([1, height, width]).Window(1, 0.75, ref draws));
    }

    [Theory]
    [InlineData(4, 5, 3, 3, 5, 4, 6)]
    [InlineData(4, 5, 4, 2, 5, 3, 6)]
    [InlineData(0, 0, 3, 0, 1, 0, 1)]
    [InlineData(8, 11, 4, 6, 8, 9, 11)]
    public void ASquareAroundAPixelIsFilledAsFarAsItLiesInTheImage(int y, int x, int size, int top, int bottom, int left, int right)
    {
        var (before, after) = (Pixels(), Pixels());
        Changes.Cut(after, y, x, size, [7, 9]);
        for (var i = 0; i < after.Length; i++)
        {
            var (channel, row, column) = (i / 108, i / 12 % 9, i % 12);
            var isIn = row >= top && row <= bottom && column >= left && column <= right;
            Assert.Equal(isIn ? (channel == 0 ? 7 : 9) : before[i], after[i]);
        }
    }

    private static void AssertNear(double[] expected, byte[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        Assert.All(expected.Zip(found), pair => Assert.InRange(pair.Second - pair.First, -0.5 - 1e-8, 0.5 + 1e-8));
    }

    private static byte[] Pixels()
    {
        var key = RandomStream.Key(1, "pixels");
        return [.. Enumerable.Range(0, 2 * 9 * 12).Select(i => (byte)(256 * RandomStream.Unit(key, i)))];
    }

    private static double[] Numbers(JsonElement entry, string name) => [.. entry.GetProperty(name).EnumerateArray().Select(e => e.GetDouble())];

    private static JsonDocument Fixture() =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "fixtures", "augmentations.json")));
}
