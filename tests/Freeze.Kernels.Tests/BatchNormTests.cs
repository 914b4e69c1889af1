using Xunit;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Kernels.Tests;

/// <summary>Batch norms against libtorch's in double: values, gradients and running statistics.</summary>
public sealed class BatchNormTests
{
    private static readonly string[] leaves = ["x", "weight", "bias"];

    private readonly Graph graph = new();

    public static TheoryData<long[], ScalarType, bool, bool> Norms => new MatrixTheoryData<long[], ScalarType, bool, bool>(
        [
            [5, 3, 4, 4], [64, 300, 3, 3], [7, 1, 2, 2], [9, 4], [200, 33, 8, 8], [2, 5, 1, 1], [2, 1, 1, 1], [1, 3, 1, 2], [1, 7, 5, 3],
            [3, 1], [33, 257],
        ],
        [float32, float64, ScalarType.BFloat16],
        [true, false],
        [true, false]);

    [Theory]
    [MemberData(nameof(Norms))]
    public void AsInDouble(long[] shape, ScalarType type, bool training, bool relu)
    {
        using var scope = NewDisposeScope();
        // The same rounded values: in single libtorch's own sums are coarser.
        var values = Drawn.Values(shape, 1).to(type);
        var expected = Numbers(values.to(float64), float64, training, relu, exact: true);
        // The gradients of two values are differences of what is nearly the same.
        var tolerance = type == float64 ? 1e-12 : type == float32 ? (shape is [2, _, 1, 1] ? 5e-5 : 2e-5) : 2e-2;
        foreach (var (name, value) in Numbers(values, type, training, relu))
        {
            Drawn.Close(expected[name], value, tolerance, name);
        }

        foreach (var (name, value) in Numbers(values, type, training, relu, new Graph(useKernels: false)))
        {
            Drawn.Close(expected[name], value, type == float32 ? 1e-4 : tolerance, $"{name} without kernels");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void HoweverTheMapsLieInMemory(bool training)
    {
        using var scope = NewDisposeScope();
        var wide = Drawn.Values([8, 12, 5, 5], 1).to(float32);
        Tensor[] layouts =
        [
            wide.narrow(1, 3, 6),
            Drawn.ChannelsLast(wide).narrow(1, 3, 6),
            Drawn.ChannelsLast(wide.narrow(1, 3, 6)),
        ];
        var expected = Numbers(layouts[0].to(float64), float64, training, relu: true, exact: true);
        foreach (var layout in layouts)
        {
            foreach (var (name, value) in Numbers(layout, float32, training, relu: true, asIs: true))
            {
                Drawn.Close(expected[name], value, 5e-5, name);
            }
        }
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void WhateverIsFrozen(bool training, bool relu)
    {
        using var scope = NewDisposeScope();
        var values = Drawn.Values([64, 20, 6, 6], 1).to(float32);
        var all = Numbers(values, float32, training, relu);
        for (var learning = 0; learning < 8; learning++)
        {
            string[] wanted = [.. leaves.Where((_, i) => (learning & (1 << i)) != 0)];
            var found = Numbers(values, float32, training, relu, wanted: wanted);
            Assert.Equal(wanted.Order(), found.Keys.Where(leaves.Contains).Order());
            foreach (var (name, value) in found)
            {
                Assert.Equal(Read(all[name]), Read(value));
            }
        }
    }

    [Fact]
    public void OneValueOfAChannelIsEnoughForRunningStatistics()
    {
        using var scope = NewDisposeScope();
        var values = Drawn.Values([1, 4, 1, 1], 1).to(float32);
        var expected = Numbers(values.to(float64), float64, training: false, relu: true, exact: true);
        foreach (var (name, value) in Numbers(values, float32, training: false, relu: true))
        {
            Drawn.Close(expected[name], value, 2e-5, name);
        }
    }

    // A variance that is a millionth of the square of the mean is not lost in single precision.
    [Fact]
    public void AVarianceFarFromZeroIsKept()
    {
        using var scope = NewDisposeScope();
        var values = Drawn.Values([64, 5, 8, 8], 1).Plus(500).to(float32);
        var expected = Numbers(values.to(float64), float64, training: true, relu: false, exact: true);
        var found = Numbers(values, float32, training: true, relu: false);

        Drawn.Close(expected["variance"], found["variance"], 2e-5, "variance");
        // What is normalised has the rounding of its mean, 500 to 24 bits.
        Drawn.Close(expected["y"], found["y"], 1e-4, "y");
    }

    [Fact]
    public void WhatIsNoNumberIsNotCutOff()
    {
        using var scope = NewDisposeScope();
        var y = Unshared.BatchNorm(
            graph,
            Drawn.ChannelsLast(tensor([1f, float.NaN, 2, 3], [2, 1, 1, 2])),
            new(zeros([1]), ones([1]), ones([1]), zeros([1]), false, 0.1, 1e-5, true));

        Assert.True(float.IsNaN(Read(y)[1]));
    }

    private Dictionary<string, Tensor> Numbers(
        Tensor values, ScalarType type, bool training, bool relu, Graph? by = null, bool exact = false, bool asIs = false,
        string[]? wanted = null)
    {
        var channels = values.shape[1];
        var numbers = type == float64 ? float64 : float32;
        bool Learns(string leaf) => wanted?.Contains(leaf) ?? true;
        Tensor Of(int seed) => Drawn.Values([channels], seed).to(float32).to(numbers).detach();
        var x = (values.ndim == 4 && !asIs ? Drawn.ChannelsLast(values) : values).detach().requires_grad_(Learns("x"));
        var (weight, bias) = (Of(5).requires_grad_(Learns("weight")), Of(6).requires_grad_(Learns("bias")));
        var (mean, variance) = (Of(7), ones([channels], numbers));
        var read = x;
        Tensor y;
        if (exact)
        {
            y = F.batch_norm(x, mean, variance, weight, bias, training, 0.1, 1e-5);
            y = relu ? F.relu(y) : y;
        }
        else
        {
            y = BatchNorm.Of(by ?? graph, ref read, new(mean, variance, weight, bias, training, 0.1, 1e-5, relu));
        }

        Assert.Equal(type, y.dtype);
        if (y.requires_grad)
        {
            graph.Run(Drawn.Loss(y, read, type));
        }

        var numbersOf = new Dictionary<string, Tensor> { ["y"] = y, ["mean"] = mean, ["variance"] = variance };
        foreach (var (leaf, name) in new[] { x, weight, bias }.Zip(leaves))
        {
            if (leaf.grad is { } gradient)
            {
                numbersOf[name] = gradient;
            }
        }

        return numbersOf;
    }

    private static float[] Read(Tensor values) => values.detach().contiguous().data<float>().ToArray();
}
