using Xunit;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Kernels.Tests;

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

/// <summary>
/// Convolutions of every kind, of whole kernels and slices, behind norms and not, of maps that lie in memory in several ways: in
/// double by libtorch, and as Freeze computes them.
/// </summary>
internal static class ConvolutionCases
{
    public static readonly ScalarType[] Types = [float32, ScalarType.BFloat16, float64];

    // Of the input, of the kernel; strides and padding.
    public static readonly Dictionary<string, Kind> Kinds = new()
    {
        ["Winograd"] = new([15, 25, 10, 11], [21, 25, 3, 3], [1, 1], [1, 1]),
        ["Winograd without padding"] = new([22, 25, 10, 11], [21, 25, 3, 3], [1, 1], [0, 0]),
        ["Winograd with much padding"] = new([24, 16, 5, 7], [20, 16, 3, 3], [1, 1], [2, 2]),
        ["Winograd from one pixel"] = new([130, 16, 1, 1], [16, 16, 3, 3], [1, 1], [1, 1]),
        ["Winograd to one pixel"] = new([130, 16, 3, 3], [16, 16, 3, 3], [1, 1], [0, 0]),
        ["Winograd of one row"] = new([40, 16, 1, 13], [16, 16, 3, 3], [1, 1], [1, 1]),
        ["Winograd of 5x5"] = new([15, 25, 9, 10], [21, 25, 5, 5], [1, 1], [2, 2]),
        ["Winograd of 5x5 without padding"] = new([33, 25, 9, 10], [21, 25, 5, 5], [1, 1], [0, 0]),
        ["Winograd of 5x5 with much padding"] = new([33, 16, 3, 4], [20, 16, 5, 5], [1, 1], [4, 4]),
        ["Winograd of 5x5 from one pixel"] = new([20, 16, 1, 1], [16, 16, 5, 5], [1, 1], [4, 4]),
        ["5x5 to one pixel"] = new([130, 16, 5, 5], [16, 16, 5, 5], [1, 1], [0, 0]),
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

    // One of each algorithm.
    public static readonly string[] Some =
    [
        "Winograd", "Winograd from one pixel", "Winograd of 5x5", "1x1", "1x1 of one channel", "strides", "colours",
    ];

    public static Dictionary<string, Tensor> Exact(Kind kind, ScalarType type, Normed normed)
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

    public static Dictionary<string, Tensor> Computed(
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

    public static void Compare(
        Dictionary<string, Tensor> expected, Dictionary<string, Tensor> found, Slice slice, ScalarType type, Normed normed, string of,
        bool byKernels = true)
    {
        // libtorch sums a norm's gradients in single precision, on one thread all of them in a row, and rounds kernels and their
        // gradients to bfloat16.
        var tolerance = type == float64 ? (normed == Normed.Not ? 1e-12 : 1e-11)
            : type == float32 ? (normed == Normed.Not ? 1e-5 : byKernels ? 2e-5 : 1e-4)
            : normed == Normed.Not ? 5e-3 : 2e-2;
        foreach (var (name, value) in found)
        {
            var exact = name == "kernel" && slice.Dimension >= 0
                ? expected[name].index_select(slice.Dimension, slice.Tensor())
                : expected[name];
            // A slice that meets no pixel has the gradient 0, which Winograd's algorithm makes of others that cancel out.
            Drawn.Close(exact, value, tolerance, $"{name}, {of}", exact.count_nonzero().item<long>() == 0 ? expected[name] : exact);
        }
    }

    public static Dictionary<string, Tensor> Read(Tensor y, Tensor x, Tensor kernel, Tensor bias, Norm? norm)
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
    public static Tensor Weights(long[] shape, int seed, ScalarType type, ScalarType numbers) =>
        Drawn.Values(shape, seed).to(type == float64 ? float64 : float32).to(numbers).detach();

    public static Norm? NormOf(
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

    public static Tensor Laid(Tensor values, Layout layout)
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

    public static IEnumerable<Slice> Slices(long[] kernel)
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
}

internal sealed record Kind(long[] Input, long[] Kernel, long[] Strides, long[] Padding);

internal sealed record Slice(int Dimension, int[] Indices)
{
    public static readonly Slice Whole = new(-1, []);

    public Tensor Tensor() => tensor([.. Indices.Select(index => (long)index)], [Indices.Length]);

    public override string ToString() => Dimension < 0 ? "whole" : $"{string.Join(' ', Indices)} of dimension {Dimension}";
}
