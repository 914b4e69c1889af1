using Xunit;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Kernels.Tests;

/// <summary>
/// Convolutions that take a norm and its relu along against libtorch's norm, relu and convolution in double: values, running
/// statistics and all gradients, by Winograd's algorithm and by libtorch, of whole kernels and of slices.
/// </summary>
public sealed class NormedConvolutionTests
{
    private readonly Graph graph = new();

    public static TheoryData<ScalarType, bool, bool, int> Cases
    {
        get
        {
            var cases = new TheoryData<ScalarType, bool, bool, int>();
            foreach (var type in new[] { float32, float64, ScalarType.BFloat16 })
            {
                foreach (var (winograd, training) in new[] { (true, true), (true, false), (false, true), (false, false) })
                {
                    foreach (var dimension in new[] { -1, 0, 1, 3 })
                    {
                        cases.Add(type, winograd, training, dimension);
                    }
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void AsOneBehindTheOther(ScalarType type, bool winograd, bool training, int dimension)
    {
        using var scope = NewDisposeScope();
        foreach (var (size, stride, padding) in new[] { (3L, 1L, 1L), (3L, 1L, 0L), (3L, 2L, 1L), (1L, 1L, 0L), (1L, 2L, 0L) })
        {
            // Rounded values: what is compared is the computation.
            var values = Drawn.Values([12, 25, 10, 11], 1).to(type);
            var expected = Numbers(values.to(float64), float64, fused: false);
            var found = Numbers(values, type == float64 ? float64 : float32, fused: true);
            var tolerance = type == float64 ? 1e-11 : type == float32 ? 2e-5 : 2e-2;
            foreach (var (name, value) in expected)
            {
                Drawn.Close(value, found[name], tolerance, $"{name}, kernel {size}, stride {stride}, padding {padding}");
            }

            Dictionary<string, Tensor> Numbers(Tensor values, ScalarType numbers, bool fused)
            {
                Tensor One(long[] shape, int seed) => Drawn.Values(shape, seed).to(float32).to(numbers).detach();
                var x = Drawn.ChannelsLast(values).detach().requires_grad_();
                var (weight, bias) = (One([25], 2).requires_grad_(), One([25], 3).requires_grad_());
                var norm = new Norm(One([25], 4), ones([25], numbers), weight, bias, training, 0.1, 1e-5, true);
                var kernel = One([21, 25, size, size], 5);
                long[] places = dimension < 3 ? [1, 2, 9] : size > 1 ? [0, 2] : [0];
                var index = tensor(places, [places.Length]);
                var learning = (dimension < 0 ? kernel : kernel.index_select(dimension, index)).detach().requires_grad_();
                var plus = One([21], 6).requires_grad_();
                long[] strides = [stride, stride], paddings = [padding, padding];
                Tensor y;
                if (!fused)
                {
                    var whole = dimension < 0 ? learning : kernel.index_copy(dimension, index, learning);
                    var normal = F.batch_norm(x, norm.RunningMean, norm.RunningVar, weight, bias, training, 0.1, 1e-5);
                    y = F.conv2d(F.relu(normal), whole, plus, strides, paddings);
                }
                else
                {
                    y = dimension < 0
                        ? Conv2d.Of(graph, x, norm, learning, plus, new(strides, paddings, winograd))
                        : Conv2d.Of(graph, x, norm, new KernelSlice(learning, kernel, dimension, index), plus, new(strides, paddings, winograd));
                }

                graph.Run(y.mul(Drawn.Values(y.shape, 7).to(y.dtype)).sum());
                return new()
                {
                    ["y"] = y,
                    ["x"] = x.grad!,
                    ["norm weight"] = weight.grad!,
                    ["norm bias"] = bias.grad!,
                    ["kernel"] = learning.grad!,
                    ["bias"] = plus.grad!,
                    ["mean"] = norm.RunningMean,
                    ["variance"] = norm.RunningVar,
                };
            }
        }
    }

    // What learns decides what is computed: each alone, with the others at rest.
    public static TheoryData<string, long, bool> Leaves =>
        new MatrixTheoryData<string, long, bool>(["x", "norm weight", "norm bias", "kernel", "bias"], [1, 3], [true, false]);

    [Theory]
    [MemberData(nameof(Leaves))]
    public void EachGradientAlone(string wanted, long size, bool training)
    {
        using var scope = NewDisposeScope();
        Tensor Numbers(bool all)
        {
            Tensor One(string name, long[] shape, int seed) =>
                Drawn.Values(shape, seed).to(float32).detach().requires_grad_(all || name == wanted);
            var leaves = new Dictionary<string, Tensor>
            {
                ["x"] = Drawn.ChannelsLast(Drawn.Values([12, 25, 10, 11], 1).to(float32)).detach().requires_grad_(all || wanted == "x"),
                ["norm weight"] = One("norm weight", [25], 2),
                ["norm bias"] = One("norm bias", [25], 3),
                ["kernel"] = One("kernel", [21, 25, size, size], 4),
                ["bias"] = One("bias", [21], 5),
            };
            var norm = new Norm(zeros([25]), ones([25]), leaves["norm weight"], leaves["norm bias"], training, 0.1, 1e-5, true);
            var y = Conv2d.Of(graph, leaves["x"], norm, leaves["kernel"], leaves["bias"], new([1, 1], [size / 2, size / 2], true));
            graph.Run(y.mul(Drawn.Values(y.shape, 6).to(float32)).sum());
            Assert.All(leaves.Where(leaf => !all && leaf.Key != wanted), leaf => Assert.Null(leaf.Value.grad));
            return leaves[wanted].grad!;
        }

        Drawn.Close(Numbers(all: true), Numbers(all: false), 1e-6, wanted);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void ANormWithoutReluCutsNothingOff(long size)
    {
        using var scope = NewDisposeScope();
        var x = Drawn.ChannelsLast(Drawn.Values([12, 24, 10, 10], 1).to(float32));
        var norm = new Norm(zeros([24]), ones([24]), ones([24]), zeros([24]), false, 0.1, 0, false);
        var kernel = Drawn.Values([20, 24, size, size], 2).to(float32);
        long[] padding = [size / 2, size / 2];

        Drawn.Close(
            F.conv2d(x, kernel, null, [1, 1], padding), Conv2d.Of(graph, x, norm, kernel, null, new([1, 1], padding, true)), 1e-5,
            "y");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void WhatIsNoNumberIsNotCutOff(long size)
    {
        using var scope = NewDisposeScope();
        var x = Drawn.ChannelsLast(zeros([12, 24, 10, 10]).add(float.NaN));
        var norm = new Norm(zeros([24]), ones([24]), ones([24]), zeros([24]), false, 0.1, 0, true);
        var y = Conv2d.Of(graph, x, norm, ones([20, 24, size, size]), null, new([1, 1], [size / 2, size / 2], true));

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
            var y = Conv2d.Of(graph, x, norm, kernel, null, new([1, 1], [size / 2, size / 2], true));
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

        Assert.ThrowsAny<Exception>(() => BatchNorm.Of(graph, x, Of(24)));
        foreach (var size in new[] { 1L, 3L })
        {
            Assert.ThrowsAny<Exception>(() => Conv2d.Of(graph, x, Of(25), zeros([20, 24, size, size]), null, new([1, 1], [0, 0], true)));
            Assert.ThrowsAny<Exception>(() => Conv2d.Of(graph, x, Of(25), zeros([20, 25, size, size]), zeros([19]), new([1, 1], [0, 0], true)));
        }
    }
}
