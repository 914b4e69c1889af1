using System.IO.Compression;
using System.Text.Json;
using Freeze.Runtime.Data;
using Freeze.Runtime.Tests.Data.Pictures;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Data;

/// <summary>What a net reads of resized images, against torchvision's, by scripts/fixtures/views.py.</summary>
public sealed class ViewTests
{
    [Fact]
    public void ImagesAreResizedAndCutAsTorchvisionsToWithinALevel()
    {
        using var fixture = Fixture();
        using var file = new GZipStream(File.OpenRead(Path.Combine(Fixtures.Root, "views.bin")), CompressionMode.Decompress);
        var (pixels, others) = (0, 0);
        var cases = fixture.RootElement.GetProperty("cases").Deserialize<int[][]>()!;
        Assert.Equal(9, cases.Length);
        foreach (var extents in cases)
        {
            var expected = new byte[3 * extents[3] * extents[4]];
            file.ReadExactly(expected);
            using var set = Made(extents[0], extents[1]);
            var seen = View.Of(Recipe(extents), set)!.Of(set.Test.Images.Of(0));

            Assert.Equal(expected.Length, seen.Length);
            Assert.All(expected.Zip(seen), pair => Assert.InRange(pair.First - pair.Second, -1, 1));
            pixels += seen.Length;
            others += expected.Zip(seen).Count(pair => pair.First != pair.Second);
        }

        // Fewer than one byte in a thousand is another.
        Assert.InRange(others, 0, pixels / 1000);
    }

    [Fact]
    public void UnderImageNetsConstantsANetReadsWhatTorchvisionGivesIt()
    {
        using var scope = NewDisposeScope();
        using var fixture = Fixture();
        var extents = fixture.RootElement.GetProperty("cases").Deserialize<int[][]>()![^1];
        var expected = fixture.RootElement.GetProperty("inputs").Deserialize<double[]>()!;
        using var set = Made(extents[0], extents[1]);
        var batches = new Batches(set, Recipe(extents));
        var batch = batches.Take(set.Test, [0]);

        Assert.Equal([1, 3, extents[3], extents[4]], batch.Images.shape);
        Assert.Equal([3, extents[3], extents[4]], batches.Seen.Image);
        // A level of a byte is 1 / 255 / 0.225.
        Assert.All(
            expected.Zip(batch.Images.data<float>().ToArray()), pair => Assert.InRange(pair.First - pair.Second, -0.0176, 0.0176));
        Assert.InRange(expected.Zip(batch.Images.data<float>().ToArray()).Count(pair => Math.Abs(pair.First - pair.Second) > 2e-6), 0, 1);
    }

    [Fact]
    public void AMeanImageIsThatOfTheImagesThatANetReads()
    {
        using var scope = NewDisposeScope();
        using var set = Made(9, 9);
        var recipe = (Resized(9, 5, 4) with { Normalisation = Normalisation.MeanImage }).Build();

        // There is one training image, which is also the test image.
        Assert.All(new Batches(set, recipe).Take(set.Test, [0]).Images.data<float>().ToArray(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void AWindowOfRandomSizeIsCutOfTheSetsImageAndOtherChangesOfWhatANetReads()
    {
        using var scope = NewDisposeScope();
        using var set = Made(20, 30);
        byte[] Varied(params Augmentation[] by) => new Augmenter(
            (Resized(16, 8, 8) with { Augmentations = by }).Build(), [3, 8, 8], [0, 0, 0], "", [3, 20, 30],
            View.Of(Resized(16, 8, 8).Build(), set)).Vary(set.Training.Images, [0], 1);

        // The whole image, scaled as libtorch does without a filter that widens.
        using var image = tensor(set.Training.Images.Of(0).ToArray(), [1, 3, 20, 30]).to(float32);
        var expected = nn.functional.interpolate(image, [8, 8], mode: InterpolationMode.Bilinear, align_corners: false);
        Assert.All(
            expected.data<float>().ToArray().Zip(Varied(Augmentation.NewResizedCrop(1, 2.0 / 3))),
            pair => Assert.InRange(pair.First - pair.Second, -0.5001, 0.5001));
        Assert.Equal(View.Of(Resized(16, 8, 8).Build(), set)!.Of(set.Training.Images.Of(0)), Varied(Augmentation.NewRotation(0)));
    }

    private static TestRecipe Resized(int shorter, int height, int width) => new(TestNets.Line)
    {
        Images = Images.All,
        Resize = Resize.NewTo(shorter, height, width),
        Normalisation = Normalisation.NewBy([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    };

    private static Recipe Recipe(int[] extents) => Resized(extents[2], extents[3], extents[4]).Build();

    private static JsonDocument Fixture() => JsonDocument.Parse(File.ReadAllText(Path.Combine(Fixtures.Root, "views.json")));

    // One image for training and test, as scripts/fixtures/views.py makes it.
    private static ImageSet Made(int height, int width)
    {
        var key = RandomStream.Key(1, $"picture {height}x{width}");
        var planes = new byte[3 * height * width];
        for (var i = 0; i < planes.Length; i++)
        {
            var slope = ((i / width % height) + (i % width)) * 7 % 256;
            planes[i] = (byte)((int)(RandomStream.Unit(key, i) * 128) + (slope / 2));
        }

        var set = new DataSet("made", [3, height, width], 2, 1, 1, "", "made");
        return new ImageSet(set, new RawImages(planes, new byte[1]), new RawImages([.. planes], new byte[1]));
    }
}
