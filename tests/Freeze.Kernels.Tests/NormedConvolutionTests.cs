using Xunit;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Kernels.Tests;

/// <summary>Convolutions that take a norm and its relu along: what <see cref="ConvolutionTests"/> does not ask.</summary>
public sealed class NormedConvolutionTests
{
    private readonly Graph graph = new();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void ANormWithoutReluCutsNothingOff(long size)
    {
        using var scope = NewDisposeScope();
        var x = Drawn.ChannelsLast(Drawn.Values([24, 24, 10, 10], 1).to(float32));
        var norm = new Norm(zeros([24]), ones([24]), ones([24]), zeros([24]), false, 0.1, 0, false);
        var kernel = Drawn.Values([20, 24, size, size], 2).to(float32);
        long[] padding = [size / 2, size / 2];

        Drawn.Close(
            F.conv2d(x, kernel, null, [1, 1], padding), Unshared.Conv2d(graph, x, norm, kernel, null, new([1, 1], padding, true)), 1e-5,
            "y");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void WhatIsNoNumberIsNotCutOff(long size)
    {
        using var scope = NewDisposeScope();
        var x = Drawn.ChannelsLast(zeros([24, 24, 10, 10]).Plus(float.NaN));
        var norm = new Norm(zeros([24]), ones([24]), ones([24]), zeros([24]), false, 0.1, 0, true);
        var y = Unshared.Conv2d(graph, x, norm, ones([20, 24, size, size]), null, new([1, 1], [size / 2, size / 2], true));

        Assert.All(y.contiguous().data<float>().ToArray(), value => Assert.True(float.IsNaN(value)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void TheNumberOfThreadsChangesNoBit(long size)
    {
        using var scope = NewDisposeScope();
        Drawn.SameOnThreads(() =>
        {
            var x = Drawn.ChannelsLast(Drawn.Values([64, 24, 12, 12], 1).to(float32)).detach().requires_grad_();
            var weight = ones([24]).requires_grad_();
            var norm = new Norm(zeros([24]), ones([24]), weight, zeros([24]), true, 0.1, 1e-5, true);
            var kernel = Drawn.Values([40, 24, size, size], 2).to(float32).requires_grad_();
            var y = Unshared.Conv2d(graph, x, norm, kernel, null, new([1, 1], [size / 2, size / 2], true));
            graph.Run(y.mul(y).sum());
            return
            [
                .. new[] { y.detach(), x.grad!, weight.grad!, kernel.grad! }
                    .SelectMany(t => t.contiguous().data<float>().ToArray()),
            ];
        });
    }

    // Where libtorch would complain nothing is read past its end.
    [Fact]
    public void SizesThatDoNotFitAreRefused()
    {
        using var scope = NewDisposeScope();
        var x = Drawn.ChannelsLast(zeros([4, 25, 10, 10]));
        Norm Of(long channels) =>
            new(zeros([channels]), ones([channels]), ones([channels]), zeros([channels]), true, 0.1, 1e-5, true);

        Assert.ThrowsAny<Exception>(() => Unshared.BatchNorm(graph, x, Of(24)));
        foreach (var size in new[] { 1L, 3L })
        {
            Assert.ThrowsAny<Exception>(() => Unshared.Conv2d(graph, x, Of(25), zeros([20, 24, size, size]), null, new([1, 1], [0, 0], true)));
            Assert.ThrowsAny<Exception>(() => Unshared.Conv2d(graph, x, Of(25), zeros([20, 25, size, size]), zeros([19]), new([1, 1], [0, 0], true)));
        }
    }
}
