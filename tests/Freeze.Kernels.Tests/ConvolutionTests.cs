using Xunit;
using static Freeze.Kernels.Tests.ConvolutionCases;
using static TorchSharp.torch;

namespace Freeze.Kernels.Tests;

/// <summary>Convolutions of every kind against libtorch's in double, on the same rounded values: with native kernels and without.</summary>
public sealed class ConvolutionTests
{
    public static TheoryData<string, ScalarType, Normed> Cases =>
        new MatrixTheoryData<string, ScalarType, Normed>(Kinds.Keys, Types, Enum.GetValues<Normed>());

    [Theory]
    [MemberData(nameof(Cases))]
    public void AsInDouble(string name, ScalarType type, Normed normed)
    {
        using var scope = NewDisposeScope();
        var kind = Kinds[name];
        var expected = Exact(kind, type, normed);
        foreach (var graph in new Graph[] { new(), new(useKernels: false) })
        {
            foreach (var slice in Slices(kind.Kernel))
            {
                using var each = NewDisposeScope();
                var found = Computed(graph, kind, type, normed, slice, Layout.ChannelsLast);
                Compare(expected, found, slice, type, normed, $"{slice}, kernels {graph.HasKernels}", graph.HasKernels);
            }
        }
    }

    public static TheoryData<string, ScalarType, Normed> ThreadCases => new MatrixTheoryData<string, ScalarType, Normed>(
        Some, [float32, ScalarType.BFloat16], [Normed.Not, Normed.InTraining]);

    [Theory]
    [MemberData(nameof(ThreadCases))]
    public void OnTwoThreadsToo(string name, ScalarType type, Normed normed)
    {
        using var scope = NewDisposeScope();
        var kind = Kinds[name];
        var expected = Exact(kind, type, normed);
        var graph = new Graph();
        Drawn.OnThreads(2, () =>
        {
            foreach (var slice in Slices(kind.Kernel))
            {
                using var each = NewDisposeScope();
                var found = Computed(graph, kind, type, normed, slice, Layout.ChannelsLast);
                Compare(expected, found, slice, type, normed, $"{slice}, two threads");
            }
        });
    }

    [Theory]
    [InlineData("Winograd", Normed.Not)]
    [InlineData("Winograd", Normed.InTraining)]
    [InlineData("Winograd without padding", Normed.InTraining)]
    [InlineData("Winograd with much padding", Normed.Not)]
    [InlineData("Winograd from one pixel", Normed.InTraining)]
    [InlineData("Winograd to one pixel", Normed.Not)]
    [InlineData("Winograd of one row", Normed.Not)]
    [InlineData("1x1", Normed.InTraining)]
    [InlineData("1x1", Normed.ByRunningStatistics)]
    [InlineData("1x1 of one channel", Normed.InTraining)]
    [InlineData("1x1 of one pixel", Normed.InTraining)]
    public void KernelsComputeThese(string name, Normed normed)
    {
        Assert.SkipUnless(TorchLibraries.HasKernels, "the kernels are not built");
        using var scope = NewDisposeScope();
        var kind = Kinds[name];
        foreach (var type in new[] { float32, ScalarType.BFloat16 })
        {
            var x = Drawn.ChannelsLast(Drawn.Values(kind.Input, 1).to(type));
            var norm = NormOf(kind.Input[1], float32, normed);
            var kernel = Drawn.Values(kind.Kernel, 2).to(float32);
            Assert.NotNull(Convolution.Try(
                new Graph(), ref x, norm, kernel, slice: null, bias: null, new(kind.Strides, kind.Padding, Winograd: true)));
        }
    }

    [Fact]
    public void ABiasIsNotNeeded()
    {
        using var scope = NewDisposeScope();
        foreach (var name in new[] { "Winograd", "1x1", "strides", "colours" })
        {
            var (kind, shape) = (Kinds[name], new ConvShape(Kinds[name].Strides, Kinds[name].Padding, Winograd: true));
            var x = Drawn.ChannelsLast(Drawn.Values(kind.Input, 1).to(float32)).detach();
            var kernel = Drawn.Values(kind.Kernel, 2).to(float32).detach().requires_grad_();
            var norm = NormOf(kind.Input[1], float32, Normed.ByRunningStatistics);
            var y = Unshared.Conv2d(new Graph(), x, norm, kernel, null, shape);
            Drawn.Close(Conv2d.Plain(x, norm, kernel, null, shape), y, 2e-5, name);
        }
    }

    [Fact]
    public void NoGradientOfAFrozenSliceIsComputed()
    {
        using var scope = NewDisposeScope();
        var (x, whole) = (zeros([2, 3, 4, 4]).requires_grad_(), zeros([5, 3, 3, 3]));
        var shape = new ConvShape([2, 2], [1, 1], Winograd: true);
        var slice = new KernelSlice(zeros([1, 3, 3, 3]), whole, 0, tensor([1L], [1]));
        var y = Conv2d.Plain(x, null, whole, null, shape);

        Assert.Same(y, SliceGradient.Behind(new Graph(), y, x, slice, null, shape));
    }

    [Theory]
    [InlineData("Winograd")]
    [InlineData("1x1")]
    [InlineData("colours")]
    public void KernelsInAnotherOrderInMemoryAreReadInIt(string name)
    {
        using var scope = NewDisposeScope();
        var (kind, shape) = (Kinds[name], new ConvShape(Kinds[name].Strides, Kinds[name].Padding, Winograd: true));
        Tensor[] Numbers(Func<Tensor, Tensor> laid)
        {
            var x = Drawn.ChannelsLast(Drawn.Values(kind.Input, 1).to(float32)).detach().requires_grad_();
            var kernel = laid(Drawn.Values(kind.Kernel, 2).to(float32)).detach().requires_grad_();
            var graph = new Graph();
            var y = Unshared.Conv2d(graph, x, NormOf(kind.Input[1], float32, Normed.InTraining), kernel, null, shape);
            graph.Run(y.mul(Drawn.Values(y.shape, 7).to(float32)).sum());
            return [y, x.grad!, kernel.grad!];
        }

        var transposed = Numbers(kernel => kernel.transpose(0, 1).contiguous().transpose(0, 1));
        foreach (var (expected, found) in Numbers(kernel => kernel).Zip(transposed))
        {
            Drawn.Close(expected, found, 2e-5, name);
        }
    }
}
