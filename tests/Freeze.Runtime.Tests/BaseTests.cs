using Freeze.Runtime.Nets;
using Freeze.Runtime.Training;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests;

/// <summary>Runs start from the weights of other runs, which are trained before them and once.</summary>
public sealed class BaseTests(Sample sample) : IDisposable
{
    private readonly Folder folder = new();
    private readonly List<string> told = [];
    private int steps;

    public void Dispose() => folder.Dispose();

    // Seven steps an epoch.
    private static TestRecipe Before => new(TestNets.Small)
    {
        Images = Images.NewFirst(200),
        Augmentations = [Augmentation.NewCrop(1)],
        Epochs = 2,
    };

    // A slice of conv1, bn and the classifier learn.
    private static TestRecipe Fine(TestRecipe before, int epochs = 1) => Before with
    {
        Epochs = epochs,
        From = After(before.Build()),
        Start = _ => Start.Base,
        Rule = Rule,
    };

    private static Treatment Rule(Weight weight) => weight.Name switch
    {
        "conv1.weight" => Treatment.NewSlice(0, [0, 2], Stillness.Fixed),
        "conv1.bias" or "conv2.weight" or "conv2.bias" => TestNets.Fixed,
        _ => Treatment.Trained,
    };

    [Fact]
    public void TheFirstWeightsAreTheLastOnesOfTheBaseBitForBit()
    {
        var result = Finished(Execute(Fine(Before), "store"));
        Assert.Equal(50 + 4 + (6 * 4 * 9) + 6, result.StillVerified);
        var store = new RunStore(folder.File("store"));
        var before = Safetensors.Read(PathOf(Before));

        using var scope = NewDisposeScope();
        using var still = no_grad();
        var first = new WeightTable(store.Resolved(Fine(Before).Build()));

        Assert.All(first.State(), value => Assert.Equal(before[value.Name].Bytes, value.Value.contiguous().bytes.ToArray()));
        var last = WholeWeights.Read(PathOf(Fine(Before)));
        Assert.Equal(before.Keys, last.Keys);
        Assert.Equal(before["conv2.weight"].Bytes, last["conv2.weight"].Bytes);
        Assert.Equal(before["conv1.weight"].ToSingles()[25..50], last["conv1.weight"].ToSingles()[25..50]);
        Assert.NotEqual(before["conv1.weight"].ToSingles()[..25], last["conv1.weight"].ToSingles()[..25]);
        Assert.NotEqual(before["fc.weight"].Bytes, last["fc.weight"].Bytes);
        Assert.NotEqual(before["bn.running_mean"].Bytes, last["bn.running_mean"].Bytes);
    }

    [Fact]
    public void ItTrainsAsARunThatStartsFromTheFile()
    {
        var result = Finished(Execute(Fine(Before), "store"));
        // The same from the base's file, as `init from` would have it.
        var path = PathOf(Before);
        var digest = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)));
        var byFile = Finished(Execute(Fine(Before) with { From = Origin.Nothing, Start = _ => Start.NewFile(path, digest, "") }, "other"));

        Assert.Equal(byFile.Epochs, result.Epochs);
        Assert.Equal(byFile.TestAccuracy, result.TestAccuracy);
        var (own, other) = (WholeWeights.Read(PathOf(Fine(Before))), Safetensors.Read(folder.File($"other/{byFile.Hash}/last.safetensors")));
        Assert.All(other, tensor => Assert.Equal(tensor.Value.Bytes, own[tensor.Key].Bytes));
    }

    [Fact]
    public void AFileHoldsWhatIsTheRunsOwnAndIsExportedWhole()
    {
        var result = Finished(Execute(Fine(Before), "store"));

        var own = Safetensors.Read(PathOf(Fine(Before)));
        Assert.Equal(
            ["bn.bias", "bn.running_mean", "bn.running_var", "bn.weight", "conv1.weight", "fc.bias", "fc.weight"], own.Keys.Order());
        Assert.Equal([2L, 1, 5, 5], own["conv1.weight"].Shape);
        var store = new RunStore(folder.File("store"));
        store.Export(result.Hash, folder.File("whole.safetensors"));
        var whole = Safetensors.Read(folder.File("whole.safetensors"));
        Assert.Equal(WholeWeights.Read(PathOf(Fine(Before))).Select(tensor => tensor.Key), whole.Keys);
        Assert.Equal(Safetensors.Read(PathOf(Before))["conv2.weight"].Bytes, whole["conv2.weight"].Bytes);
        var answers = Evaluator.Of(store, Fine(Before).Run(), result, sample.Images, null, 1, TestContext.Current.CancellationToken);
        Assert.Equal(result.TestAccuracy, answers.Accuracy);

        // Without the base, or with another, nothing is put together.
        File.AppendAllText(PathOf(Before), " ");
        var error = Assert.Throws<InvalidDataException>(() => WholeWeights.Read(PathOf(Fine(Before))));
        Assert.Contains("no longer in the store", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void HeadsOfAnotherShapeAndZerosAreTheRunsOwn()
    {
        var fine = Fine(Before) with
        {
            Start = weight => weight.Layer == "fc" ? Starts.he(weight) : Start.Base,
            Rule = weight => weight.Layer switch { "conv2" => TestNets.Zero, "fc" => Treatment.Trained, _ => TestNets.Fixed },
            FrozenStatistics = ["bn"],
        };
        Finished(Execute(fine, "store"));

        Assert.Equal(["conv2.bias", "conv2.weight", "fc.bias", "fc.weight"], Safetensors.Read(PathOf(fine)).Keys.Order());
        var (whole, before) = (WholeWeights.Read(PathOf(fine)), Safetensors.Read(PathOf(Before)));
        Assert.All(whole["conv2.weight"].ToSingles(), value => Assert.Equal(0, value));
        Assert.Equal(before["bn.running_var"].Bytes, whole["bn.running_var"].Bytes);
    }

    [Fact]
    public void SeveralRunsShareTheirBaseAndItIsTrainedOnce()
    {
        Finished(Execute(Fine(Before), "store"));
        Assert.Equal(14 + 7, steps);
        Finished(Execute(Fine(Before, epochs: 3) with { Seed = 2 }, "store"));
        Assert.Equal(14 + 7 + 21, steps);
        Finished(Execute(Before, "store"));
        Assert.Equal(14 + 7 + 21, steps);
    }

    [Fact]
    public void ARunMayStartFromOneThatStartsFromAnother()
    {
        var last = Fine(Fine(Before)) with { Rule = weight => weight.Layer == "fc" ? Treatment.Trained : TestNets.Fixed };
        Finished(Execute(last, "store"));

        Assert.Equal(14 + 7 + 7, steps);
        var (whole, middle) = (WholeWeights.Read(PathOf(last)), WholeWeights.Read(PathOf(Fine(Before))));
        Assert.Equal(middle["conv1.weight"].Bytes, whole["conv1.weight"].Bytes);
        Assert.Equal(Safetensors.Read(PathOf(Before))["conv2.weight"].Bytes, whole["conv2.weight"].Bytes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnEpochOfTheBaseIsWhereThatStoodThen(bool cosine)
    {
        var before = Before with { Epochs = 5, Schedule = cosine ? Schedule.Cosine : Schedule.Constant };
        var rewound = Origins.atEpoch(3, before.Build());
        var fine = Fine(Before) with { From = After(rewound) };
        Finished(Execute(fine, "store"));
        Assert.Equal(21 + 7, steps);

        using var scope = NewDisposeScope();
        set_num_threads(1);
        var trainer = new Trainer(before.Build(), sample.Images);
        for (var epoch = 1; epoch <= 3; epoch++)
        {
            trainer.Epoch(_ => { }, TestContext.Current.CancellationToken);
        }

        using var still = no_grad();
        var first = new WeightTable(new RunStore(folder.File("store")).Resolved(fine.Build())).State().ToDictionary();
        Assert.All(trainer.Weights.State(), value => Assert.Equal(
            value.Value.contiguous().bytes.ToArray(), first[value.Name].contiguous().bytes.ToArray()));

        // The whole base goes on from there, unless its rates depend on its length.
        steps = 0;
        Finished(Execute(before, "store"));
        Assert.Equal(cosine ? 35 : 14, steps);
    }

    [Fact]
    public void AfterEveryStepItCanBeStoppedAndEndsWithTheSameBytes()
    {
        var recipe = Fine(Before, epochs: 2);
        var whole = Finished(Execute(recipe, "whole"));
        var (needed, attempts) = (steps, 0);
        steps = 0;
        while (!Execute(recipe, "parts", stopAfter: 2 + (attempts % 5)).IsFinished)
        {
            Assert.InRange(attempts++, 0, 60);
        }

        Assert.InRange(attempts, 5, 60);
        Assert.Equal(needed, steps);
        AssertSame(whole.Hash, "parts");
    }

    [Fact]
    public void ALongerRunGoesOnFromAShorterOneOfTheSameBase()
    {
        var whole = Finished(Execute(Fine(Before, epochs: 3), "whole"));
        Finished(Execute(Fine(Before), "parts"));
        steps = 0;

        Finished(Execute(Fine(Before, epochs: 3), "parts"));

        Assert.Equal(14, steps);
        AssertSame(whole.Hash, "parts");
    }

    [Fact]
    public void ABaseThatWasTrainedAgainToOtherBitsBeginsItsDependentsAnew()
    {
        var recipe = Fine(Before, epochs: 2);
        Assert.True(Execute(recipe, "store", stopAfter: 14 + 9).IsInterrupted);
        // As another machine might have trained it: the last bit of a running variance is another.
        var bytes = File.ReadAllBytes(PathOf(Before));
        bytes[^4] ^= 1;
        File.WriteAllBytes(PathOf(Before), bytes);
        steps = 0;

        Finished(Execute(recipe, "store"));

        Assert.Equal(14, steps);
        Assert.Contains(told, note => note.Contains("belongs to run", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ABaseWhoseWeightsAreGoneOrCutShortIsTrainedAnew(bool gone)
    {
        Finished(Execute(Fine(Before), "store"));
        var (path, bytes) = (PathOf(Before), File.ReadAllBytes(PathOf(Before)));
        if (gone)
        {
            File.Delete(path);
        }
        else
        {
            File.WriteAllBytes(path, bytes[..^4]);
        }

        steps = 0;
        Finished(Execute(Fine(Fine(Before)), "store"));
        Assert.Equal(14 + 7 + 7, steps);
        Assert.Equal(bytes, File.ReadAllBytes(path));
        Assert.Contains(told, note => note.Contains("trained anew", StringComparison.Ordinal));
    }

    [Fact]
    public void ABaseThatFailedByTheMachinesFaultIsTriedOnceAndTheReasonIsSaid()
    {
        var elsewhere = Before with { Data = "no-such-set" };
        using var runner = new Runner(
            sample.Options(folder.File("store")));
        var failed = Assert.IsType<RunOutcome.Failed>(
            runner.Execute(elsewhere.Run(), _ => { }, TestContext.Current.CancellationToken));
        Directory.Delete(folder.File("store"), recursive: true);

        var waiting = Assert.IsType<RunOutcome.WaitingFor>(
            runner.Execute(Fine(elsewhere).Run(), _ => { }, TestContext.Current.CancellationToken));
        Assert.Equal(failed.Failure.Message, waiting.Reason);
        Assert.False(Directory.Exists(folder.File("store")));
    }

    [Fact]
    public void ABaseThatFailsIsWaitedForAndIsNoFailureOfItsDependents()
    {
        var before = Before with { Optimizer = Optimizer.NewSgd(1e30, 0, 0, false) };
        var waiting = Assert.IsType<RunOutcome.WaitingFor>(Execute(Fine(before), "store"));
        Assert.Equal("the base", waiting.Base);
        Assert.False(Directory.Exists(Path.GetDirectoryName(PathOf(Fine(before)))));
        Assert.True(File.Exists(Path.Combine(Path.GetDirectoryName(PathOf(before))!, "failure.json")));

        // It is tried again when it is asked for by itself alone, and dependents of dependents wait for the same run.
        steps = 0;
        Assert.Equal("the base", Assert.IsType<RunOutcome.WaitingFor>(Execute(Fine(Fine(before)), "store", retry: true)).Base);
        Assert.Equal(0, steps);
    }

    // Seven steps of the base, then seven of each stage; of the first stage the classifier alone learns.
    private static TestRecipe WholeBefore => new(TestNets.Staged(2)) { Images = Images.NewFirst(200) };

    private static TestRecipe Stagewise => WholeBefore with
    {
        From = After(WholeBefore.Build()),
        Start = weight => weight.Layer == "classifier" ? Starts.torch(weight) : Start.Base,
        Rule = weight => weight.Layer.StartsWith("stage1", StringComparison.Ordinal) ? TestNets.Fixed : Treatment.Trained,
        Learning = Learning.NewStageByStage(
            [[Optimizer.NewSgd(0.05, 0.9, 0, false)], [Optimizer.NewSgd(0.05, 0.9, 0, false)]],
            [StageLearning.Classify, StageLearning.Classify]),
    };

    [Theory]
    [InlineData(9)]
    [InlineData(20)]
    public void StagesOfABaseThatWasTrainedAgainToOtherBitsAreTrainedAgain(int stopAfter)
    {
        Assert.True(Execute(Stagewise, "store", stopAfter).IsInterrupted);
        var bytes = File.ReadAllBytes(PathOf(WholeBefore));
        bytes[^4] ^= 1;
        File.WriteAllBytes(PathOf(WholeBefore), bytes);
        steps = 0;

        Finished(Execute(Stagewise, "store"));

        Assert.Equal(14, steps);
        Assert.Equal(stopAfter > 14, told.Exists(note => note.Contains("comes from other weights", StringComparison.Ordinal)));
        Directory.CreateDirectory(folder.File("whole"));
        Directory.Move(folder.File($"store/{Address.ofRecipe(WholeBefore.Build())}"), folder.File($"whole/{Address.ofRecipe(WholeBefore.Build())}"));
        var whole = Finished(Execute(Stagewise, "whole"));
        foreach (var file in new[] { "last.safetensors", "metrics.jsonl", "result.json" })
        {
            Assert.Equal(File.ReadAllBytes(folder.File($"whole/{whole.Hash}/{file}")), File.ReadAllBytes(folder.File($"store/{whole.Hash}/{file}")));
        }
    }

    [Fact]
    public void StagesAndEnsemblesStartFromABaseToo()
    {
        var (before, stages) = (WholeBefore, Stagewise);
        Finished(Execute(stages, "store"));
        Assert.Equal(
            Safetensors.Read(PathOf(before))["stage1.conv1.weight"].Bytes, WholeWeights.Read(PathOf(stages))["stage1.conv1.weight"].Bytes);
        var run = stages.Run();
        foreach (var (address, _) in Stages.ofRun(run))
        {
            Assert.True(File.Exists(folder.File($"store/stages/{address}/stage.json")), address);
        }

        var members = NetModule.weights(TestNets.Small).Select(weight => TestNets.Plan(weight, Rule(weight))).ToArray();
        var ensemble = Fine(Before) with { Learning = Learning.NewEnsemble(2, 1, members, []) };
        var result = Finished(Execute(ensemble, "store"));
        var start = WholeWeights.Read(folder.File($"store/{((LearningRecord.Ensemble)result.Learning).Ensemble.Base}/last.safetensors"));
        Assert.Equal(Safetensors.Read(PathOf(Before))["conv2.weight"].Bytes, start["conv2.weight"].Bytes);
    }

    [Fact]
    public void AForecastNeedsNoBase()
    {
        var speed = StepTimer.StepsPerSecond(Fine(Before).Run(), sample.Catalog, 1, TimeSpan.FromMilliseconds(50));
        Assert.True(speed > 0);
    }

    private static Origin After(Recipe recipe) => Origin.NewRun(new BaseRun("the base", "small", recipe));

    private static RunResult Finished(RunOutcome outcome) => outcome switch
    {
        RunOutcome.Finished finished => finished.Result,
        RunOutcome.Already already => already.Result,
        _ => throw new Xunit.Sdk.XunitException($"{outcome}"),
    };

    private string PathOf(TestRecipe recipe) => folder.File($"store/{Address.ofRecipe(recipe.Build())}/last.safetensors");

    private void AssertSame(string hash, string store)
    {
        foreach (var file in new[] { "last.safetensors", "metrics.jsonl", "plan.json", "result.json", "weights.jsonl", "end.safetensors" })
        {
            Assert.Equal(File.ReadAllBytes(folder.File($"whole/{hash}/{file}")), File.ReadAllBytes(folder.File($"{store}/{hash}/{file}")));
        }
    }

    private RunOutcome Execute(TestRecipe recipe, string store, int stopAfter = int.MaxValue, bool retry = false)
    {
        var options = sample.Options(folder.File(store), retry);
        return StoppableRun.Execute(options, recipe.Run(), stopAfter, () => steps++, told.Add);
    }
}
