using Xunit;
using static TorchSharp.torch;

namespace Freeze.Kernels.Tests;

/// <summary>Steps of gradient descent by kernels round as TorchSharp's operations do.</summary>
public sealed class SgdStepTests
{
    public static TheoryData<double, double, bool> Rules => new()
    {
        { 0, 0, false },
        { 0, 0.01, false },
        { 0.9, 0, false },
        { 0.9, 0.01, false },
        { 0.9, 0, true },
        { 0.9, 0.01, true },
    };

    [Theory]
    [MemberData(nameof(Rules))]
    public void BitByBit(double momentum, double decay, bool nesterov)
    {
        using var scope = NewDisposeScope();
        // Whole lanes and not; enough for several threads.
        foreach (var shape in new long[][] { [200, 301], [64, 16], [1], [7, 3], [8, 4, 3, 3] })
        {
            Assert.Equal(
                Moved(new(0.1, momentum, decay, nesterov), shape, float32, useKernels: false),
                Moved(new(0.1, momentum, decay, nesterov), shape, float32, useKernels: true));
        }
    }

    // In double a product is rounded before the sum where libtorch rounds once.
    [Theory]
    [MemberData(nameof(Rules))]
    public void InDoubleToTheLastBits(double momentum, double decay, bool nesterov)
    {
        using var scope = NewDisposeScope();
        var expected = Moved(new(0.1, momentum, decay, nesterov), [50, 301], float64, useKernels: false);
        var found = Moved(new(0.1, momentum, decay, nesterov), [50, 301], float64, useKernels: true);
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 1e-15));
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void AsTheRuleSays(double momentum, double decay, bool nesterov)
    {
        using var scope = NewDisposeScope();
        foreach (var useKernels in new[] { true, false })
        {
            var (weight, gradient, buffer) = (tensor([2d], [1]), tensor([3d], [1]), tensor([5d], [1]));
            new SgdStep(0.1, momentum, decay, nesterov).Apply(useKernels, weight, gradient, momentum == 0 ? null : buffer);

            var pull = 3 + (decay * 2);
            var moved = (momentum * 5) + pull;
            var ahead = momentum == 0 ? pull : nesterov ? pull + (momentum * moved) : moved;
            Assert.Equal(2 - (0.1 * ahead), weight.item<double>(), 1e-15);
            Assert.Equal(momentum == 0 ? 5 : moved, buffer.item<double>(), 1e-15);
        }
    }

    [Fact]
    public void WeightsInOtherOrdersAndTypesMoveToo()
    {
        using var scope = NewDisposeScope();
        var rule = new SgdStep(0.1, 0.9, 0.01, Nesterov: true);
        Assert.Equal(
            Moved(rule, [200, 301], float32, useKernels: true), Moved(rule, [200, 301], float32, useKernels: true, inOrder: false));
        Assert.Equal(
            Moved(rule, [20, 31], ScalarType.BFloat16, useKernels: false), Moved(rule, [20, 31], ScalarType.BFloat16, useKernels: true));
    }

    [Fact]
    public void TheNumberOfThreadsChangesNoBit() => Drawn.SameOnThreads(() =>
    {
        using var scope = NewDisposeScope();
        return [.. Moved(new(0.1, 0.9, 0.01, true), [300, 301], float32, useKernels: true).Select(value => (float)value)];
    });

    // Weight and buffer after some steps.
    private static double[] Moved(SgdStep rule, long[] shape, ScalarType type, bool useKernels, bool inOrder = true)
    {
        Tensor Values(int seed) => Drawn.Values(shape, seed).to(type);
        Tensor Ordered(Tensor values) => inOrder ? values : values.t().contiguous().t();
        var weight = Ordered(Values(1)).detach().requires_grad_();
        var buffer = rule.Momentum == 0 ? null : Values(2);
        for (var step = 0; step < 3; step++)
        {
            rule.Apply(useKernels, weight, Values(3 + step), buffer);
        }

        Assert.True(weight.requires_grad);
        return [.. Read(weight), .. buffer is null ? [] : Read(buffer)];
    }

    private static double[] Read(Tensor values) => values.detach().to(float64).contiguous().data<double>().ToArray();
}
