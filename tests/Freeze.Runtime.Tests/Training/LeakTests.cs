using Freeze.Runtime.Optimization;
using Freeze.Runtime.Training;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Training;

/// <summary>
/// A weight is not fixed by a gradient of 0: left in the optimizer, decay moves it. By how much in the recipes of the
/// sources, and that a weight which Freeze calls fixed does not move by a bit in a thousand of them.
/// </summary>
public sealed class LeakTests
{
    // What is left of 1 after so many steps. Without momentum it is (1 - rate · decay) to the power of the steps.
    public static TheoryData<string, int, double> Recipes => new()
    {
        { """{"sgd":{"learningRate":0.1,"momentum":0.9,"decay":5e-4,"nesterov":false}}""", 1, 0.99995 },
        { """{"sgd":{"learningRate":0.1,"momentum":0.9,"decay":5e-4,"nesterov":false}}""", 391, 0.825405 },
        { """{"sgd":{"learningRate":0.1,"momentum":0.9,"decay":5e-4,"nesterov":false}}""", 3910, 0.140884 },
        { """{"sgd":{"learningRate":0.1,"momentum":0,"decay":5e-4,"nesterov":false}}""", 3910, 0.822419 },
        { """{"sgd":{"learningRate":0.1,"momentum":0.9,"decay":1e-4,"nesterov":false}}""", 7820, 0.457562 },
        { """{"adam":{"learningRate":1e-3,"beta1":0.9,"beta2":0.999,"epsilon":1e-8,"decay":5e-4}}""", 391, 0.644996 },
        { """{"adamW":{"learningRate":1e-3,"beta1":0.9,"beta2":0.999,"epsilon":1e-8,"decay":0.01}}""", 3910, 0.961654 },
    };

    [Theory]
    [MemberData(nameof(Recipes))]
    public void AFixedWeightKeepsEveryBitWhereOneOfNoGradientShrinks(string rule, int steps, double left)
    {
        // As printed, to six digits.
        Assert.Equal(left, LeftInTheOptimizer(rule, steps), 5.1e-7);
        AssertFixedKeepsEveryBit(rule, Math.Min(steps, 1000));
    }

    private static double LeftInTheOptimizer(string rule, int steps)
    {
        using var scope = NewDisposeScope();
        var weight = ones([1], float64).requires_grad_();
        var optimizer = LeafOptimizer.Create(Json.ofText<Optimizer>(rule), [new Leaf("w", weight, UpdateModule.byDefault)], useKernels: true);
        optimizer.Begin(1);
        for (var step = 0; step < steps; step++)
        {
            using var inner = NewDisposeScope();
            weight.grad = zeros([1], float64);
            optimizer.Step(1);
        }

        return weight.item<double>();
    }

    private static void AssertFixedKeepsEveryBit(string rule, int steps)
    {
        using var scope = NewDisposeScope();
        var epochs = Math.Max(1, steps / 391);
        using var set = TestNets.Synthetic(steps / epochs, test: 1);
        var recipe = (new TestRecipe(TestNets.Line)
        {
            Images = Images.All,
            Batch = 1,
            Epochs = epochs,
            Optimizer = Json.ofText<Optimizer>(rule),
            Start = _ => Start.NewConstant(1),
            Rule = weight => weight.Layer == "conv" ? TestNets.Fixed : Treatment.Trained,
            // Slow, that nothing diverges on images that mean nothing.
            Update = _ => new Update(Rate.NewTimes(1e-3), Rate.NewTimes(1), Period.Always),
        }).Build();
        var trainer = new Trainer(recipe, set);
        for (var epoch = 1; epoch <= epochs; epoch++)
        {
            trainer.Epoch(_ => { }, TestContext.Current.CancellationToken);
        }

        Assert.All(trainer.Weights.Value("conv.weight").data<float>().ToArray(), value => Assert.Equal(1f, value));
        Assert.All(trainer.Weights.Value("fc.weight").detach().data<float>().ToArray(), value => Assert.NotEqual(1f, value));
        Assert.Equal(20, StillnessCheck.Verify(trainer.Weights, recipe.Seed));
    }
}
