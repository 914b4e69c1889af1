using Xunit;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Kernels.Tests;

/// <summary>
/// Convolutions of every kind against libtorch's in double, on the same rounded values: with native kernels and without, of whole
/// kernels and slices, behind norms and not, of maps that lie in memory in several ways.
/// </summary>
public sealed class ConvolutionTests
{
    private static readonly ScalarType[] types = [float32, ScalarType.BFloat16, float64];

    // Of the input, of the kernel; strides and padding.
    private static readonly Dictionary<string, Kind> kinds = new()
    {
        ["Winograd"] = new([24, 25, 10, 11], [21, 25, 3, 3], [1, 1], [1, 1]),
        ["Winograd without padding"] = new([24, 25, 10, 11], [21, 25, 3, 3], [1, 1], [0, 0]),
        ["Winograd with much padding"] = new([24, 16, 5, 7], [20, 16, 3, 3], [1, 1], [2, 2]),
        ["Winograd from one pixel"] = new([130, 16, 1, 1], [16, 16, 3, 3], [1, 1], [1, 1]),
        ["Winograd to one pixel"] = new([130, 16, 3, 3], [16, 16, 3, 3], [1, 1], [0, 0]),
        ["Winograd of one row"] = new([40, 16, 1, 13], [16, 16, 3, 3], [1, 1], [1, 1]),
        ["too few tiles"] = new([3, 25, 6, 5], [21, 25, 3, 3], [1, 1], [1, 1]),
        ["1x1"] = new([4, 25, 5, 6], [21, 25, 1, 1], [1, 1], [0, 0]),
        ["1x1 of lanes"] = new([3, 32, 7, 7], [64, 32, 1, 1], [1, 1], [0, 0]),
        ["1x1 of one channel"] = new([6, 1, 4, 5], [3, 1, 1, 1], [1, 1], [0, 0]),
        ["1x1 of one pixel"] = new([5, 3, 1, 1], [17, 3, 1, 1], [1, 1], [0, 0]),
        ["1x1 of one image"] = new([1, 8, 3, 3], [1, 8, 1, 1], [1, 1], [0, 0]),
        ["1x1 with strides"] = new([4, 25, 5, 6], [21, 25, 1, 1], [2, 2], [0, 0]),
        ["strides"] = new([6, 16, 9, 8], [20, 16, 3, 3], [2, 2], [1, 1]),
        ["unlike strides and padding"] = new([6, 16, 9, 8], [20, 16, 3, 3], [2, 1], [0, 1]),
        ["colours"] = new([6, 3, 9, 9], [12, 3, 3, 3], [1, 1], [1, 1]),
        ["5x5 of one channel"] = new([6, 1, 9, 9], [5, 1, 5, 5], [1, 1], [2, 2]),
        ["2x2"] = new([4, 5, 6, 6], [7, 5, 2, 2], [1, 1], [0, 0]),
        ["3x5"] = new([4, 9, 6, 8], [12, 9, 3, 5], [1, 1], [1, 1]),
        ["5x5 with unlike padding"] = new([4, 6, 8, 8], [6, 6, 5, 5], [1, 1], [2, 1]),
    };

    public static TheoryData<string, ScalarType, Normed> Cases =>
        new MatrixTheoryData<string, ScalarType, Normed>(kinds.Keys, types, Enum.GetValues<Normed>());

    public enum Normed
    {
        Not,
        InTraining,
        ByRunningStatistics,
        WithoutRelu,
    }

    public enum Layout
    {
        ChannelsLast,
        ChannelsFirst,
        SomeChannels,
        SomeChannelsFirst,
        SomeRows,
        SomeImages,
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void AsInDouble(string name, ScalarType type, Normed normed)
    {
        using var scope = NewDisposeScope();
        var kind = kinds[name];
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

    public static TheoryData<string, ScalarType, Normed> SomeCases => new MatrixTheoryData<string, ScalarType, Normed>(
        ["Winograd", "Winograd from one pixel", "1x1", "1x1 of one channel", "strides", "colours"], types,
        [Normed.Not, Normed.InTraining]);

    [Theory]
    [MemberData(nameof(SomeCases))]
    public void HoweverTheMapsLieInMemory(string name, ScalarType type, Normed normed)
    {
        using var scope = NewDisposeScope();
        var kind = kinds[name];
        var expected = Exact(kind, type, normed);
        var graph = new Graph();
        foreach (var layout in Enum.GetValues<Layout>())
        {
            foreach (var slice in Slices(kind.Kernel))
            {
                using var each = NewDisposeScope();
                var found = Computed(graph, kind, type, normed, slice, layout);
                Compare(expected, found, slice, type, normed, $"{slice}, {layout}");
            }
        }
    }

    public static TheoryData<string, Normed, bool> FrozenCases => new MatrixTheoryData<string, Normed, bool>(
        ["Winograd", "1x1", "strides"], [Normed.Not, Normed.InTraining, Normed.ByRunningStatistics], [true, false]);

    // Whatever learns gets its gradient, and nothing else does.
    [Theory]
    [MemberData(nameof(FrozenCases))]
    public void WhateverIsFrozen(string name, Normed normed, bool useKernels)
    {
        using var scope = NewDisposeScope();
        var (kind, graph) = (kinds[name], new Graph(useKernels));
        var expected = Exact(kind, float32, normed);
        string[] leaves = normed == Normed.Not ? ["x", "kernel", "bias"] : ["x", "kernel", "bias", "norm weight", "norm bias"];
        Slice[] slices = [Slice.Whole, new(0, [1, 2, 9]), new(0, [.. Enumerable.Range(1, 15)]), new(1, [0, 2])];
        for (var learning = 0; learning < 1 << leaves.Length; learning++)
        {
            string[] wanted = [.. leaves.Where((_, i) => (learning & (1 << i)) != 0)];
            foreach (var slice in slices)
            {
                using var each = NewDisposeScope();
                var found = Computed(graph, kind, float32, normed, slice, Layout.ChannelsLast, wanted);
                Assert.Equal(wanted.Order(), found.Keys.Where(leaves.Contains).Order());
                Compare(expected, found, slice, float32, normed, $"{slice}, {string.Join(", ", wanted)}", useKernels);
            }
        }
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
        var kind = kinds[name];
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
            var (kind, shape) = (kinds[name], new ConvShape(kinds[name].Strides, kinds[name].Padding, Winograd: true));
            var x = Drawn.ChannelsLast(Drawn.Values(kind.Input, 1).to(float32)).detach();
            var kernel = Drawn.Values(kind.Kernel, 2).to(float32).detach().requires_grad_();
            var norm = NormOf(kind.Input[1], float32, Normed.ByRunningStatistics);
            var y = Conv2d.Of(new Graph(), x, norm, kernel, null, shape);
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
        var (kind, shape) = (kinds[name], new ConvShape(kinds[name].Strides, kinds[name].Padding, Winograd: true));
        Tensor[] Numbers(Func<Tensor, Tensor> laid)
        {
            var x = Drawn.ChannelsLast(Drawn.Values(kind.Input, 1).to(float32)).detach().requires_grad_();
            var kernel = laid(Drawn.Values(kind.Kernel, 2).to(float32)).detach().requires_grad_();
            var graph = new Graph();
            var y = Conv2d.Of(graph, x, NormOf(kind.Input[1], float32, Normed.InTraining), kernel, null, shape);
            graph.Run(y.mul(Drawn.Values(y.shape, 7).to(float32)).sum());
            return [y, x.grad!, kernel.grad!];
        }

        var transposed = Numbers(kernel => kernel.transpose(0, 1).contiguous().transpose(0, 1));
        foreach (var (expected, found) in Numbers(kernel => kernel).Zip(transposed))
        {
            Drawn.Close(expected, found, 2e-5, name);
        }
    }

    private static Dictionary<string, Tensor> Exact(Kind kind, ScalarType type, Normed normed)
    {
        var x = Drawn.Values(kind.Input, 1).to(type).to(float64).detach().requires_grad_();
        var kernel = Weights(kind.Kernel, 2, type, float64).requires_grad_();
        var bias = Weights([kind.Kernel[0]], 3, type, float64).requires_grad_();
        var norm = NormOf(kind.Input[1], type, normed, float64);
        var h = x;
        if (norm is not null)
        {
            h = F.batch_norm(x, norm.RunningMean, norm.RunningVar, norm.Weight, norm.Bias, norm.Training, 0.1, 1e-5);
            h = norm.Relu ? F.relu(h) : h;
        }

        var y = F.conv2d(h, kernel, bias, kind.Strides, kind.Padding);
        Drawn.Loss(y, x, type).backward();
        return Read(y, x, kernel, bias, norm);
    }

    private static Dictionary<string, Tensor> Computed(
        Graph graph, Kind kind, ScalarType type, Normed normed, Slice slice, Layout layout, string[]? wanted = null)
    {
        var numbers = type == float64 ? float64 : float32;
        bool Learns(string leaf) => wanted?.Contains(leaf) ?? true;
        // The leaf has the layout, so that its gradient has to be brought to it.
        var x = Laid(Drawn.Values(kind.Input, 1).to(type), layout).requires_grad_(Learns("x"));
        var kernel = Weights(kind.Kernel, 2, type, numbers);
        var bias = Weights([kind.Kernel[0]], 3, type, numbers).requires_grad_(Learns("bias"));
        var norm = NormOf(kind.Input[1], type, normed, numbers, Learns("norm weight"), Learns("norm bias"));
        var shape = new ConvShape(kind.Strides, kind.Padding, Winograd: true);
        var read = x;
        Tensor learning, y;
        if (slice.Dimension < 0)
        {
            learning = kernel.requires_grad_(Learns("kernel"));
            y = Conv2d.Of(graph, ref read, norm, learning, bias, shape);
        }
        else
        {
            var indices = slice.Tensor();
            learning = kernel.index_select(slice.Dimension, indices).detach().requires_grad_(Learns("kernel"));
            y = Conv2d.Of(graph, ref read, norm, new KernelSlice(learning, kernel, slice.Dimension, indices), bias, shape);
        }

        Assert.Equal(type, y.dtype);
        Assert.Equal(wanted is null or { Length: > 0 }, y.requires_grad);
        if (y.requires_grad)
        {
            graph.Run(Drawn.Loss(y, read, type));
        }

        return Read(y, x, learning, bias, norm);
    }

    private static void Compare(
        Dictionary<string, Tensor> expected, Dictionary<string, Tensor> found, Slice slice, ScalarType type, Normed normed, string of,
        bool byKernels = true)
    {
        // libtorch sums a norm's gradients in single precision, and rounds kernels and their gradients to bfloat16.
        var tolerance = type == float64 ? (normed == Normed.Not ? 1e-12 : 1e-11)
            : type == float32 ? (normed == Normed.Not ? 1e-5 : byKernels ? 2e-5 : 5e-5)
            : normed == Normed.Not ? 5e-3 : 2e-2;
        foreach (var (name, value) in found)
        {
            var exact = name == "kernel" && slice.Dimension >= 0
                ? expected[name].index_select(slice.Dimension, slice.Tensor())
                : expected[name];
            Drawn.Close(exact, value, tolerance, $"{name}, {of}");
        }
    }

    private static Dictionary<string, Tensor> Read(Tensor y, Tensor x, Tensor kernel, Tensor bias, Norm? norm)
    {
        var read = new Dictionary<string, Tensor> { ["y"] = y };
        void Add(string name, Tensor? value)
        {
            if (value is not null)
            {
                read[name] = value;
            }
        }

        Add("x", x.grad);
        Add("kernel", kernel.grad);
        Add("bias", bias.grad);
        Add("norm weight", norm?.Weight.grad);
        Add("norm bias", norm?.Bias.grad);
        Add("mean", norm?.RunningMean);
        Add("variance", norm?.RunningVar);
        return read;
    }

    // Weights are single, but double for double maps.
    private static Tensor Weights(long[] shape, int seed, ScalarType type, ScalarType numbers) =>
        Drawn.Values(shape, seed).to(type == float64 ? float64 : float32).to(numbers).detach();

    private static Norm? NormOf(
        long channels, ScalarType type, Normed normed, ScalarType numbers = ScalarType.Float32, bool weightLearns = true,
        bool biasLearns = true) => normed == Normed.Not
            ? null
            : new(
                Weights([channels], 4, type, numbers),
                Weights([channels], 5, type, numbers).abs().Plus(0.5).detach(),
                Weights([channels], 6, type, numbers).requires_grad_(weightLearns),
                Weights([channels], 8, type, numbers).requires_grad_(biasLearns),
                normed != Normed.ByRunningStatistics,
                0.1,
                1e-5,
                normed != Normed.WithoutRelu);

    private static Tensor Laid(Tensor values, Layout layout)
    {
        var (last, first) = (Drawn.ChannelsLast(values), values.contiguous());
        return (layout switch
        {
            Layout.ChannelsLast => last,
            Layout.ChannelsFirst => first,
            // With others behind and in front of them.
            Layout.SomeChannels => Drawn.ChannelsLast(cat([last, last, last], 1)).narrow(1, values.shape[1], values.shape[1]),
            Layout.SomeChannelsFirst => cat([first, first, first], 1).narrow(1, values.shape[1], values.shape[1]),
            Layout.SomeRows => Drawn.ChannelsLast(cat([last, last], 2)).narrow(2, values.shape[2], values.shape[2]),
            _ => Drawn.ChannelsLast(cat([last, last], 0)).narrow(0, values.shape[0], values.shape[0]),
        }).detach();
    }

    private static IEnumerable<Slice> Slices(long[] kernel)
    {
        yield return Slice.Whole;
        for (var dimension = 0; dimension < 4; dimension++)
        {
            var extent = (int)kernel[dimension];
            yield return new(dimension, [extent - 1]);
            if (extent > 2)
            {
                yield return new(dimension, [0, 2]);
                yield return new(dimension, [1, 2]);
            }

            if (extent > 4)
            {
                yield return new(dimension, [.. Enumerable.Range(0, extent - 1)]);
                // More than are summed tap by tap, apart.
                yield return new(dimension, [.. Enumerable.Range(0, (extent + 1) / 2).Select(i => 2 * i)]);
            }
        }
    }

    private sealed record Kind(long[] Input, long[] Kernel, long[] Strides, long[] Padding);

    private sealed record Slice(int Dimension, int[] Indices)
    {
        public static readonly Slice Whole = new(-1, []);

        public Tensor Tensor() => tensor([.. Indices.Select(index => (long)index)], [Indices.Length]);

        public override string ToString() => Dimension < 0 ? "whole" : $"{string.Join(' ', Indices)} of dimension {Dimension}";
    }
}
