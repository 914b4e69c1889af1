using System.Security.Cryptography;
using Xunit;

namespace Freeze.Runtime.Tests;

/// <summary>
/// The weights of the best epoch are those of a run that ends there, whatever learns, however it was stopped.
/// </summary>
public sealed class KeepBestTests(Sample sample) : IDisposable
{
    // The stop sees to it that the best epoch is not the last one.
    private static readonly TestRecipe Small = new(TestNets.Small)
    {
        Validation = Validation.NewHeldOut(60),
        Optimizer = Optimizer.NewSgd(0.2, 0.9, 5e-4, false),
        Augmentations = [Augmentation.NewCrop(2)],
        Stops = [Stop.NewPlateau(2)],
        Epochs = 40,
        Keep = Keep.Best,
        Rule = weight => weight.Name switch
        {
            "conv1.weight" => Treatment.NewSlice(0, [0, 2], Stillness.Fixed),
            "conv1.bias" => TestNets.Zero,
            "bn.weight" => TestNets.Fixed,
            _ => Treatment.Trained,
        },
    };

    private readonly Folder folder = new();

    public static TheoryData<string> Cases => ["slices", "adam", "fixed front", "dropout", "double", "solved"];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void TheyAreTheBytesOfARunThatEndsWithTheBestEpoch(string what)
    {
        var recipe = Recipe(what);
        var result = Finished(Execute(recipe, "store"));
        var best = Assert.IsType<BestRecord.Kept>(result.Best);
        Assert.Equal(result.Epochs.Length - 2, best.Epoch);
        Assert.Equal(result.BestValidationAccuracy, result.Epochs[best.Epoch - 1].ValidationAccuracy);

        var ending = Finished(Execute(recipe with { Epochs = best.Epoch, Keep = Keep.Last, Stops = [] }, "store"));

        var file = Bytes("store", result, "best.safetensors");
        Assert.Equal(Bytes("store", ending, "last.safetensors"), file);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(file)), best.Weights);
        Assert.Equal((ending.TestLoss, ending.TestAccuracy), (best.TestLoss, best.TestAccuracy));
        Assert.Equal(result.Counts.Fixed + result.Counts.Zero, best.StillVerified);
        Assert.NotEqual(file, Bytes("store", result, "last.safetensors"));
    }

    [Fact]
    public void WhatIsKeptChangesNoOtherNumber()
    {
        var best = Finished(Execute(Small, "store"));
        var last = Finished(Execute(Small with { Keep = Keep.Last }, "store"));

        Assert.NotEqual(best.Hash, last.Hash);
        Assert.Equal(last.Epochs, best.Epochs);
        Assert.Equal((last.TestLoss, last.TestAccuracy, last.StillVerified), (best.TestLoss, best.TestAccuracy, best.StillVerified));
        Assert.Equal(Bytes("store", last, "last.safetensors"), Bytes("store", best, "last.safetensors"));
        Assert.True(last.Best.IsNotKept);
        Assert.False(File.Exists(folder.File($"store/{last.Hash}/best.safetensors")));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(20)]
    public void AStoppedRunEndsWithTheSameBest(int steps)
    {
        var whole = Finished(Execute(Small, "whole"));
        RunOutcome outcome;
        var attempts = 0;
        do
        {
            outcome = Execute(Small, "parts", steps);
            attempts++;
        }
        while (!outcome.IsFinished);

        Assert.InRange(attempts, 2, 400);
        foreach (var file in new[] { "best.safetensors", "last.safetensors", "metrics.jsonl", "result.json" })
        {
            Assert.Equal(Bytes("whole", whole, file), Bytes("parts", whole, file));
        }
    }

    [Fact]
    public void WhereTheTestSetValidatesItsAccuracyIsThatOfTheBestEpoch()
    {
        var result = Finished(Execute(Small with { Validation = Validation.Test }, "store"));
        var best = Assert.IsType<BestRecord.Kept>(result.Best);

        Assert.Equal(result.BestValidationAccuracy, best.TestAccuracy);
        Assert.Equal(result.Epochs[best.Epoch - 1].ValidationLoss, best.TestLoss);
    }

    [Fact]
    public void OfEqualEpochsTheFirstIsTheBest()
    {
        EpochRecord Epoch(int number, double accuracy) => new(number, 1, 0.5, 1, accuracy);

        Assert.Equal(2, EpochRecordModule.best([Epoch(1, 0.5), Epoch(2, 0.7), Epoch(3, 0.6), Epoch(4, 0.7)]).Epoch);
    }

    [Fact]
    public void APlanThatWantsTheBestOfStagesIsRefused()
    {
        var staged = Small with
        {
            Net = TestNets.Staged(2),
            Rule = _ => Treatment.Trained,
            Learning = Learning.NewStageByStage(
                [[Small.Optimizer], [Small.Optimizer]], [StageLearning.Classify, StageLearning.Classify]),
        };

        var failure = Assert.IsType<RunOutcome.Failed>(Execute(staged, "store")).Failure;

        Assert.Contains("best weights to keep", failure.Message, StringComparison.Ordinal);
    }

    private static TestRecipe Recipe(string what) => what switch
    {
        "adam" => Small with { Optimizer = Optimizer.NewAdam(0.03, 0.9, 0.999, 1e-8, 0) },
        // What the front makes of the images is computed once.
        "fixed front" => Small with
        {
            Augmentations = [],
            Rule = weight => weight.Layer == "conv1" ? TestNets.Fixed : Treatment.Trained,
        },
        "dropout" => Small with { Net = TestNets.Staged(3), Rule = _ => Treatment.Trained },
        "double" => Small with { Precision = Precision.Fp64 },
        // Each epoch moves the running statistics, then solves.
        "solved" => Small with { Rule = weight => weight.Layer == "fc" ? Treatment.NewSolved(1e-3) : TestNets.Fixed },
        _ => Small,
    };

    private static RunResult Finished(RunOutcome outcome) => outcome switch
    {
        RunOutcome.Finished finished => finished.Result,
        RunOutcome.Failed failed => throw new InvalidOperationException(failed.Failure.Message),
        _ => throw new InvalidOperationException($"{outcome}"),
    };

    private byte[] Bytes(string store, RunResult run, string file) => File.ReadAllBytes(folder.File($"{store}/{run.Hash}/{file}"));

    private RunOutcome Execute(TestRecipe recipe, string store, int stopAfter = int.MaxValue) => StoppableRun.Execute(
        sample.Options(folder.File(store)), recipe.Run(), stopAfter);
}
