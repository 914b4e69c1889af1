using Freeze.Runtime.Training;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests;

/// <summary>What trains and what evaluates leaves no tensor behind.</summary>
[Collection(Alone.Name)]
public sealed class LiveTensorTests(Sample sample) : IDisposable
{
    private static readonly TestRecipe Small = new(TestNets.Small);

    private readonly Folder folder = new();

    private RunnerOptions Options => new(folder.File("store"), sample.Catalog, 1, TimeSpan.FromMinutes(5), true);

    public void Dispose() => folder.Dispose();

    [Fact]
    public void EpochsLeaveNoneBehind()
    {
        using var scope = NewDisposeScope();
        var trainer = new Trainer(
            (Small with { Rule = weight => Treatment.NewSlice(0, [0], Stillness.Fixed) }).Build(), sample.Images);
        Epoch(trainer);
        var before = Tensor.TotalCount;

        Epoch(trainer);
        Epoch(trainer);

        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void NoneIsLeftWhenTheScopeOfATrainerEnds()
    {
        var before = Tensor.TotalCount;
        using (NewDisposeScope())
        {
            Epoch(new Trainer(Small.Build(), sample.Images));
        }

        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void RunsLeaveNoneBehind()
    {
        using var runner = new Runner(Options);
        Finished(runner, RunnerTests.Small);
        var before = Tensor.TotalCount;

        Finished(runner, RunnerTests.Small with { Seed = 2 });

        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void AnEvaluationLeavesNoneBehind()
    {
        using var runner = new Runner(Options);
        var result = Finished(runner, RunnerTests.Small);
        void Evaluate() => Evaluator.Of(
            new RunStore(Options.Store), RunnerTests.Small.Run(), result, sample.Images, null, 1, TestContext.Current.CancellationToken);
        Evaluate();
        var before = Tensor.TotalCount;

        Evaluate();

        Assert.Equal(before, Tensor.TotalCount);
    }

    private static RunResult Finished(Runner runner, TestRecipe recipe) => Assert.IsType<RunOutcome.Finished>(
        runner.Execute(recipe.Run(), _ => { }, TestContext.Current.CancellationToken)).Result;

    private static void Epoch(Trainer trainer) => trainer.Epoch(_ => { }, TestContext.Current.CancellationToken);
}
