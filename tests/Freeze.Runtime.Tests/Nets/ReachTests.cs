using Freeze.Language;
using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Training;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Nets;

/// <summary>What a plan says of zeros is what training does: weights without a gradient do not move, and others do.</summary>
public sealed class ReachTests(PassTests.Pictures pictures) : IClassFixture<PassTests.Pictures>
{
    public static TheoryData<string, string[]> Cases => new()
    {
        { "net lenet; rest: train", [] },
        { "net lenet; fc1: train; fc2: zero", ["conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias", "fc1.weight", "fc1.bias"] },
        // A layer whose inputs are always 0 moves its bias alone; relus pass nothing on at 0.
        { "net lenet; conv2: zero", ["conv1.weight", "conv1.bias", "fc1.weight"] },
        { "net lenet; conv2.weight: zero", ["conv1.weight", "conv1.bias"] },
        // Filters that no input behind them reads.
        { "net lenet; conv1: train 5 filters; conv2: train 10 inputs; rest: zero; linear: train", [] },
        { "net wrn(depth 10, widen 2); block2: train 0.4 filters; bn: train; rest: zero; conv1, fc, block1.unit1.shortcut, block3.unit1.shortcut: train",
            ["block1.unit1.bn2.weight", "block1.unit1.bn2.bias", "block3.unit1.bn2.weight", "block3.unit1.bn2.bias"] },
        { "net wrn(depth 10, widen 2); block3.unit1.conv2: zero", ["block3.unit1.conv1.weight", "block3.unit1.bn2.weight", "block3.unit1.bn2.bias"] },
        {
            """
            net own {
                conv1: conv 8 3x3; sigmoid; conv2: conv 8 3x3 groups 2; groupnorm 2; gelu; maxpool 2
                conv3: conv 8 3x3; tanh; globalpool; fc: linear classes
            }
            net own; conv2, groupnorm1.bias: zero
            """,
            ["conv1.weight", "conv1.bias", "groupnorm1.weight", "conv3.weight"]
        },
        // What learns reads channels of zeros alone: the filters behind them are depthwise.
        {
            """
            net own { conv1: conv 6 3x3; relu6; padchannels 8; conv2: conv 8 3x3 groups channels; globalpool; fc: linear classes }
            net own; conv1: zero
            """,
            ["conv2.weight"]
        },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void WhatTheGradientsDoNotReachDoesNotMove(string text, string[] unmoved)
    {
        var recipe = Planned(text);
        var reach = ReachModule.ofNet(recipe.Net, recipe.FrozenStatistics, recipe.Weights);
        Assert.Equal(unmoved.Order(), reach.Unmoved.Select(i => recipe.Weights[i].Weight.Name).Order());

        using var scope = NewDisposeScope();
        var trainer = new Trainer(recipe, pictures.Images);
        var start = trainer.Weights.Planned.ToDictionary(weight => weight.Plan.Weight.Name, weight => weight.Value().detach().clone());
        trainer.Epoch(_ => { }, TestContext.Current.CancellationToken);
        var still = trainer.Weights.Planned.Where(weight => CountsModule.learns(weight.Plan))
            .Where(weight => weight.Value().detach().eq(start[weight.Plan.Weight.Name]).all().item<bool>())
            .Select(weight => weight.Plan.Weight.Name);
        Assert.Equal(unmoved.Order(), still.Order());
    }

    [Theory]
    [InlineData("net wrn(depth 10, widen 2); block2: train 0.4 filters; bn: train; rest: zero", false, "conv1 block1.unit1.shortcut block3.unit1.shortcut fc")]
    [InlineData("net wrn(depth 10, widen 2); block2: train 0.4 filters; bn: train; rest: zero; conv1, fc: train", false, "block1.unit1.shortcut block3.unit1.shortcut")]
    [InlineData("net wrn(depth 10, widen 2); block2: train 0.4 filters; bn: train; rest: fixed", true, "")]
    [InlineData("net lenet; conv2.weight: zero", false, "conv2")]
    // Each layer has filters, but the second reads none of those that are left.
    [InlineData("net lenet; conv1: train 5 filters; rest: zero; conv2: train 20 inputs; linear: train", true, "")]
    public void OutputsDependOnTheImageWhereThePlanSaysSo(string text, bool isFed, string cuts)
    {
        var recipe = Planned(text);
        var reach = ReachModule.ofNet(recipe.Net, recipe.FrozenStatistics, recipe.Weights);
        Assert.Equal((isFed, cuts), (reach.IsFed, string.Join(' ', reach.Cuts)));

        using var scope = NewDisposeScope();
        using var constant = no_grad();
        var net = new NetExecutor(recipe, new WeightTable(recipe));
        var images = arange(2 * 3 * 32 * 32, float64).sin().reshape(2, 3, 32, 32);
        var logits = net.Forward(images, training: false);
        Assert.Equal(isFed, !logits[0].eq(logits[1]).all().item<bool>());
    }

    private static Recipe Planned(string text)
    {
        var written = $"data synthetic; images 40; batch 12; validate 12; epochs 1; precision fp64; optimizer sgd(lr 0.1)\n{text}";
        var analysis = Compile.analyse(Compile.defaults, new Source("test.frz", written, 0));
        Assert.DoesNotContain(analysis.Diagnostics, found => found.Severity.IsError);
        return Assert.Single(analysis.Runs).Recipe;
    }
}
