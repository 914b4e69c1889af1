using Freeze.Runtime.Optimization;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Optimization;

public sealed class SgdTests
{
    // One weight w = 1 with gradients 1, 2, -1, learning rate 0.1, by hand.
    // Decay 0.1: g = 1 + .1*1 = 1.1; w = .89. g = 2 + .089 = 2.089; w = .6811. g = -1 + .06811; w = .774289.
    [Fact]
    public void DecayIsAddedToTheGradient() =>
        AssertSteps(Optimizer.NewSgd(0.1, 0, 0.1, false), [0.89, 0.6811, 0.774289]);

    // Momentum 0.9 besides. b1 = g1 = 1.1, w = .89. g2 = 2.089, b2 = .99 + 2.089 = 3.079, w = .5821.
    // g3 = -1 + .05821 = -.94179, b3 = 2.7711 - .94179 = 1.82931, w = .399169.
    [Fact]
    public void MomentumGathersTheDecayedGradientAndStartsAtTheFirst() =>
        AssertSteps(Optimizer.NewSgd(0.1, 0.9, 0.1, false), [0.89, 0.5821, 0.399169]);

    // Nesterov steps by g + .9 b. Step 1: 1.1 + .99 = 2.09, w = .791. g2 = 2.0791, b2 = 3.0691, step 4.84129,
    // w = .306871. g3 = -.9693129, b3 = 2.76219 - .9693129 = 1.7928771, step .64427649, w = .242443351.
    [Fact]
    public void NesterovLooksAhead() =>
        AssertSteps(Optimizer.NewSgd(0.1, 0.9, 0.1, true), [0.791, 0.306871, 0.242443351]);

    [Fact]
    public void PlainDescentSubtractsTheGradient() =>
        AssertSteps(Optimizer.NewSgd(0.1, 0, 0, false), [0.9, 0.7, 0.8]);

    [Fact]
    public void AWeightOfTheOptimizerDecaysEvenWithoutAGradient()
    {
        // What masked gradients do to weights that should be fixed: an epoch of CIFAR-10 takes 17 % off them. Ours are
        // in no optimizer; StillnessTests shows the ratio 1.
        using var scope = NewDisposeScope();
        var leaf = ones([1]).requires_grad_();
        var sgd = LeafOptimizer.Create(
            Optimizer.NewSgd(0.1, 0.9, 5e-4, false), [new Leaf("w", leaf, UpdateModule.byDefault)], useKernels: true);
        sgd.Begin(1);
        for (var step = 0; step < 391; step++)
        {
            leaf.grad = zeros([1]);
            sgd.Step(1);
        }

        Assert.Equal(0.825405, leaf.item<float>(), 5);
    }

    private static void AssertSteps(Optimizer rule, double[] expected)
    {
        using var scope = NewDisposeScope();
        var leaf = ones([1]).requires_grad_();
        var sgd = LeafOptimizer.Create(rule, [new Leaf("w", leaf, UpdateModule.byDefault)], useKernels: true);
        sgd.Begin(1);
        foreach (var (gradient, value) in new[] { 1f, 2f, -1f }.Zip(expected))
        {
            leaf.grad = tensor([gradient], [1]);
            sgd.Step(1);
            // Three roundings of float32 at each step.
            Assert.Equal(value, leaf.item<float>(), 6);
            Assert.Null(leaf.grad);
        }
    }
}
