using Freeze.Kernels;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Training;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Training;

public sealed class RidgeTests
{
    private static readonly TestRecipe Solved = new(TestNets.Line)
    {
        Data = "synthetic",
        Images = Images.All,
        Rule = weight => weight.Layer == "fc" ? Treatment.NewSolved(0.01) : TestNets.Fixed,
    };

    [Fact]
    public void TheSolutionIsWhereTheGradientOfTheObjectiveIsZero()
    {
        using var scope = NewDisposeScope();
        using var set = TestNets.Synthetic(700);
        var recipe = Solved.Build();
        var trainer = new Trainer(recipe, set);
        trainer.Epoch(_ => { }, TestContext.Current.CancellationToken);

        using var still = no_grad();
        var net = new NetExecutor(recipe, trainer.Weights);
        var batches = new Freeze.Runtime.Data.Batches(set, recipe);
        var batch = batches.Take(set.Training, batches.Training);
        var x = net.Forward(batch.Images, false, 2).to(float64);
        var w = trainer.Weights.Value("fc.weight").to(float64);
        var rest = x.mm(w.t()).Plus(trainer.Weights.Value("fc.bias").to(float64))
            .sub(eye(2, dtype: float64).index_select(0, batch.Labels));

        var ofWeight = x.t().mm(rest).Over(700).Plus(w.t().Times(0.01)).data<double>().ToArray();
        var ofBias = rest.mean([0]).data<double>().ToArray();

        // The solution is kept in single precision.
        Assert.All(ofWeight, value => Assert.Equal(0, value, 1e-5));
        Assert.All(ofBias, value => Assert.Equal(0, value, 1e-5));
    }

    [Fact]
    public void WhatIsNotSolvedForStaysStill()
    {
        using var scope = NewDisposeScope();
        using var set = TestNets.Synthetic(100);
        var recipe = Solved.Build();
        var trainer = new Trainer(recipe, set);
        trainer.Epoch(_ => { }, TestContext.Current.CancellationToken);

        Assert.Equal(20, StillnessCheck.Verify(trainer.Weights, recipe.Seed));
    }

    [Fact]
    public void FewerImagesThanFeaturesWithoutAPenaltyHaveNoSingleSolution()
    {
        using var scope = NewDisposeScope();
        using var set = TestNets.Synthetic(4);
        var recipe = Solved with { Rule = weight => weight.Layer == "fc" ? Treatment.NewSolved(0) : TestNets.Fixed };
        var trainer = new Trainer(recipe.Build(), set);

        var error = Assert.Throws<RunException>(
            () => trainer.Epoch(_ => { }, TestContext.Current.CancellationToken));
        Assert.Contains("ridge", error.Advice, StringComparison.Ordinal);
    }
}
