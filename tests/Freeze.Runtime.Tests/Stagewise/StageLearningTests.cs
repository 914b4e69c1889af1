using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Results;
using Freeze.Runtime.Stagewise;
using Freeze.Runtime.Training;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Stagewise;

/// <summary>Stages that learn without labels, or nothing but a classifier in closed form.</summary>
public sealed class StageLearningTests(Sample sample) : IDisposable
{
    private readonly Folder folder = new();
    private int steps;

    public void Dispose() => folder.Dispose();

    [Fact]
    public void AStageThatMakesItsInputAgainLowersTheErrorThenGetsAClassifier()
    {
        var result = Finished(Execute(Staged(2, StageLearning.Reconstruct, StageLearning.Reconstruct), "store"));

        foreach (var stage in StagesOf(result))
        {
            var kept = stage.Candidates[stage.Best];
            Assert.Equal([1, 2, 3], kept.Reconstruction.Select(epoch => epoch.Epoch));
            Assert.True(kept.Reconstruction[^1].ValidationError < kept.Reconstruction[0].ValidationError);
            Assert.Equal(3, kept.Epochs.Length);
        }

        Assert.InRange(result.TestAccuracy, 0.15, 1);
        Assert.Equal(6, result.Epochs.Length);
    }

    [Fact]
    public void OfCandidatesTheOneOfTheLeastErrorIsKept()
    {
        var recipe = Staged(1, StageLearning.Reconstruct) with
        {
            Learning = Learning.NewStageByStage([[Sgd(0.0001), Sgd(0.05), Sgd(1e30)]], [StageLearning.Reconstruct]),
        };

        var stage = Assert.Single(StagesOf(Finished(Execute(recipe, "store"))));

        Assert.Equal(1, stage.Best);
        Assert.Contains("diverged", stage.Candidates[2].Failure, StringComparison.Ordinal);
        Assert.Equal([0, 3, 0], stage.Candidates.Select(candidate => candidate.Epochs.Length));
    }

    [Fact]
    public void TheClassifierMovesNoBitOfTheStageAndTheDecoderIsDropped()
    {
        var learned = Staged(1, StageLearning.Reconstruct);
        var result = Finished(Execute(learned, "store"));

        // The same training by itself, without a classifier behind it.
        using var scope = NewDisposeScope();
        var trainer = new Trainer(Stages.reconstruction(learned.Build(), 1, Sgd(0.05)), sample.Images);
        while (!trainer.IsDone)
        {
            trainer.Epoch(_ => { }, CancellationToken.None);
        }

        using var still = no_grad();
        var alone = trainer.Weights.State().ToDictionary(entry => entry.Name, entry => entry.Value.bytes.ToArray());
        var stage = Safetensors.Read(folder.File($"store/stages/{StagesOf(result)[0].Address}/last.safetensors"));
        Assert.Contains("stage1/decoder.weight", alone.Keys);
        Assert.Equal(
            alone.Keys.Where(name => !name.Contains('/', StringComparison.Ordinal))
                .Concat(["stage1/classifier.weight", "stage1/classifier.bias"]).Order(),
            stage.Keys.Order());
        Assert.All(
            alone.Where(entry => !entry.Key.Contains('/', StringComparison.Ordinal)),
            entry => Assert.Equal(entry.Value, stage[entry.Key].Bytes));
    }

    [Fact]
    public void TheAddressDependsOnWhatAStageLearnsAndThatOfLaterOnesOnItsWeightsAlone()
    {
        string Of(int stage, params StageLearning[] learning) => Stages.address(Staged(2, learning).Build(), stage);
        var (classify, reconstruct) = (StageLearning.Classify, StageLearning.Reconstruct);
        var solve = StageLearning.NewReconstructThenSolve(1e-2);

        StageLearning[] ways = [classify, reconstruct, solve, StageLearning.NewReconstructThenSolve(1e-3), StageLearning.NewSolve(1e-2)];
        Assert.Equal(ways.Length, ways.Select(way => Of(1, way, classify)).Distinct().Count());
        Assert.Equal(Of(2, reconstruct, classify), Of(2, solve, classify));
        Assert.NotEqual(Of(2, reconstruct, classify), Of(2, classify, classify));
        Assert.Equal(Of(1, classify, reconstruct), Of(1, classify, classify));
    }

    [Fact]
    public void StagesWithoutLabelsAreSharedBetweenRuns()
    {
        Finished(Execute(Staged(2, StageLearning.Reconstruct, StageLearning.Classify), "store"));
        var before = steps;
        Finished(Execute(
            Staged(3, StageLearning.Reconstruct, StageLearning.Classify, StageLearning.Classify), "store"));

        // The third stage alone: three epochs of six steps.
        Assert.Equal(18, steps - before);
    }

    [Fact]
    public void AfterEveryStepItCanBeStoppedAndTrainsNothingTwice()
    {
        var recipe = Staged(2, StageLearning.Reconstruct, StageLearning.NewReconstructThenSolve(1e-2));
        var whole = Finished(Execute(recipe, "whole"));
        var needed = steps;
        steps = 0;
        var attempts = 0;
        while (!Execute(recipe, "parts", stopAfter: 1 + (attempts % 9)).IsFinished)
        {
            Assert.InRange(attempts++, 0, 60);
        }

        Assert.InRange(attempts, 8, 60);
        Assert.Equal(needed, steps);
        foreach (var file in new[] { "last.safetensors", "metrics.jsonl", "result.json" })
        {
            Assert.Equal(
                File.ReadAllBytes(folder.File($"whole/{whole.Hash}/{file}")),
                File.ReadAllBytes(folder.File($"parts/{whole.Hash}/{file}")));
        }

        Assert.Empty(Directory.GetFiles(folder.File("parts"), "features", SearchOption.AllDirectories));
    }

    [Fact]
    public void SecondsOfTheRunHoldThoseWithoutLabels()
    {
        var result = Finished(Execute(Staged(1, StageLearning.Reconstruct), "store"));

        var stage = JsonLines.Read<StageTime>(folder.File($"store/{result.Hash}/stage-times.jsonl")).Single();
        var run = JsonLines.Read<EpochTime>(folder.File($"store/{result.Hash}/times.jsonl")).ToArray();
        Assert.Equal(3, run.Length);
        Assert.Equal(
            stage.Candidates[0].Sum(time => time.Seconds) + stage.Classifier.Sum(time => time.Seconds),
            run.Sum(time => time.Seconds),
            1e-9);
    }

    [Fact]
    public void AStageThatIsSolvedForKeepsItsStart()
    {
        var recipe = Staged(2, StageLearning.NewSolve(1e-2), StageLearning.Classify) with
        {
            Rule = weight => weight.Layer.StartsWith("stage1", StringComparison.Ordinal) ? TestNets.Fixed : Treatment.Trained,
        };
        var result = Finished(Execute(recipe, "store"));

        var stages = StagesOf(result);
        Assert.InRange(stages[0].Candidates[0].Epochs[^1].ValidationAccuracy, 0.4, 1);
        // 4 kernels of 5 x 5, their biases, scale and shift of the norm.
        Assert.Equal(100 + 4 + 8, result.StillVerified);
        // The second one's classifier is trained as ever.
        Assert.Equal(3, stages[1].Candidates[0].Epochs.Select(epoch => epoch.TrainingLoss).Distinct().Count());
    }

    [Fact]
    public void WhereThereAreNoPixelsTheDecoderIsALinearLayer()
    {
        Node[] nodes =
        [
            TestNets.Node("input", Operation.Input, [], 1, 28, 28),
            TestNets.Node("stage1.flatten1", Operation.Flatten, [0], 784),
            TestNets.Node("stage1.linear1", Operation.NewLinear(16, true), [1], 16),
            TestNets.Node("stage1.relu1", Operation.Relu, [2], 16),
            TestNets.Node("classifier", Operation.NewLinear(10, true), [3], 10),
        ];
        var recipe = Staged(1, StageLearning.Reconstruct) with { Net = new Net(nodes, [new Stage("stage1", 3)]) };

        var kept = StagesOf(Finished(Execute(recipe, "store")))[0].Candidates[0];

        Assert.True(kept.Reconstruction[^1].ValidationError < kept.Reconstruction[0].ValidationError);
    }

    private static Optimizer Sgd(double rate) => Optimizer.NewSgd(rate, 0.9, 0, false);

    private static TestRecipe Staged(int stages, params StageLearning[] learning) => new(TestNets.Staged(stages))
    {
        Images = Images.NewFirst(200),
        Validation = Validation.NewHeldOut(20),
        Epochs = 3,
        Learning = Learning.NewStageByStage([.. learning.Select(_ => new[] { Sgd(0.05) })], learning),
    };

    private static StageRecord[] StagesOf(RunResult result) =>
        Assert.IsType<LearningRecord.StageByStage>(result.Learning).Stages;

    private static RunResult Finished(RunOutcome outcome) => Assert.IsType<RunOutcome.Finished>(outcome).Result;

    private RunOutcome Execute(TestRecipe recipe, string store, int stopAfter = int.MaxValue)
    {
        var options = sample.Options(folder.File(store));
        return StoppableRun.Execute(options, recipe.Run(), stopAfter, () => steps++);
    }
}
