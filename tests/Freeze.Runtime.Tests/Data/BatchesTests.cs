using System.Runtime.InteropServices;
using Freeze.Runtime.Data;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Data;

public sealed class BatchesTests
{
    private static readonly TestRecipe Line = new(TestNets.Line) { Images = Images.All, Batch = 4 };

    [Fact]
    public void WithoutShufflingImagesComeInOrder()
    {
        var batches = Of(Line with { Shuffle = false, Images = Images.NewFirst(7) });

        Assert.Equal([0, 1, 2, 3, 4, 5, 6], batches.Order(1));
        Assert.Equal(2, batches.Steps);
    }

    [Fact]
    public void TheLastBatchIsDroppedWhereItIsNotWhole()
    {
        Assert.Equal(1, Of(Line with { DropLast = true, Images = Images.NewFirst(7) }).Steps);
        Assert.Equal(2, Of(Line with { DropLast = true, Images = Images.NewFirst(8) }).Steps);
    }

    [Fact]
    public void OnlySoManyTestImagesJudge()
    {
        Assert.Equal([0, 1, 2], Of(Line with { TestImages = Images.NewFirst(3) }).Test);
        Assert.Equal(Of(Line).Images.Test.Count, Of(Line).Test.Length);
    }

    [Fact]
    public void ShufflingTakesEachImageOnceAndDependsOnSeedAndEpochAlone()
    {
        var order = Of(Line).Order(1);

        Assert.Equal(Enumerable.Range(0, 50).Select(i => (long)i), order.Order());
        Assert.Equal(order, Of(Line with { Rule = _ => TestNets.Fixed }).Order(1));
        Assert.NotEqual(order, Of(Line).Order(2));
        Assert.NotEqual(order, Of(Line with { Seed = 2 }).Order(1));
        Assert.Equal(
            RandomStream.Permutation(RandomStream.Key(1, "order of epoch 1"), 50).Select(i => (long)i), order);
    }

    [Fact]
    public void HeldOutImagesAreNotTrainedOn()
    {
        var batches = Of(Line with { Validation = Validation.NewHeldOut(20) });

        Assert.Equal(20, batches.HeldOut.Length);
        Assert.Equal(30, batches.Training.Length);
        Assert.Equal(Enumerable.Range(0, 50).Select(i => (long)i), batches.HeldOut.Concat(batches.Order(3)).Order());
        Assert.NotEqual(batches.HeldOut, Of(Line with { Validation = Validation.NewHeldOut(20), Seed = 2 }).HeldOut);
    }

    [Fact]
    public void AllTrainingImagesTogetherHaveMean0AndDeviation1()
    {
        using var scope = NewDisposeScope();
        using var set = TestNets.Synthetic(50);
        // Statistics are those of the whole set, though this run uses seven images.
        var batches = new Batches(set, (Line with { Images = Images.NewFirst(7) }).Build());
        var pixels = batches.Take(set.Training, [.. Enumerable.Range(0, 50).Select(i => (long)i)])
            .Images.data<float>().ToArray();

        Assert.Equal(0, pixels.Average(), 6);
        Assert.Equal(1, pixels.Average(pixel => (double)pixel * pixel), 6);
    }

    [Fact]
    public void ABatchHoldsTheImagesAskedForAndTheirLabels()
    {
        using var scope = NewDisposeScope();
        using var set = TestNets.Synthetic(50);
        var batch = new Batches(set, Line.Build()).Take(set.Training, [3, 0]);

        Assert.Equal([2, 1, 4, 4], batch.Images.shape);
        Assert.Equal([1, 0], batch.Labels.data<long>().ToArray());
        var expected = (set.Training.Images.Of(3)[0] - set.Mean[0]) / set.Deviation[0];
        Assert.Equal(expected, batch.Images.data<float>().ToArray()[0], 5);
    }

    [Fact]
    public void OtherNormalisationsAreByTheNumbersGivenAndByTheMeanImage()
    {
        using var scope = NewDisposeScope();
        using var set = TestNets.Synthetic(50);
        float Raw(int image, int pixel) => set.Training.Images.Of(image)[pixel];
        float[] Pixels(Normalisation normalisation) =>
            new Batches(set, (Line with { Normalisation = normalisation }).Build())
                .Take(set.Training, [7]).Images.data<float>().ToArray();

        // The brightest pixel is 1: 0.5 of it is 127.5.
        Assert.All(
            Pixels(Normalisation.NewBy([0.5], [0.2])).Select((pixel, i) => (pixel, i)),
            found => Assert.Equal((Raw(7, found.i) - 127.5) / 51, found.pixel, 5));
        Assert.All(
            Pixels(Normalisation.MeanImage).Select((pixel, i) => (pixel, i)),
            found => Assert.Equal(
                Raw(7, found.i) - Enumerable.Range(0, 50).Average(image => Raw(image, found.i)), found.pixel, 4));
    }

    [Fact]
    public void NormalisationHasTheBitsOfLibtorchsOperationsInEitherPrecision()
    {
        using var scope = NewDisposeScope();
        double[] mean = [0.1, 100.3, 254.99];
        double[] deviation = [0.007, 61.7, 1e4];
        byte[] pixels = [.. Enumerable.Range(0, 3 * 256).Select(i => (byte)i)];
        Tensor Expected(ScalarType type) => tensor(pixels, [1, 3, 256]).to(type)
            .sub(tensor(mean, [1, 3, 1]).to(type))
            .mul(tensor([.. deviation.Select(value => 1 / value)], [1, 3, 1]).to(type));

        Assert.Equal(
            Expected(float32).data<float>().ToArray(), Normalised<float>(new ByChannel<float>(mean, deviation, 256), pixels));
        Assert.Equal(
            Expected(float64).data<double>().ToArray(), Normalised<double>(new ByChannel<double>(mean, deviation, 256), pixels));
    }

    private static T[] Normalised<T>(Normalizer normalizer, byte[] pixels)
        where T : struct
    {
        var numbers = new T[pixels.Length];
        normalizer.Normalize(pixels, MemoryMarshal.AsBytes(numbers.AsSpan()));
        return numbers;
    }

    private static Batches Of(TestRecipe recipe)
    {
        using var set = TestNets.Synthetic(50);
        return new Batches(set, recipe.Build());
    }
}
