using Freeze.Runtime.Optimization;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Optimization;

public sealed class YellowFinTests
{
    [Theory]
    [InlineData(10, 1, 2, 0.5)]
    [InlineData(1, 1, 0.1, 3)]
    [InlineData(1000, 0.5, 5, 0.01)]
    [InlineData(2, 1.9, 50, 100)]
    public void TheSingleStepIsTheBestOfAllMomentumsThatAreRobust(
        double greatest, double least, double distance, double variance)
    {
        var (rate, momentum) = YellowFinTuner.SingleStep(greatest, least, distance, variance);

        // Equation 15 of the paper, searched through: momentum D² + rate² C, where rate = (1 - √momentum)² / least.
        var range = Math.Sqrt(greatest / least);
        var robust = Math.Pow((range - 1) / (range + 1), 2);
        double Objective(double m) =>
            (m * distance * distance) + (Math.Pow(1 - Math.Sqrt(m), 4) / (least * least) * variance);
        var candidates = Enumerable.Range(0, 1_000_001).Select(i => i / 1e6).Where(m => m >= robust);
        Assert.True(momentum >= robust - 1e-12);
        Assert.InRange(Objective(momentum), 0, (candidates.Min(Objective) * (1 + 1e-9)) + 1e-12);
        Assert.Equal(Math.Pow(1 - Math.Sqrt(momentum), 2) / least, rate, 12);
    }

    [Fact]
    public void WithoutCurvatureNothingIsDivided() =>
        Assert.Equal((0, 0), YellowFinTuner.SingleStep(0, 0, 0, 0));

    [Fact]
    public void ItFindsTheOptimumOfAQuadratic()
    {
        using var scope = NewDisposeScope();
        // Curvatures 1 and 10 about (3, -2).
        var curvature = tensor([1f, 10f], [2]);
        var optimum = tensor([3f, -2f], [2]);
        var leaf = zeros([2]).requires_grad_();
        var optimizer = LeafOptimizer.Create(
            Optimizer.NewYellowFin(0.01, 0, 20, 0, 0), [new Leaf("w", leaf, UpdateModule.byDefault)], useKernels: true);
        optimizer.Begin(1);
        for (var step = 0; step < 3000; step++)
        {
            using var inner = NewDisposeScope();
            leaf.grad = leaf.detach().sub(optimum).mul(curvature);
            optimizer.Step(1);
        }

        var found = leaf.detach().data<float>().ToArray();
        Assert.Equal(3, found[0], 2e-2f);
        Assert.Equal(-2, found[1], 2e-2f);
    }
}
