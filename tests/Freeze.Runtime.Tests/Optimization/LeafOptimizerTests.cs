using System.Text.Json;
using Freeze.Runtime.Optimization;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Optimization;

public sealed class LeafOptimizerTests
{
    public static TheoryData<string, string> Rules => new()
    {
        { "sgd", """{"sgd":{"learningRate":0.1,"momentum":0.9,"decay":0.05,"nesterov":false}}""" },
        { "sgd nesterov", """{"sgd":{"learningRate":0.1,"momentum":0.9,"decay":0.05,"nesterov":true}}""" },
        { "adam", """{"adam":{"learningRate":0.1,"beta1":0.8,"beta2":0.99,"epsilon":1e-6,"decay":0.05}}""" },
        { "adamw", """{"adamW":{"learningRate":0.1,"beta1":0.8,"beta2":0.99,"epsilon":1e-6,"decay":0.05}}""" },
        { "rmsprop", """{"rmsProp":{"learningRate":0.1,"alpha":0.9,"epsilon":1e-6,"momentum":0,"decay":0.05}}""" },
        { "rmsprop momentum", """{"rmsProp":{"learningRate":0.1,"alpha":0.9,"epsilon":1e-6,"momentum":0.9,"decay":0.05}}""" },
    };

    [Theory]
    [MemberData(nameof(Rules))]
    public void EachRuleMovesWeightsAsPyTorchs(string name, string rule)
    {
        using var scope = NewDisposeScope();
        using var fixture = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "fixtures", "optimizers.json")));
        var leaf = tensor(Singles(fixture.RootElement.GetProperty("start")), [3]).requires_grad_();
        var optimizer = LeafOptimizer.Create(Json.ofText<Optimizer>(rule), [new Leaf("w", leaf, UpdateModule.byDefault)], useKernels: true);
        optimizer.Begin(1);
        var gradients = fixture.RootElement.GetProperty("gradients").EnumerateArray();
        var path = fixture.RootElement.GetProperty("paths").GetProperty(name).EnumerateArray();
        foreach (var (gradient, expected) in gradients.Zip(path))
        {
            leaf.grad = tensor(Singles(gradient), [3]);
            optimizer.Step(1);
            var found = leaf.detach().data<float>().ToArray();
            // PyTorch's are in double precision, ours in single: some roundings a step.
            Assert.All(Singles(expected).Zip(found), pair => Assert.Equal(pair.First, pair.Second, 5e-6f));
        }
    }

    [Fact]
    public void AWeightsOwnRateAndDecayTakeThePlaceOfTheOptimizers()
    {
        using var scope = NewDisposeScope();
        Leaf[] leaves =
        [
            .. new[]
            {
                UpdateModule.byDefault,
                new Update(Rate.NewTimes(0.5), Rate.NewTimes(1), Period.Always),
                new Update(Rate.NewExactly(0.3), Rate.NewExactly(0), Period.Always),
                new Update(Rate.NewTimes(1), Rate.NewTimes(2), Period.Always),
            }.Select(update => new Leaf("w", ones([1]).requires_grad_(), update)),
        ];
        var optimizer = LeafOptimizer.Create(Optimizer.NewSgd(0.1, 0, 0.1, false), leaves, useKernels: true);
        optimizer.Begin(1);
        foreach (var leaf in leaves)
        {
            leaf.Value.grad = ones([1]);
        }

        optimizer.Step(2);

        // w - 2 · rate · (1 + decay · w), the 2 being the schedule's.
        Assert.All(
            new[] { 1 - (0.2 * 1.1), 1 - (0.1 * 1.1), 1 - 0.6, 1 - (0.2 * 1.2) }.Zip(leaves),
            pair => Assert.Equal(pair.First, pair.Second.Value.item<float>(), 6));
    }

    [Fact]
    public void OutsideItsEpochsAWeightIsStill()
    {
        using var scope = NewDisposeScope();
        var leaf = new Leaf(
            "w",
            ones([1]).requires_grad_(), new Update(Rate.NewTimes(1), Rate.NewTimes(1), Period.NewEpochs(2, 2)));
        foreach (var rule in new[]
        {
            Optimizer.NewSgd(0.1, 0.9, 5e-4, false), Optimizer.NewAdam(0.1, 0.9, 0.999, 1e-8, 5e-4),
            Optimizer.NewAdamW(0.1, 0.9, 0.999, 1e-8, 5e-4), Optimizer.NewRmsProp(0.1, 0.9, 1e-8, 0.9, 5e-4),
            Optimizer.NewYellowFin(0.1, 0.5, 20, 0, 5e-4),
        })
        {
            leaf.Value.requires_grad = false;
            leaf.Value.copy_(ones([1]));
            var optimizer = LeafOptimizer.Create(rule, [leaf], useKernels: true);
            optimizer.Begin(1);
            Assert.False(leaf.Value.requires_grad);
            optimizer.Step(1);
            Assert.Equal(1, leaf.Value.item<float>());

            optimizer.Begin(2);
            Assert.True(leaf.Value.requires_grad);
            for (var step = 0; step < 50; step++)
            {
                leaf.Value.grad = ones([1]);
                optimizer.Step(1);
            }

            var left = leaf.Value.item<float>();
            Assert.NotEqual(1, left);

            // With its momentum a weight would coast on; see docs of pruning by masks.
            optimizer.Begin(3);
            for (var step = 0; step < 50; step++)
            {
                optimizer.Step(1);
            }

            Assert.Equal(left, leaf.Value.item<float>());
        }
    }

    [Fact]
    public void AWeightThatReturnsBeginsWithoutMomentum()
    {
        using var scope = NewDisposeScope();
        var once = new Update(Rate.NewTimes(1), Rate.NewTimes(1), Period.NewEpochs(2, 2));
        foreach (var rule in new[]
        {
            Optimizer.NewSgd(0.1, 0.9, 5e-4, false), Optimizer.NewAdam(0.1, 0.9, 0.999, 1e-8, 5e-4),
            Optimizer.NewAdamW(0.1, 0.9, 0.999, 1e-8, 5e-4), Optimizer.NewRmsProp(0.1, 0.9, 1e-8, 0.9, 5e-4),
        })
        {
            float Step(LeafOptimizer optimizer, Leaf leaf, float gradient)
            {
                leaf.Value.grad = tensor([gradient], [1]);
                optimizer.Step(1);
                return leaf.Value.item<float>();
            }

            Leaf New() => new("w", ones([1]), once);
            var (fresh, used) = (New(), New());
            var other = LeafOptimizer.Create(rule, [used], useKernels: true);
            other.Begin(2);
            Step(other, used, -3);
            other.Begin(3);
            used.Value.copy_(ones([1]));
            other.Begin(2);
            var optimizer = LeafOptimizer.Create(rule, [fresh], useKernels: true);
            optimizer.Begin(2);

            Assert.Equal(Step(optimizer, fresh, 1), Step(other, used, 1));
        }
    }

    private static float[] Singles(JsonElement array) => [.. array.EnumerateArray().Select(e => (float)e.GetDouble())];
}
