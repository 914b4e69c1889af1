using TorchSharp;
using Xunit;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Kernels.Tests;

/// <summary>Norms whose input has some of their channels, against libtorch's of all channels with the constants written out.</summary>
public sealed class NormSplitTests
{
    private static readonly long[] live = [1, 2, 5], constant = [0, 3, 4];

    public static TheoryData<ScalarType, bool, bool, bool> Cases => new MatrixTheoryData<ScalarType, bool, bool, bool>(
        [float32, float64, ScalarType.BFloat16], [true, false], [true, false], [true, false]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void AsOfAllChannels(ScalarType type, bool training, bool relu, bool kernels)
    {
        using var scope = NewDisposeScope();
        var ofWeights = type == float64 ? float64 : float32;
        var tolerance = type == ScalarType.BFloat16 ? 2e-2 : type == float32 ? 2e-5 : 1e-12;
        var values = Drawn.Values([8, 3, 5, 4], 1).to(type);
        var constants = Drawn.Values([3], 2).to(ofWeights);
        var (places, others) = (tensor(live), tensor(constant));

        // In double, with the constants at every place.
        var x = values.to(float64).clone().requires_grad_();
        var spread = zeros([8, 3, 5, 4], float64).Plus(constants.to(float64).reshape(1, 3, 1, 1));
        var expected = new Weights(float64);
        var y = F.batch_norm(
            cat([x, spread], 1).index_select(1, tensor(new long[] { 3, 0, 1, 4, 5, 2 })), expected.Mean, expected.Variance, expected.Weight,
            expected.Bias, training, 0.1, 1e-5);
        y = (relu ? F.relu(y) : y).index_select(1, places);
        Drawn.Loss(y, zeros_like(y), ofWeights).backward();

        var read = Drawn.ChannelsLast(values).requires_grad_();
        var found = new Weights(ofWeights);
        var graph = new Graph(kernels);
        var norm = new Norm(
            found.Mean, found.Variance, found.Weight, found.Bias, training, 0.1, 1e-5, relu, new NormSplit(places, others, constants));
        var made = Unshared.BatchNorm(graph, read, norm);
        graph.Run(Drawn.Loss(made, zeros_like(made), ofWeights));

        Drawn.Close(y, made, tolerance, "y");
        Drawn.Close(x.grad!, read.grad!, tolerance, "gradient of x");
        Drawn.Close(expected.Mean, found.Mean, tolerance, "mean");
        Drawn.Close(expected.Variance.index_select(0, places), found.Variance.index_select(0, places), tolerance, "variance");
        // Double rounding leaves a constant's variance near 0 in the reference.
        Drawn.Close(expected.Variance.index_select(0, others), found.Variance.index_select(0, others), tolerance, "variance of constants");
        Drawn.Close(expected.Weight.grad!.index_select(0, places), found.Weight.grad!.index_select(0, places), tolerance, "weight");
        Drawn.Close(expected.Bias.grad!.index_select(0, places), found.Bias.grad!.index_select(0, places), tolerance, "bias");
        // Nothing of the loss comes to them.
        Assert.Equal(0, found.Weight.grad!.index_select(0, others).abs().sum().to(float64).item<double>());
        Assert.Equal(0, found.Bias.grad!.index_select(0, others).abs().sum().to(float64).item<double>());
    }

    private sealed class Weights(ScalarType type)
    {
        public Tensor Mean { get; } = Drawn.Values([6], 3).to(type);

        public Tensor Variance { get; } = Drawn.Values([6], 4).abs().Plus(0.5).to(type);

        public Tensor Weight { get; } = Drawn.Values([6], 5).to(type).requires_grad_();

        public Tensor Bias { get; } = Drawn.Values([6], 6).to(type).requires_grad_();
    }
}
