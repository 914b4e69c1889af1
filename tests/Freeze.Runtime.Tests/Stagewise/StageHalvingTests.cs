using Freeze.Runtime.Data;
using Freeze.Runtime.Results;
using Xunit;

namespace Freeze.Runtime.Tests.Stagewise;

/// <summary>Successive halving in each stage: the best go on, with the bits of a training that had all their epochs.</summary>
public sealed class StageHalvingTests(Sample sample) : IDisposable
{
    private readonly Folder folder = new();
    private int steps;

    public void Dispose() => folder.Dispose();

    [Fact]
    public void TheBestOfEachStageGoesOnAndIsKept()
    {
        var result = Finished(Execute(Halved(2, 0.001, 0.05, 0.01), "store"));

        foreach (var stage in StagesOf(result))
        {
            Assert.Equal([1, 1, 3], stage.Candidates.Select(candidate => candidate.Epochs.Length).Order());
            Assert.Equal(3, stage.Candidates[stage.Best].Epochs.Length);
            var first = stage.Candidates.Select(candidate => candidate.Epochs[0].ValidationAccuracy).ToList();
            Assert.Equal(first.IndexOf(first.Max()), stage.Best);
        }

        // Six steps an epoch: in each stage three candidates for one, and one of them for two more.
        Assert.Equal(2 * 6 * (3 + 2), steps);
        Assert.Equal([1, 2, 3, 4, 5, 6], result.Epochs.Select(epoch => epoch.Epoch));
        Assert.Empty(Directory.GetFiles(folder.File("store/stages"), "end.safetensors", SearchOption.AllDirectories));
    }

    [Fact]
    public void WhatIsKeptHasTheBitsOfATrainingOfAllItsEpochs()
    {
        var halved = Finished(Execute(Halved(1, 0.001, 0.05, 0.01), "halved"));
        var stage = Assert.Single(StagesOf(halved));
        var rate = ((Optimizer.Sgd)stage.Candidates[stage.Best].Optimizer).LearningRate;
        var whole = Finished(Execute(Halved(1, rate) with { Halving = false, Epochs = 3 }, "whole"));

        Assert.Equal(StagesOf(whole)[0].Candidates[0].Epochs, stage.Candidates[stage.Best].Epochs);
        Assert.Equal(
            File.ReadAllBytes(folder.File($"whole/{whole.Hash}/last.safetensors")),
            File.ReadAllBytes(folder.File($"halved/{halved.Hash}/last.safetensors")));
    }

    [Fact]
    public void AfterEveryStepItCanBeStoppedAndTrainsNothingTwice()
    {
        var whole = Finished(Execute(Halved(2, 0.001, 0.05, 0.01), "whole"));
        var needed = steps;
        steps = 0;
        var attempts = 0;
        while (!Execute(Halved(2, 0.001, 0.05, 0.01), "parts", stopAfter: 1 + (attempts % 9)).IsFinished)
        {
            Assert.InRange(attempts++, 0, 60);
        }

        Assert.Equal(needed, steps);
        foreach (var file in new[] { "last.safetensors", "metrics.jsonl", "plan.json", "result.json" })
        {
            Assert.Equal(
                File.ReadAllBytes(folder.File($"whole/{whole.Hash}/{file}")),
                File.ReadAllBytes(folder.File($"parts/{whole.Hash}/{file}")));
        }
    }

    [Fact]
    public void WhereTheRateFollowsTheNumberOfEpochsARungBeginsAnew()
    {
        Finished(Execute(Halved(1, 0.05, 0.01, 0.001) with { Schedule = Schedule.Cosine }, "store"));

        Assert.Equal(6 * (3 + 3), steps);
    }

    [Fact]
    public void OneThatDivergesHasLost()
    {
        var stage = Assert.Single(StagesOf(Finished(Execute(Halved(1, 1e30, 0.01, 0.001) with { Schedule = Schedule.Cosine }, "store"))));

        Assert.NotEqual(0, stage.Best);
        Assert.Contains("diverged", stage.Candidates[0].Failure, StringComparison.Ordinal);
        Assert.Equal(3, stage.Candidates[stage.Best].Epochs.Length);
    }

    [Fact]
    public void StagesWithoutLabelsAreHalvedByTheirError()
    {
        var recipe = Halved(1, 0.0001, 0.05, 0.001) with
        {
            Learning = Learning.NewStageByStage([[Sgd(0.0001), Sgd(0.05), Sgd(0.001)]], [StageLearning.Reconstruct]),
        };
        var stage = Assert.Single(StagesOf(Finished(Execute(recipe, "store"))));

        Assert.Equal([1, 3, 1], stage.Candidates.Select(candidate => candidate.Reconstruction.Length));
        Assert.Equal(1, stage.Best);
        // Its classifier has the run's epochs.
        Assert.Single(stage.Candidates[1].Epochs);
    }

    private static Optimizer Sgd(double rate) => Optimizer.NewSgd(rate, 0.9, 0, false);

    private static TestRecipe Halved(int stages, params double[] rates) => new(TestNets.Staged(stages))
    {
        Images = Images.NewFirst(200),
        Validation = Validation.NewHeldOut(20),
        Epochs = 1,
        Halving = true,
        Learning = Learning.NewStageByStage(
            [.. Enumerable.Range(0, stages).Select(_ => rates.Select(Sgd).ToArray())], [.. Enumerable.Repeat(StageLearning.Classify, stages)]),
    };

    private static StageRecord[] StagesOf(RunResult result) => Assert.IsType<LearningRecord.StageByStage>(result.Learning).Stages;

    private static RunResult Finished(RunOutcome outcome) => Assert.IsType<RunOutcome.Finished>(outcome).Result;

    private RunOutcome Execute(TestRecipe recipe, string store, int stopAfter = int.MaxValue)
    {
        var options = sample.Options(folder.File(store));
        return StoppableRun.Execute(options, recipe.Run(), stopAfter, () => steps++, _ => { });
    }
}
