using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Results;
using Freeze.Runtime.Stagewise;
using Freeze.Runtime.Training;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Stagewise;

/// <summary>Stages learn one after the other, each once, and make one net.</summary>
public sealed class StageByStageTests(Sample sample) : IDisposable
{
    private static readonly double[] Rates = [0.05, 0.01];

    private readonly Folder folder = new();
    private readonly List<string> told = [];
    private int steps;

    public void Dispose() => folder.Dispose();

    [Fact]
    public void TheNetComputesWhatTheChainOfItsStagesComputes()
    {
        Finished(Execute(Staged(3), "store"));
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var recipe = Staged(3).Build();
        var images = new Batches(sample.Images, recipe)
            .Take(sample.Images.Test, [.. Enumerable.Range(0, recipe.Batch).Select(i => (long)i)]).Images;
        var outcomes = Outcomes(recipe);

        var net = new NetExecutor(recipe, StageWeights.Whole(recipe, outcomes));
        var whole = net.Forward(images, net.Fold());

        var features = StageWeights.Front(recipe, outcomes[..2], PassSet.All).Of(images);
        var last = Stages.training(recipe, 3, recipe.Optimizer);
        var weights = new WeightTable(last);
        StageWeights.Restore(weights, name => name, outcomes);
        var rest = new NetExecutor(last, weights);
        var chain = rest.Forward(features, rest.Fold());
        Assert.Equal(chain.bytes, whole.bytes);
    }

    [Fact]
    public void TheRunLeavesOneNetWithTheLastStagesClassifier()
    {
        var recipe = Staged(2).Build();
        Finished(Execute(Staged(2), "store"));

        var net = Safetensors.Read(folder.File($"store/{Address.ofRecipe(recipe)}/last.safetensors"));
        var last = Outcomes(recipe)[^1].Weights;
        Assert.Equal(last["stage2/classifier.weight"].Bytes, net["classifier.weight"].Bytes);
        Assert.Equal(last["stage2.conv1.bias"].Bytes, net["stage2.conv1.bias"].Bytes);
        Assert.DoesNotContain(net.Keys, name => name.Contains('/', StringComparison.Ordinal));
    }

    [Fact]
    public void TheBestCandidateOfEachStageIsKeptAndAllAreRecorded()
    {
        var result = Finished(Execute(Staged(2), "store"));

        var stages = StagesOf(result);
        Assert.Equal(["stage1", "stage2"], stages.Select(stage => stage.Name));
        foreach (var stage in stages)
        {
            Assert.Equal(Rates, stage.Candidates.Select(candidate => ((Optimizer.Sgd)candidate.Optimizer).LearningRate));
            var accuracies = stage.Candidates.Select(candidate => candidate.Epochs[^1].ValidationAccuracy).ToList();
            Assert.Equal(accuracies.IndexOf(accuracies.Max()), stage.Best);
        }

        // Two stages of two epochs each, counted through.
        Assert.Equal([1, 2, 3, 4], result.Epochs.Select(epoch => epoch.Epoch));
        Assert.Equal(stages[1].Candidates[stages[1].Best].Epochs[^1].TrainingLoss, result.Epochs[^1].TrainingLoss);
        Assert.Equal(result.Epochs[2..].Max(epoch => epoch.ValidationAccuracy), result.BestValidationAccuracy);
        Assert.InRange(result.TestAccuracy, 0.1, 1);
        var times = JsonLines.Read<StageTime>(folder.File($"store/{result.Hash}/stage-times.jsonl")).ToArray();
        Assert.Equal([2, 2], times.Select(time => time.Candidates.Length));
        Assert.Equal(0, times[0].FeatureSeconds);
        Assert.True(times[1].FeatureSeconds > 0);
    }

    [Fact]
    public void FeaturesOfTheFileAreThoseThatEachBatchWouldCompute()
    {
        var kept = Finished(Execute(Staged(3), "kept"));
        var computed = Finished(Execute(Staged(3), "computed", room: 0));

        // Once for each stage that has one before it, whatever the number of candidates and epochs.
        Assert.Equal(2, told.Count(note => note.StartsWith("computing 200 images' features", StringComparison.Ordinal)));
        Assert.Contains(told, note => note.Contains("no room for", StringComparison.Ordinal));
        Assert.Equal(kept, computed);
        Assert.Equal(
            File.ReadAllBytes(folder.File($"kept/{kept.Hash}/last.safetensors")),
            File.ReadAllBytes(folder.File($"computed/{kept.Hash}/last.safetensors")));
        Assert.Empty(Directory.GetFiles(folder.File("kept"), "features", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FeaturesThatAKilledProcessLeftAreUsedUnlessTheyAreDamaged(bool damaged)
    {
        var whole = Finished(Execute(Staged(2), "whole"));
        told.Clear();
        // The first stage is two candidates of two epochs of six steps; so this ends within the second.
        Assert.True(Execute(Staged(2), "parts", stopAfter: 30).IsInterrupted);
        var path = Directory.GetFiles(folder.File("parts"), "features", SearchOption.AllDirectories).Single();
        Assert.Equal(128 + (200 * 4 * 6 * 6 * sizeof(float)), new FileInfo(path).Length);
        if (damaged)
        {
            var content = File.ReadAllBytes(path);
            content[^1] ^= 1;
            File.WriteAllBytes(path, content);
        }

        Assert.Equal(whole, Finished(Execute(Staged(2), "parts")));

        Assert.Equal(damaged ? 2 : 1, told.Count(note => note.StartsWith("computing", StringComparison.Ordinal)));
        Assert.Equal(damaged, told.Any(note => note.Contains("features is damaged", StringComparison.Ordinal)));
    }

    [Fact]
    public void FeaturesInDoublePrecisionAreThoseThatEachBatchWouldComputeToo()
    {
        var doubles = Staged(2) with { Precision = Precision.Fp64, Validation = Validation.Test };

        Assert.Equal(Finished(Execute(doubles, "kept")), Finished(Execute(doubles, "computed", room: 0)));
    }

    [Fact]
    public void FeaturesOfImagesThatVaryAreComputedByEachBatch()
    {
        Finished(Execute(Staged(2) with { Augmentations = [Augmentation.NewCrop(2)] }, "store"));

        Assert.Contains(told, note => note.Contains("images vary from epoch to epoch", StringComparison.Ordinal));
    }

    [Fact]
    public void FeaturesOfCopiesAreThoseThatEachBatchWouldCompute()
    {
        var copies = Staged(3) with { Augmentations = [Augmentation.NewCrop(2), Augmentation.Flip, Augmentation.NewCopies(2)] };
        var kept = Finished(Execute(copies, "kept"));
        Assert.Equal(2, told.Count(note => note.StartsWith("computing 200 images' features", StringComparison.Ordinal)));
        var computed = Finished(Execute(copies, "computed", room: 0));

        Assert.Equal(kept, computed);
        Assert.Equal(
            File.ReadAllBytes(folder.File($"kept/{kept.Hash}/last.safetensors")),
            File.ReadAllBytes(folder.File($"computed/{kept.Hash}/last.safetensors")));
    }

    [Fact]
    public void StagesThatNetsShareAreTrainedOnce()
    {
        Finished(Execute(Staged(2), "store"));
        var before = steps;
        Finished(Execute(Staged(3), "store"));

        // Two candidates of the third stage, two epochs of six steps.
        Assert.Equal(24, steps - before);
        Assert.Equal(3, Directory.GetDirectories(folder.File("store/stages")).Length);
        Assert.Equal(
            Finished(Execute(Staged(3), "alone")), Finished(Execute(Staged(3), "store")));
    }

    [Fact]
    public void AStageThatAnotherProcessTrainsIsLeftToIt()
    {
        var store = new RunStore(folder.File("store/stages"));
        var address = Stages.address(Staged(2).Build(), 1);
        using (store.Claim(address, out _))
        {
            var elsewhere = Assert.IsType<RunOutcome.Elsewhere>(Execute(Staged(2), "store"));
            Assert.Contains("stage 1", elsewhere.Holder, StringComparison.Ordinal);
            Assert.Equal(0, steps);
        }

        Finished(Execute(Staged(2), "store"));
    }

    [Fact]
    public void AfterEveryStepItCanBeStoppedAndTrainsNothingTwice()
    {
        var whole = Finished(Execute(Staged(2), "whole"));
        var needed = steps;
        steps = 0;
        var attempts = 0;
        while (!Execute(Staged(2), "parts", stopAfter: 1 + (attempts % 9)).IsFinished)
        {
            Assert.InRange(attempts++, 0, 60);
        }

        Assert.InRange(attempts, 8, 60);
        Assert.Equal(needed, steps);
        foreach (var file in new[] { "last.safetensors", "metrics.jsonl", "plan.json", "result.json" })
        {
            Assert.Equal(
                File.ReadAllBytes(folder.File($"whole/{whole.Hash}/{file}")),
                File.ReadAllBytes(folder.File($"parts/{whole.Hash}/{file}")));
        }
    }

    [Fact]
    public void ADamagedStageIsTrainedAgain()
    {
        var whole = Finished(Execute(Staged(2), "store"));
        var path = folder.File($"store/stages/{StagesOf(whole)[0].Address}/last.safetensors");
        var content = File.ReadAllBytes(path);
        content[^1] ^= 1;
        File.WriteAllBytes(path, content);
        File.Delete(folder.File($"store/{whole.Hash}/result.json"));

        Assert.Equal(whole, Finished(Execute(Staged(2), "store")));
        Assert.Contains(told, note => note.Contains("is damaged: the stage is trained again", StringComparison.Ordinal));
    }

    [Fact]
    public void ACandidateThatDivergesLosesAndIsRecorded()
    {
        var stages = StagesOf(Finished(Execute(Staged(2, 1e30, 0.01), "store")));

        Assert.All(stages, stage => Assert.Equal(1, stage.Best));
        Assert.All(stages, stage => Assert.Contains("diverged", stage.Candidates[0].Failure, StringComparison.Ordinal));
        Assert.Equal("", stages[0].Candidates[1].Failure);
    }

    [Fact]
    public void WhereAllCandidatesDivergeTheRunFails()
    {
        var failure = Assert.IsType<RunOutcome.Failed>(Execute(Staged(2, 1e30), "store")).Failure;

        Assert.Contains("all candidates failed: training has diverged", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AClassifierOfTheNetsOwnKeepsItsRules()
    {
        Treatment Rule(Weight weight) => weight.Name switch
        {
            "classifier.weight" or "stage1.conv1.bias" => TestNets.Fixed,
            "stage2.conv1.weight" => Treatment.NewSlice(0, [1, 3], Stillness.Zero),
            _ => Treatment.Trained,
        };

        var own = Staged(2) with { Rule = Rule };
        var result = Finished(Execute(own, "store"));

        // 10 x 216 of the classifier, 4 biases, 4 of 6 filters of 36.
        Assert.Equal(2160 + 4 + (4 * 36), result.StillVerified);
        Assert.NotEqual(
            Stages.address(own.Build(), 2), Stages.address((Staged(2) with { Rule = w => w.Layer == "classifier" ? Treatment.Trained : Rule(w) }).Build(), 2));
    }

    [Fact]
    public void BehindRandomFeaturesTheTemporaryClassifiersAreSolvedForAsTheNetsOwnIs()
    {
        TestRecipe Solved(double ridge, int stages) => Staged(stages, 0.01) with
        {
            Rule = weight => weight.Layer == "classifier" ? Treatment.NewSolved(ridge) : TestNets.Fixed,
            Epochs = 1,
        };

        var result = Finished(Execute(Solved(1e-2, 2), "store"));

        // Random features of 180 images and ten classes: far above chance in one pass, at each depth.
        Assert.All(StagesOf(result), stage => Assert.InRange(stage.Candidates[0].Epochs[0].ValidationAccuracy, 0.4, 1));
        Assert.InRange(result.TestAccuracy, 0.4, 1);
        Assert.Equal(Stages.address(Solved(1e-2, 2).Build(), 1), Stages.address(Solved(1e-2, 3).Build(), 1));
        Assert.NotEqual(Stages.address(Solved(1e-2, 3).Build(), 1), Stages.address(Solved(1e-3, 3).Build(), 1));
    }

    private static TestRecipe Staged(int stages, params double[] rates) => new(TestNets.Staged(stages))
    {
        Images = Images.NewFirst(200),
        Validation = Validation.NewHeldOut(20),
        Epochs = 2,
        Learning = Learning.NewStageByStage([
            .. Enumerable.Range(0, stages).Select(_ =>
                (rates.Length > 0 ? rates : Rates).Select(rate => Optimizer.NewSgd(rate, 0.9, 0, false)).ToArray()),
        ], [.. Enumerable.Repeat(StageLearning.Classify, stages)]),
    };

    private static StageRecord[] StagesOf(RunResult result) =>
        Assert.IsType<LearningRecord.StageByStage>(result.Learning).Stages;

    private static RunResult Finished(RunOutcome outcome) => outcome switch
    {
        RunOutcome.Finished finished => finished.Result,
        RunOutcome.Already already => already.Result,
        _ => throw new Xunit.Sdk.XunitException($"{outcome}"),
    };

    // As the store has them: nothing is trained.
    private StageOutcome[] Outcomes(Recipe recipe)
    {
        var outcomes = new List<StageOutcome>();
        for (var stage = 1; stage <= recipe.Net.Stages.Length; stage++)
        {
            var place = folder.File($"store/stages/{Stages.address(recipe, stage)}");
            outcomes.Add(new StageOutcome(
                Json.ofText<StageRecord>(File.ReadAllText(Path.Combine(place, "stage.json"))),
                Json.ofText<StageTime>(File.ReadAllText(Path.Combine(place, "times.json"))),
                Safetensors.Read(Path.Combine(place, "last.safetensors"))));
        }

        return [.. outcomes];
    }

    private RunOutcome Execute(TestRecipe recipe, string store, long room = 1L << 30, int stopAfter = int.MaxValue)
    {
        var options = sample.Options(folder.File(store)) with
        {
            FeatureBytes = room,
        };
        return StoppableRun.Execute(options, recipe.Run(), stopAfter, () => steps++, told.Add);
    }
}
