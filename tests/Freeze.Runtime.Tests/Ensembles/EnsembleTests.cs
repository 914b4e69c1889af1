using Freeze.Runtime.Data;
using Freeze.Runtime.Ensembles;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Results;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Ensembles;

/// <summary>Members go on from one net, each its own way, and share what none of them learns.</summary>
public sealed class EnsembleTests(Sample sample) : IDisposable
{
    private const int Members = 3;

    private readonly Folder folder = new();
    private int steps;

    public void Dispose() => folder.Dispose();

    [Fact]
    public void MembersStartFromTheBaseAndKeepWhatTheyDoNotLearn()
    {
        var result = Finished(Execute(Small, "store"));

        var ensemble = Of(result);
        var start = Safetensors.Read(folder.File($"store/{ensemble.Base}/last.safetensors"));
        Assert.Equal(Members, ensemble.Members.Length);
        var files = Enumerable.Range(1, Members).Select(i => Safetensors.Read(MemberPath(result.Hash, i))).ToArray();
        foreach (var file in files)
        {
            // Slices of conv1 alone, whole batch norm and classifier; conv2 is the base's.
            Assert.Equal(
                ["bn.bias", "bn.running_mean", "bn.running_var", "bn.weight", "conv1.weight", "fc.bias", "fc.weight"],
                file.Keys.Order());
            Assert.Equal([2L, 1, 5, 5], file["conv1.weight"].Shape);
            Assert.NotEqual(start["fc.weight"].Bytes, file["fc.weight"].Bytes);
        }

        // Each its own batches: no two are alike.
        Assert.Equal(Members, files.Select(file => Convert.ToHexString(file["fc.weight"].Bytes)).Distinct().Count());
        Assert.Equal(Members * (50 + 4 + (6 * 4 * 9) + 6), result.StillVerified);
    }

    [Fact]
    public void AMemberIsTheBaseWithWhatItLearnedInItsPlaces()
    {
        var result = Finished(Execute(Small, "store"));
        using var scope = NewDisposeScope();
        var path = folder.File($"store/{Of(result).Base}/last.safetensors");
        var start = Safetensors.Read(path);
        var recipe = Freeze.Ensembles.training(Small.Build(), Learned, [], path, Digest(path));

        var weights = new WeightTable(recipe, start.ToDictionary(entry => entry.Key, entry => entry.Value.ToTensor()));
        MemberFile.Restore(MemberPath(result.Hash, 2), weights);

        var own = Safetensors.Read(MemberPath(result.Hash, 2));
        var whole = weights.Value("conv1.weight").data<float>().ToArray();
        var (from, slice) = (start["conv1.weight"].ToSingles(), own["conv1.weight"].ToSingles());
        Assert.Equal([.. slice[..25], .. from[25..50], .. slice[25..], .. from[75..]], whole);
        Assert.Equal(own["bn.running_mean"].Bytes, weights.Statistic("bn.running_mean").bytes);
    }

    [Fact]
    public void AMemberIsExportedWholeOrAsWhatItLearned()
    {
        var result = Finished(Execute(Small, "store"));
        var store = new RunStore(folder.File("store"));
        var run = Small.Run();
        var (whole, learned) = (folder.File("whole.safetensors"), folder.File("learned.safetensors"));
        store.ExportMember(result.Hash, run, 2, learned: false, whole);
        store.ExportMember(result.Hash, run, 2, learned: true, learned);

        Assert.Equal(File.ReadAllBytes(MemberPath(result.Hash, 2)), File.ReadAllBytes(learned));
        using var scope = NewDisposeScope();
        var path = folder.File($"store/{Of(result).Base}/last.safetensors");
        var start = Safetensors.Read(path);
        var weights = new WeightTable(
            Freeze.Ensembles.training(Small.Build(), Learned, [], path, Digest(path)),
            start.ToDictionary(entry => entry.Key, entry => entry.Value.ToTensor()));
        MemberFile.Restore(MemberPath(result.Hash, 2), weights);
        var exported = Safetensors.Read(whole);
        Assert.Equal(start.Keys, exported.Keys);
        Assert.All(weights.State(), value => Assert.Equal(value.Value.contiguous().bytes.ToArray(), exported[value.Name].Bytes));

        // Of another start than that which the member went on from, nothing is put together.
        File.Copy(MemberPath(result.Hash, 1), path, overwrite: true);
        Assert.Throws<RunException>(() => store.ExportMember(result.Hash, run, 2, learned: false, whole));
    }

    [Fact]
    public void FrozenStatisticsOfMembersAreTheBasesAndInNoMembersFile()
    {
        var result = Finished(Execute(Small with { Learning = Learning.NewEnsemble(2, 1, Learned, ["bn"]) }, "store"));

        var own = Safetensors.Read(MemberPath(result.Hash, 1));
        Assert.DoesNotContain("bn.running_mean", own.Keys);
        Assert.Contains("bn.weight", own.Keys);
        using var scope = NewDisposeScope();
        var path = folder.File($"store/{Of(result).Base}/last.safetensors");
        var recipe = Freeze.Ensembles.training(Small.Build(), Learned, ["bn"], path, Digest(path));
        var member = new WeightTable(recipe);
        MemberFile.Restore(MemberPath(result.Hash, 1), member);
        // It is judged by statistics that one epoch of the base has estimated.
        Assert.Equal(Safetensors.Read(path)["bn.running_mean"].Bytes, member.Statistic("bn.running_mean").bytes);
        Assert.NotEqual(Of(result).MeanAccuracy, Of(Finished(Execute(Small with { Learning = Learning.NewEnsemble(2, 1, Learned, []) }, "store"))).MeanAccuracy);
    }

    [Fact]
    public void WhatNoMemberLearnsIsOneTensorInMemory()
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var recipe = (Small with { Learning = Learning.Together }).Build();
        var common = new WeightTable(recipe).State().ToDictionary(entry => entry.Name, entry => entry.Value);
        var plans = new TestRecipe(TestNets.Small) { Rule = Rule, Learning = Learning.Together }.Build();

        var members = Enumerable.Range(0, Members).Select(_ => new WeightTable(plans, common)).ToArray();

        Assert.All(members, member => Assert.Same(common["conv2.weight"], member.Value("conv2.weight")));
        Assert.All(members, member => Assert.NotSame(common["fc.weight"], member.Value("fc.weight")));
    }

    [Fact]
    public void MeasuresAreThoseOfTheMembersAndOfTheirMean()
    {
        var result = Finished(Execute(Small, "store"));

        var ensemble = Of(result);
        Assert.Equal(ensemble.Members.Average(member => member.TestAccuracy), ensemble.MeanAccuracy);
        Assert.Equal(result.TestAccuracy, ensemble.Accuracy);
        Assert.InRange(ensemble.Accuracy, ensemble.Members.Min(m => m.TestAccuracy) - 0.05, 1);
        Assert.InRange(ensemble.Disagreement, 0.001, 0.9);
        // Validated by the test set, so members were judged before: by another batch, to the same answers.
        Assert.All(ensemble.Members, member => Assert.Equal(member.Epochs[^1].ValidationAccuracy, member.TestAccuracy));
        Assert.All(ensemble.Members, member => Assert.Equal(member.Epochs[^1].ValidationLoss, member.TestLoss, 5));
        // 50 of conv1, 12 of bn, 70 of fc learn; the net has 472.
        Assert.Equal(132, result.Counts.Trained);
        Assert.Equal(Members * 132, ensemble.LearnedParameters);
        Assert.Equal(result.Counts.Total + (2 * 132), ensemble.DistinctParameters);
        Assert.Equal([1, 2], result.Epochs.Select(epoch => epoch.Epoch));
    }

    [Fact]
    public void EnsemblesOfOneStartTrainItOnce()
    {
        Finished(Execute(Small, "store"));
        var before = steps;
        Finished(Execute(Small with { Learning = Learning.NewEnsemble(2, 1, Learned, []) }, "store"));

        // Seven steps an epoch: the second trains two members for two epochs, and no base.
        Assert.Equal(7 + (Members * 14), before);
        Assert.Equal(28, steps - before);
    }

    [Fact]
    public void AfterEveryStepItCanBeStoppedAndTrainsNothingTwice()
    {
        var whole = Finished(Execute(Small, "whole"));
        var (needed, attempts) = (steps, 0);
        steps = 0;
        while (!Execute(Small, "parts", stopAfter: 2 + (attempts % 7)).IsFinished)
        {
            Assert.InRange(attempts++, 0, 60);
        }

        Assert.InRange(attempts, 5, 60);
        Assert.Equal(needed, steps);
        foreach (var file in new[] { "confusion.json", "result.json", "metrics.jsonl", "member-1/last.safetensors", "member-3/last.safetensors" })
        {
            Assert.Equal(
                File.ReadAllBytes(folder.File($"whole/{whole.Hash}/{file}")),
                File.ReadAllBytes(folder.File($"parts/{whole.Hash}/{file}")));
        }
    }

    [Fact]
    public void AMemberOfAnotherStartIsTrainedAgain()
    {
        var result = Finished(Execute(Small, "store"));
        var needed = steps;
        // As if the base had been trained again with other last bits.
        folder.Write($"store/{result.Hash}/member-2/result.json", "\"0000\""u8.ToArray());
        File.Delete(folder.File($"store/{result.Hash}/result.json"));
        var before = File.ReadAllBytes(MemberPath(result.Hash, 2));

        Assert.Equal(result, Finished(Execute(Small, "store")));

        Assert.Equal(14, steps - needed);
        Assert.Equal(before, File.ReadAllBytes(MemberPath(result.Hash, 2)));
    }

    [Fact]
    public void AFailureOfTheBaseIsTheEnsembles()
    {
        var failure = Assert.IsType<RunOutcome.Failed>(
            Execute(Small with { Optimizer = Optimizer.NewSgd(1e30, 0, 0, false) }, "store")).Failure;

        Assert.StartsWith("a run, start: training has diverged", failure.Message, StringComparison.Ordinal);
    }

    private static WeightPlan[] Learned =>
        [.. NetModule.weights(TestNets.Small).Select(weight => TestNets.Plan(weight, Rule(weight)))];

    private static TestRecipe Small => new(TestNets.Small)
    {
        Images = Images.NewFirst(200),
        Augmentations = [Augmentation.NewCrop(1)],
        Epochs = 2,
        Learning = Learning.NewEnsemble(Members, 1, Learned, []),
    };

    private static Treatment Rule(Weight weight) => weight.Name switch
    {
        "conv1.weight" => Treatment.NewSlice(0, [0, 2], Stillness.Fixed),
        "conv1.bias" or "conv2.weight" or "conv2.bias" => TestNets.Fixed,
        _ => Treatment.Trained,
    };

    private static EnsembleRecord Of(RunResult result) => Assert.IsType<LearningRecord.Ensemble>(result.Learning).Ensemble;

    private static RunResult Finished(RunOutcome outcome) => outcome switch
    {
        RunOutcome.Finished finished => finished.Result,
        _ => throw new Xunit.Sdk.XunitException($"{outcome}"),
    };

    private static string Digest(string path) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)));

    private string MemberPath(string hash, int member) => folder.File($"store/{hash}/member-{member}/last.safetensors");

    private RunOutcome Execute(TestRecipe recipe, string store, int stopAfter = int.MaxValue)
    {
        var options = sample.Options(folder.File(store));
        return StoppableRun.Execute(options, recipe.Run(), stopAfter, () => steps++);
    }
}
