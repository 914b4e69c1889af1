using System.Security.Cryptography;
using Freeze.Runtime.Data;
using Xunit;

namespace Freeze.Runtime.Tests.Data;

public sealed class SyntheticImagesTests
{
    // A result with this set means the same wherever and whenever it was computed. If this test fails, the set must be
    // mended, not the sum.
    [Theory]
    [InlineData("training", 10_000, "fd840b411d9a04c2ef3b58a7044cf2bc473082493dd44912f2a815f13b2fe250")]
    [InlineData("test", 2_000, "e42a086b7e39bd87d173123f128eb1165e17484bbd56949cf547dcc4ff863be3")]
    public void TheBitsAreTheSameEverywhere(string part, int count, string sum) =>
        Assert.Equal(sum, Convert.ToHexStringLower(SHA256.HashData(Drawn(part, count).SelectMany(image => image).ToArray())));

    [Fact]
    public void AnImageDependsOnItsPartAndNumberAlone()
    {
        var few = Drawn("training", 20);

        Assert.Equal(few, Drawn("training", 50)[..20]);
        Assert.NotEqual(few, Drawn("test", 20));
    }

    [Fact]
    public void TheFirstImagesAreEvenAmongTheClasses()
    {
        var labels = SyntheticImages.Draw("training", 100).Labels;

        Assert.Equal(10, DataSets.tryFind("synthetic")!.Value.Classes);
        Assert.All(Enumerable.Range(0, 10), label => Assert.Equal(10, labels.Count(l => l == label)));
    }

    [Fact]
    public void NoTwoImagesAreTheSame()
    {
        var images = Drawn("training", 1_000).Concat(Drawn("test", 1_000));

        Assert.Equal(2_000, images.DistinctBy(Convert.ToHexString).Count());
    }

    // Were the mean of a class's images another than the rest's, a linear net would know it by that.
    [Fact]
    public void NoClassIsKnownByItsMean()
    {
        var images = Drawn("training", 2_000);

        var means = images.Select((image, i) => (Label: i % 10, Mean: image.Average(pixel => (double)pixel)))
            .GroupBy(image => image.Label, image => image.Mean).Select(means => means.Average()).ToArray();

        // Images differ by some 30 grey levels, so the mean of 200 of them by some 2.
        Assert.All(means, mean => Assert.InRange(mean - means.Average(), -6, 6));
    }

    private static byte[][] Drawn(string part, int count)
    {
        var pixels = SyntheticImages.Draw(part, count).Pixels;
        return [.. Enumerable.Range(0, count).Select(i => pixels.Of(i).ToArray())];
    }
}
