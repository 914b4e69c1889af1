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
        Assert.Equal(sum, Convert.ToHexStringLower(SHA256.HashData(SyntheticImages.Draw(part, count).Pixels)));

    [Fact]
    public void AnImageDependsOnItsPartAndNumberAlone()
    {
        var few = SyntheticImages.Draw("training", 20);

        Assert.Equal(few.Pixels, SyntheticImages.Draw("training", 50).Pixels[..few.Pixels.Length]);
        Assert.NotEqual(few.Pixels, SyntheticImages.Draw("test", 20).Pixels);
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
        var images = SyntheticImages.Draw("training", 1_000).Pixels.Chunk(CifarFile.ImageBytes)
            .Concat(SyntheticImages.Draw("test", 1_000).Pixels.Chunk(CifarFile.ImageBytes));

        Assert.Equal(2_000, images.DistinctBy(Convert.ToHexString).Count());
    }

    // Were the mean of a class's images another than the rest's, a linear net would know it by that.
    [Fact]
    public void NoClassIsKnownByItsMean()
    {
        var images = SyntheticImages.Draw("training", 2_000).Pixels.Chunk(CifarFile.ImageBytes);

        var means = images.Select((image, i) => (Label: i % 10, Mean: image.Average(pixel => (double)pixel)))
            .GroupBy(image => image.Label, image => image.Mean).Select(means => means.Average()).ToArray();

        // Images differ by some 30 grey levels, so the mean of 200 of them by some 2.
        Assert.All(means, mean => Assert.InRange(mean - means.Average(), -6, 6));
    }
}
