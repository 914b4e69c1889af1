using Xunit;

namespace Freeze.Runtime.Tests;

/// <summary>A longer run goes on from the end of a shorter one, with the bits of a run from the start.</summary>
public sealed class ContinuationTests(Sample sample) : IDisposable
{
    // What depends on the hour is in times.jsonl alone.
    private static readonly string[] Files =
        ["end.safetensors", "last.safetensors", "machines.jsonl", "metrics.jsonl", "plan.json", "result.json", "weights.jsonl"];

    // Dropout, batch norms, augmentation and order: all that a step may depend on. Four steps an epoch.
    private static readonly TestRecipe Base = new(TestNets.Staged(2))
    {
        Images = Images.NewFirst(200),
        Batch = 50,
        Augmentations = [Augmentation.NewCrop(2), Augmentation.Flip],
        Optimizer = Optimizer.NewSgd(0.05, 0.9, 5e-4, false),
    };

    private readonly Folder folder = new();
    private readonly List<string> told = [];
    private int steps;

    public static TheoryData<string> Cases =>
        ["sgd", "plain sgd", "adam", "rmsprop", "yellowfin", "steps and warm-up", "periods", "best", "slices", "fixed front", "solved", "double"];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void TheFurtherStepsGiveTheBytesOfARunFromTheStart(string what)
    {
        var recipe = Recipe(what);
        var whole = Result(Execute(recipe with { Epochs = 5 }, "whole"));
        var shorter = Result(Execute(Short(recipe, 2, 5), "parts"));
        steps = 0;

        var longer = Result(Execute(recipe with { Epochs = 5 }, "parts"));

        Assert.Equal(12, steps);
        Assert.Contains($"goes on from {shorter.Hash} (2 epochs)", told);
        AssertSame(whole, longer.Hash, what == "best" ? [.. Files, "best.safetensors"] : Files);
        var times = new RunFiles(folder.File($"parts/{longer.Hash}")).ReadTimes();
        Assert.Equal([1, 2, 3, 4, 5], times.Select(time => time.Epoch));
        Assert.Equal([shorter.Hash, shorter.Hash, "", "", ""], times.Select(time => time.From));
    }

    [Fact]
    public void TheLongestOfSeveralIsGoneOnFromAndItsOwnStartStaysKnown()
    {
        var whole = Result(Execute(Base with { Epochs = 4 }, "whole"));
        var one = Result(Execute(Base with { Epochs = 1 }, "parts"));
        var three = Result(Execute(Base with { Epochs = 3 }, "parts"));
        steps = 0;

        var four = Result(Execute(Base with { Epochs = 4 }, "parts"));

        Assert.Equal(4, steps);
        AssertSame(whole, four.Hash, Files);
        Assert.Equal(
            [one.Hash, three.Hash, three.Hash, ""],
            new RunFiles(folder.File($"parts/{four.Hash}")).ReadTimes().Select(time => time.From));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public void StoppedInBetweenItLosesNothing(int stopAfter)
    {
        var whole = Result(Execute(Base with { Epochs = 4 }, "whole"));
        Result(Execute(Base with { Epochs = 2 }, "parts"));
        steps = 0;

        while (!Execute(Base with { Epochs = 4 }, "parts", stopAfter).IsFinished)
        {
            Assert.InRange(steps, 1, 8);
        }

        Assert.Equal(8, steps);
        AssertSame(whole, whole.Hash, Files);
    }

    [Fact]
    public void KilledBeforeItsFirstCheckpointItGoesOnFromThereAgain()
    {
        var whole = Result(Execute(Base with { Epochs = 4 }, "whole"));
        var shorter = Result(Execute(Base with { Epochs = 2 }, "parts"));
        steps = 0;

        // An epoch and a step further, and nothing is saved.
        var options = sample.Options(folder.File("parts"));
        var dies = StoppableRun.Execute(
            options, (Base with { Epochs = 4 }).Run(), int.MaxValue, () => _ = ++steps < 5 ? 0 : throw new IOException("it dies"));
        Assert.IsType<RunOutcome.Failed>(dies);
        Assert.Empty(Directory.GetFiles(folder.File($"parts/{whole.Hash}"), "checkpoint*"));
        steps = 0;

        Result(Execute(Base with { Epochs = 4 }, "parts"));

        Assert.Equal(8, steps);
        AssertSame(whole, whole.Hash, Files);
        var times = new RunFiles(folder.File($"parts/{whole.Hash}")).ReadTimes();
        Assert.Equal([shorter.Hash, shorter.Hash, "", ""], times.Select(time => time.From));
    }

    [Fact]
    public void WhereAStopHasEndedTheShorterRunItEndsTheLongerOneThere()
    {
        var recipe = Base with { Validation = Validation.NewHeldOut(50), Stops = [Stop.NewPlateau(1)] };
        var whole = Result(Execute(recipe with { Epochs = 60 }, "whole"));
        Assert.InRange(whole.Epochs.Length, 2, 39);
        Result(Execute(recipe with { Epochs = 40 }, "parts"));
        steps = 0;

        var longer = Result(Execute(recipe with { Epochs = 60 }, "parts"));

        Assert.Equal(0, steps);
        AssertSame(whole, longer.Hash, Files);
    }

    [Theory]
    [InlineData("end.safetensors")]
    [InlineData("last.safetensors")]
    public void AnEndThatIsDamagedIsNamedAndTheRunBeginsAnew(string file)
    {
        var whole = Result(Execute(Base with { Epochs = 3 }, "whole"));
        var shorter = Result(Execute(Base with { Epochs = 2 }, "parts"));
        var path = folder.File($"parts/{shorter.Hash}/{file}");
        var content = File.ReadAllBytes(path);
        content[^1] ^= 1;
        File.WriteAllBytes(path, content);
        steps = 0;

        Result(Execute(Base with { Epochs = 3 }, "parts"));

        Assert.Equal(12, steps);
        Assert.Contains(told, note => note.Contains("end.safetensors cannot be used", StringComparison.Ordinal));
        AssertSame(whole, whole.Hash, Files);
    }

    [Fact]
    public void AnEndHoldsWhatTheOptimizerKeepsAlone()
    {
        var momentum = Result(Execute(Base with { Epochs = 1 }, "store"));
        var without = Result(Execute(Recipe("plain sgd") with { Epochs = 1 }, "store"));

        var kept = Safetensors.Read(folder.File($"store/{momentum.Hash}/end.safetensors"));
        Assert.All(kept.Keys, name => Assert.StartsWith("optimizer.momentum.", name, StringComparison.Ordinal));
        Assert.Equal(momentum.Counts.Trained, kept.Values.Sum(tensor => tensor.Bytes.Length / sizeof(float)));
        Assert.Empty(Safetensors.Read(folder.File($"store/{without.Hash}/end.safetensors")));
    }

    [Fact]
    public void ACosineKeepsNoEnd()
    {
        Result(Execute(Base with { Schedule = Schedule.Cosine }, "store"));

        Assert.Empty(Directory.GetFiles(folder.File("store"), "end.safetensors", SearchOption.AllDirectories));
    }

    private static TestRecipe Recipe(string what) => what switch
    {
        "plain sgd" => Base with { Optimizer = Optimizer.NewSgd(0.05, 0, 0, false) },
        "adam" => Base with { Optimizer = Optimizer.NewAdam(0.001, 0.9, 0.999, 1e-8, 0) },
        "rmsprop" => Base with { Optimizer = Optimizer.NewRmsProp(0.001, 0.9, 1e-8, 0.9, 0) },
        "yellowfin" => Base with { Optimizer = Optimizer.NewYellowFin(0.1, 0, 5, 2, 1e-4) },
        "steps and warm-up" => Base with { Warmup = 2, Schedule = Schedule.NewStep([1, 3], 0.5) },
        // One weight that learns up to the end, one that begins in the epochs of the longer run, one that ends in the shorter's.
        "periods" => Base with
        {
            Optimizer = Optimizer.NewAdam(0.001, 0.9, 0.999, 1e-8, 0),
            Update = weight => new Update(Rate.NewTimes(1), Rate.NewTimes(1), weight.Layer switch
            {
                "stage1.conv1" => Period.NewEpochs(2, 5),
                "stage2.conv1" => Period.NewEpochs(4, 5),
                "classifier" => Period.NewEpochs(1, 2),
                _ => Period.Always,
            }),
        },
        "best" => Base with { Validation = Validation.NewHeldOut(50), Images = Images.NewFirst(250), Keep = Keep.Best },
        "slices" => Base with
        {
            Rule = weight => weight.Kind.IsConv && !weight.IsBias ? Treatment.NewSlice(0, [0, 2], Stillness.Fixed) : Treatment.Trained,
        },
        "fixed front" => Base with
        {
            Augmentations = [],
            FrozenStatistics = ["stage1.bn1"],
            Rule = weight => weight.Layer.StartsWith("stage1", StringComparison.Ordinal) ? TestNets.Fixed : Treatment.Trained,
        },
        "solved" => Base with { Rule = weight => weight.Layer == "classifier" ? Treatment.NewSolved(1e-3) : TestNets.Fixed },
        "double" => Base with { Precision = Precision.Fp64 },
        _ => Base,
    };

    // As the file would be planned with fewer epochs.
    private static Run Short(TestRecipe recipe, int epochs, int of)
    {
        var run = recipe.Run();
        var first = Continuations.tryFirst(epochs, (recipe with { Epochs = of }).Build())!.Value;
        return new Run(run.Name, run.Profile, [], run.Place, run.NetName, [], first);
    }

    private static RunResult Result(RunOutcome outcome) => outcome switch
    {
        RunOutcome.Finished finished => finished.Result,
        RunOutcome.Failed failed => throw new InvalidOperationException(failed.Failure.Message),
        _ => throw new InvalidOperationException($"{outcome}"),
    };

    private void AssertSame(RunResult whole, string hash, string[] files)
    {
        foreach (var file in files)
        {
            Assert.Equal(
                File.ReadAllBytes(folder.File($"whole/{whole.Hash}/{file}")), File.ReadAllBytes(folder.File($"parts/{hash}/{file}")));
        }
    }

    private RunOutcome Execute(TestRecipe recipe, string store, int stopAfter = int.MaxValue) =>
        Execute(recipe.Run(), store, stopAfter);

    private RunOutcome Execute(Run run, string store, int stopAfter = int.MaxValue) => StoppableRun.Execute(
        sample.Options(folder.File(store)),
        run,
        stopAfter,
        () => steps++,
        told.Add);
}
