using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Training;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Data;

/// <summary>
/// Images that lie where a net is computed give the batches that are made in main memory, bit for bit. What is done for a
/// GPU is done here on the processor.
/// </summary>
public sealed class ResidentImagesTests
{
    private static readonly Augmentation[] Varied = [Augmentation.NewCrop(3), Augmentation.Flip];

    public static TheoryData<string, string, bool> Ways =>
        new MatrixTheoryData<string, string, bool>(["own", "by", "mean image"], ["fp32", "fp64", "bf16"], [true, false]);

    [Theory]
    [MemberData(nameof(Ways))]
    public void ABatchHasTheBitsOfOneMadeInMainMemory(string normalisation, string precision, bool varied)
    {
        using var scope = NewDisposeScope();
        using var set = Set();
        var recipe = (Line with
        {
            Augmentations = varied ? Varied : [],
            Normalisation = normalisation switch
            {
                "own" => Normalisation.Own,
                "by" => Normalisation.NewBy([0.5, 0.25, 0.1], [0.2, 0.3, 0.7]),
                _ => Normalisation.MeanImage,
            },
            Precision = precision switch { "fp64" => Precision.Fp64, "bf16" => Precision.Bf16, _ => Precision.Fp32 },
        }).Build();
        var (usual, resident) = (new Batches(set, recipe), new Batches(set, recipe, reside: true));
        for (var epoch = 1; epoch <= 3; epoch++)
        {
            long[] places = [49, 0, 7, 7, 23, 31, 1];
            Same(usual.Take(usual.Prepare(epoch, places)), resident.Take(resident.Prepare(epoch, places)));
        }

        Same(usual.Take(set.Test, [9, 3]), resident.Take(set.Test, [9, 3]));
    }

    [Fact]
    public void ARunHasTheSameBits()
    {
        using var scope = NewDisposeScope();
        using var set = TestNets.Synthetic(50);
        var recipe = (new TestRecipe(TestNets.Line) { Images = Images.All, Batch = 4, Augmentations = Varied }).Build();
        float[] Trained(bool reside)
        {
            var trainer = new Trainer(recipe, new Batches(set, recipe, reside: reside), new WeightTable(recipe));
            trainer.Epoch(_ => { }, TestContext.Current.CancellationToken);
            trainer.Test(TestContext.Current.CancellationToken);
            return [.. trainer.Weights.Leaves.SelectMany(leaf => leaf.Value.detach().contiguous().data<float>().ToArray())];
        }

        Assert.Equal(Trained(false), Trained(true));
    }

    // A large set of few pixels is not laid down byte by byte: its images come in several lots.
    [Fact]
    public void ImagesComeInLots()
    {
        using var scope = NewDisposeScope();
        const int size = 3 * 200 * 300;
        var bytes = new byte[400 * size];
        new Random(1).NextBytes(bytes);
        using var images = Pixels.Of(bytes, size);
        using var resident = ResidentImages.Of(images, [3, 200, 300]);
        long[] places = [0, 371, 372, 373, 399];
        var table = ResidentImages.Table(places, [3, 200, 300], _ => default);

        var found = resident.Take(tensor(table, [places.Length, table.Length / places.Length])).contiguous().bytes.ToArray();

        Assert.Equal([.. places.SelectMany(place => images.Of(place).ToArray())], found);
    }

    [Fact]
    public void OnlyThoseThatAskForThemGetThem()
    {
        using var scope = NewDisposeScope();
        using var set = Set();
        var recipe = Line.Build();
        Assert.NotNull(new Batches(set, recipe, reside: true).Prepare(set.Training, [1]).Resident);
        Assert.Null(new Batches(set, recipe).Prepare(set.Training, [1]).Resident);
    }

    // What a fixed front has made of images has any shape, and is read from where it was kept.
    [Fact]
    public void FeaturesStayWhereTheyAre()
    {
        using var scope = NewDisposeScope();
        var part = new ImagePart(Pixels.Of(new byte[50 * 20], 20), new long[50]);
        using var set = ImageSet.OfFeatures(new DataSet("features", [5], 2, 50, 50, "", "features"), part, part);

        Assert.Null(new Batches(set, Line.Build(), reside: true).Prepare(part, [1]).Resident);
    }

    private static readonly TestRecipe Line = new(TestNets.Line) { Images = Images.All, Batch = 4 };

    // Random images 3x5x4.
    private static ImageSet Set()
    {
        RawImages Part(int count, int seed)
        {
            var pixels = new byte[count * 60];
            new Random(seed).NextBytes(pixels);
            return new RawImages(pixels, [.. Enumerable.Range(0, count).Select(i => (byte)(i % 2))]);
        }

        return new ImageSet(new DataSet("random", [3, 5, 4], 2, 50, 10, "", "random"), Part(50, 1), Part(10, 2));
    }

    private static void Same(Batch expected, Batch found)
    {
        Assert.Equal(expected.Images.dtype, found.Images.dtype);
        Assert.Equal(expected.Images.shape, found.Images.shape);
        Assert.Equal(expected.Images.contiguous().bytes.ToArray(), found.Images.contiguous().bytes.ToArray());
        Assert.Equal(expected.Labels.bytes.ToArray(), found.Labels.bytes.ToArray());
    }
}
