using Freeze.Runtime.Results;
using Xunit;

namespace Freeze.Runtime.Tests.Prefixes;

/// <summary>What a fixed front makes of an image is computed once, and the run is the same run.</summary>
public sealed class PrefixTrainingTests(Sample sample) : IDisposable
{
    // Two convolutions that are fixed in front of a part that learns; dropout and batches that do not come out even.
    private static readonly TestRecipe Fixed = new(new Net(
        [
            .. TestNets.LeNet.Nodes[..10],
            TestNets.Node("drop", Operation.NewDropout(0.5), [9], 500),
            TestNets.Node("fc2", Operation.NewLinear(10, true), [10], 10),
        ], []))
    {
        Images = Images.NewFirst(200),
        Batch = 48,
        Epochs = 2,
        Rule = weight => weight.Name switch
        {
            "conv1.weight" => TestNets.Fixed,
            "conv2.weight" => Treatment.NewSlice(0, [], Stillness.Fixed),
            "fc1.weight" => Treatment.NewSlice(0, [1, 3, 5], Stillness.Fixed),
            _ when weight.Kind.IsConv => TestNets.Zero,
            _ => Treatment.Trained,
        },
    };

    private static readonly TestRecipe Copies = Fixed with
    {
        Augmentations = [Augmentation.NewCrop(2), Augmentation.Flip, Augmentation.NewCopies(3)],
        Epochs = 4,
    };

    private readonly Folder folder = new();
    private readonly List<string> told = [];

    private enum Room
    {
        Memory,
        File,
        None,
    }

    public static TheoryData<string> Precisions => ["fp32", "bf16", "fp64"];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Precisions))]
    public void InMemoryInAFileAndAnewForEachBatchTheBitsAreTheSame(string precision)
    {
        var recipe = Fixed with { Precision = Json.ofText<Precision>($"\"{precision}\""), Validation = Validation.NewHeldOut(30) };
        Assert.True(Execute(recipe, "memory", Room.Memory).IsFinished);
        Assert.Contains(told, note => note.StartsWith("computing the outputs of flatten once, ", StringComparison.Ordinal)
            && note.EndsWith(" in memory", StringComparison.Ordinal));
        Assert.True(Execute(recipe, "file", Room.File).IsFinished);
        Assert.Contains(told, note => note.EndsWith(" MB in a file", StringComparison.Ordinal));
        Assert.True(Execute(recipe, "none", Room.None).IsFinished);
        Assert.Contains(told, note => note.StartsWith("no room for ", StringComparison.Ordinal));

        foreach (var file in new[] { "last.safetensors", "metrics.jsonl", "result.json" })
        {
            Assert.Equal(Read("memory", recipe, file), Read("file", recipe, file));
            Assert.Equal(Read("memory", recipe, file), Read("none", recipe, file));
        }
    }

    [Fact]
    public void TheWholeNetIsKeptAndVerifiedAndTheNumbersAreThoseOfComputingAllInEachStep()
    {
        var recipe = Fixed with { Precision = Precision.Fp64 };
        var kept = Finished(Execute(recipe, "kept", Room.Memory));
        var plain = Finished(Execute(recipe, "plain", Room.Memory, PassSet.AllBut([Pass.Features])));

        // 500 and 25,000 of the convolutions with their biases, 497 of fc1's 500 rows.
        Assert.Equal(520 + 25_050 + (497 * 800), kept.StillVerified);
        Assert.Equal(plain.StillVerified, kept.StillVerified);
        Assert.Equal(plain.TestLoss, kept.TestLoss, 1e-9);
        Assert.Equal(plain.Epochs[^1].TrainingLoss, kept.Epochs[^1].TrainingLoss, 1e-9);
        using var scope = TorchSharp.torch.NewDisposeScope();
        var (expected, found) = (Weights("plain", recipe), Weights("kept", recipe));
        Assert.Equal(expected.Keys.Order(), found.Keys.Order());
        Assert.Equal(8, found.Count);
        foreach (var (name, weight) in expected)
        {
            var pairs = weight.ToTensor().data<double>().ToArray().Zip(found[name].ToTensor().data<double>().ToArray()).ToArray();
            Assert.All(pairs, pair => Assert.Equal(pair.First, pair.Second, 1e-9));
        }
    }

    // Their convolutions have them in their kernels.
    [Fact]
    public void BehindNormsWithFrozenStatisticsTheBitsAreTheSameToo()
    {
        var recipe = new TestRecipe(TestNets.Small)
        {
            Images = Images.NewFirst(200),
            Batch = 48,
            Rule = weight => weight.Layer == "fc" ? Treatment.Trained : TestNets.Fixed,
            FrozenStatistics = ["bn"],
        };
        Assert.True(Execute(recipe, "memory", Room.Memory).IsFinished);
        Assert.Contains(told, note => note.Contains("outputs of pool2 once", StringComparison.Ordinal));
        Assert.True(Execute(recipe, "none", Room.None).IsFinished);
        Assert.True(Execute(recipe, "plain", Room.Memory, PassSet.AllBut([Pass.FoldNorms])).IsFinished);

        Assert.Equal(Read("memory", recipe, "last.safetensors"), Read("none", recipe, "last.safetensors"));
        Assert.Equal(Read("memory", recipe, "metrics.jsonl"), Read("none", recipe, "metrics.jsonl"));
        Assert.NotEqual(Read("memory", recipe, "last.safetensors"), Read("plain", recipe, "last.safetensors"));
    }

    [Fact]
    public void ARunThatWasStoppedGoesOnToTheSameBits()
    {
        Assert.True(Execute(Fixed, "whole", Room.Memory).IsFinished);
        // Where there is room for features may change meanwhile.
        foreach (var (steps, room) in new[] { (1, Room.Memory), (2, Room.File), (3, Room.None) })
        {
            Assert.True(Execute(Fixed, "parts", room, stopAfter: steps).IsInterrupted);
        }

        Assert.True(Execute(Fixed, "parts", Room.File).IsFinished);
        Assert.Equal(Read("whole", Fixed, "last.safetensors"), Read("parts", Fixed, "last.safetensors"));
        Assert.Equal(Read("whole", Fixed, "metrics.jsonl"), Read("parts", Fixed, "metrics.jsonl"));
    }

    [Fact]
    public void RunsWithOneFrontShareAFileAndTheOldestGoesWhereThereIsNoRoomForAnother()
    {
        var slower = Fixed with { Optimizer = Optimizer.NewSgd(0.01, 0, 0, false), Epochs = 1, TestImages = Images.All };
        var other = slower with { Seed = 2 };
        Execute(Fixed with { TestImages = Images.All }, "store", Room.File);
        told.Clear();
        Assert.True(Execute(slower, "store", Room.File).IsFinished);
        Assert.DoesNotContain(told, note => note.StartsWith("computing the outputs", StringComparison.Ordinal));

        var before = Assert.Single(Directory.GetFiles(folder.File("store/features"), "features", SearchOption.AllDirectories));
        // 1,200 images of 800 singles: there is room for one such file.
        Assert.True(Execute(other, "store", Room.File, disk: 5_000_000).IsFinished);
        Assert.Contains(told, note => note.StartsWith("computing the outputs", StringComparison.Ordinal));
        var after = Assert.Single(Directory.GetFiles(folder.File("store/features"), "features", SearchOption.AllDirectories));
        Assert.NotEqual(before, after);
    }

    // 200 training images of 800 singles, and the test images where each epoch is judged by them.
    [Fact]
    public void FeaturesOfTestImagesAreKeptOnlyWhereEachEpochReadsThem()
    {
        long Bytes(string store, TestRecipe recipe)
        {
            Assert.True(Execute(recipe, store, Room.File).IsFinished);
            var file = Assert.Single(Directory.GetFiles(folder.File($"{store}/features"), "features", SearchOption.AllDirectories));
            return new FileInfo(file).Length;
        }

        var heldOut = Bytes("held out", Fixed with { Validation = Validation.NewHeldOut(30) });
        Assert.InRange(heldOut, 200 * 3200, 201 * 3200);
        Assert.Equal(1000 * 3200, Bytes("test", Fixed with { TestImages = Images.All }) - heldOut);
        Assert.Equal(100 * 3200, Bytes("some", Fixed) - heldOut);
    }

    [Fact]
    public void ADamagedFileIsMadeAgain()
    {
        Execute(Fixed, "store", Room.File);
        var expected = Read("store", Fixed, "last.safetensors");
        var file = Assert.Single(Directory.GetFiles(folder.File("store/features"), "features", SearchOption.AllDirectories));
        var content = File.ReadAllBytes(file);
        content[^1] ^= 1;
        File.WriteAllBytes(file, content);
        Directory.Delete(folder.File($"store/{Address.ofRecipe(Fixed.Build())}"), recursive: true);
        told.Clear();

        Assert.True(Execute(Fixed, "store", Room.File).IsFinished);

        Assert.Contains(told, note => note.Contains("is damaged", StringComparison.Ordinal));
        Assert.Equal(expected, Read("store", Fixed, "last.safetensors"));
    }

    [Fact]
    public void ALayerThatIsSolvedForIsSolvedOnTheFeatures()
    {
        var recipe = new TestRecipe(TestNets.Small)
        {
            Precision = Precision.Fp64,
            Rule = weight => weight.Layer == "fc" ? Treatment.NewSolved(1e-2) : TestNets.Fixed,
            FrozenStatistics = ["bn"],
        };
        var kept = Finished(Execute(recipe, "kept", Room.Memory));
        Assert.Contains(told, note => note.Contains("outputs of pool2 once", StringComparison.Ordinal));
        var plain = Finished(Execute(recipe, "plain", Room.Memory, PassSet.AllBut([Pass.Features])));

        Assert.InRange(kept.TestAccuracy, 0.15, 1);
        Assert.Equal(plain.TestLoss, kept.TestLoss, 1e-9);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void CopiesOfVaryingImagesAreKeptAndTheBitsAreThoseOfVaryingThemInEachBatch(bool holdsOut)
    {
        var recipe = Copies with { Validation = holdsOut ? Validation.NewHeldOut(40) : Validation.Test };
        Assert.True(Execute(recipe, "memory", Room.Memory).IsFinished);
        // Of 200 images three copies, those held out as they are too, or else 100 test images: 800 singles each.
        var size = holdsOut ? 200 * 4 * 3200 : ((200 * 3) + 100) * 3200;
        Assert.Contains(told, note => note == string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"computing the outputs of flatten for 3 copies of each image once, {size / 1e6:F0} MB in memory"));
        Assert.True(Execute(recipe, "file", Room.File).IsFinished);
        Assert.True(Execute(recipe, "none", Room.None).IsFinished);
        Assert.True(Execute(recipe, "without", Room.Memory, PassSet.AllBut([Pass.Features])).IsFinished);

        foreach (var store in new[] { "file", "none", "without" })
        {
            Assert.Equal(Read("memory", recipe, "last.safetensors"), Read(store, recipe, "last.safetensors"));
            Assert.Equal(Read("memory", recipe, "metrics.jsonl"), Read(store, recipe, "metrics.jsonl"));
        }
    }

    [Fact]
    public void ARunOnCopiesThatWasStoppedGoesOnToTheSameBits()
    {
        Assert.True(Execute(Copies, "whole", Room.Memory).IsFinished);
        foreach (var (steps, room) in new[] { (3, Room.Memory), (4, Room.File), (5, Room.None) })
        {
            Assert.True(Execute(Copies, "parts", room, stopAfter: steps).IsInterrupted);
        }

        Assert.True(Execute(Copies, "parts", Room.File).IsFinished);
        Assert.Equal(Read("whole", Copies, "last.safetensors"), Read("parts", Copies, "last.safetensors"));
        Assert.Equal(Read("whole", Copies, "metrics.jsonl"), Read("parts", Copies, "metrics.jsonl"));
    }

    [Fact]
    public void NothingIsKeptWhereTheImagesVary()
    {
        Assert.True(Execute(Fixed with { Augmentations = [Augmentation.Flip] }, "store", Room.Memory).IsFinished);
        Assert.DoesNotContain(told, note => note.StartsWith("computing the outputs", StringComparison.Ordinal));
    }

    private static RunResult Finished(RunOutcome outcome) => outcome is RunOutcome.Finished finished
        ? finished.Result
        : throw new Xunit.Sdk.XunitException($"{outcome}");

    private byte[] Read(string store, TestRecipe recipe, string file) =>
        File.ReadAllBytes(folder.File($"{store}/{Address.ofRecipe(recipe.Build())}/{file}"));

    private IReadOnlyDictionary<string, StoredTensor> Weights(string store, TestRecipe recipe) =>
        Safetensors.Read(folder.File($"{store}/{Address.ofRecipe(recipe.Build())}/last.safetensors"));

    private RunOutcome Execute(
        TestRecipe recipe, string store, Room room, PassSet? passes = null, int stopAfter = int.MaxValue, long disk = 10_000_000)
    {
        var options = sample.Options(folder.File(store)) with
        {
            // The features of these runs take from 1 to 8 MB.
            FeatureMemory = room == Room.Memory ? 1L << 30 : 0,
            FeatureBytes = room == Room.File ? disk : 0,
            Passes = passes ?? PassSet.All,
        };
        return StoppableRun.Execute(options, recipe.Run(), stopAfter, told: told.Add);
    }
}
