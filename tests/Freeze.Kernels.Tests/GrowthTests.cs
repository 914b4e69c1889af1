using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Kernels.Tests;

/// <summary>Maps that grow by concatenations, each layer reading all there are: as without growth, and not copied.</summary>
public sealed class GrowthTests
{
    private const int Layers = 3;
    private const long First = 5, Added = 3, Room = First + (Layers * Added);

    public static TheoryData<ScalarType, bool, bool> Cases => new MatrixTheoryData<ScalarType, bool, bool>(
        [float32, float64, ScalarType.BFloat16], [true, false], [true, false]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void AsWithoutGrowth(ScalarType type, bool training, bool pointwise)
    {
        using var scope = NewDisposeScope();
        var expected = Numbers(new Graph(useKernels: false), null, type, training, pointwise, exact: true);
        var found = Numbers(new Graph(), new Growth(Room), type, training, pointwise);
        Assert.Equal(expected.Keys.Order(), found.Keys.Order());
        foreach (var (name, value) in found)
        {
            var tolerance = type == float64 ? 1e-9 : type == float32 ? 1e-4 : 5e-2;
            Drawn.Close(expected[name], value, tolerance, name);
        }
    }

    [Fact]
    public void TheSameBitsOnOneThreadAndOnTwo()
    {
        using var scope = NewDisposeScope();
        Drawn.SameOnThreads(() =>
        {
            var all = Numbers(new Graph(), new Growth(Room), float32, training: true, pointwise: true, images: 40);
            return [.. all.OrderBy(each => each.Key).SelectMany(each => Read(each.Value))];
        });
    }

    [Fact]
    public void WhatIsThereIsCopiedOnlyWhereThereIsNoRoom()
    {
        using var scope = NewDisposeScope();
        var (graph, growth) = (new Graph(), new Growth(20));
        Tensor[] maps = [Map(2, 1), Map(2, 2), Map(2, 3), Map(2, 4), Map(4, 5)];
        var all = new List<Tensor> { Concatenation.Of(graph, maps[..2], growth) };
        foreach (var map in maps[2..])
        {
            Assert.True(growth.Holds(all[^1]));
            all.Add(Concatenation.Of(graph, [all[^1], map], growth));
        }

        // Of 4, 6, 8 and 12 channels: room for 6, then for 12.
        Assert.Equal(all[0].Data(), all[1].Data());
        Assert.NotEqual(all[1].Data(), all[2].Data());
        Assert.Equal(all[2].Data(), all[3].Data());
        Assert.Equal(Read(cat(maps, 1)), Read(all[^1]));
        Assert.Equal(Read(cat(maps[..2], 1)), Read(all[0]));
        Assert.False(growth.Holds(all[^1].clone()));
    }

    // A copy of what has grown is not what has grown: it begins anew.
    [Fact]
    public void AnotherTensorBeginsAnew()
    {
        using var scope = NewDisposeScope();
        var (graph, growth) = (new Graph(), new Growth(6));
        var one = Concatenation.Of(graph, [Map(2, 1), Map(2, 2)], growth);
        var other = Concatenation.Of(graph, [one.clone(), Map(2, 3)], growth);

        Assert.NotEqual(one.Data(), other.Data());
        Assert.Equal(Read(cat([Map(2, 1), Map(2, 2), Map(2, 3)], 1)), Read(other));
    }

    private static Tensor Map(long channels, int seed) =>
        Drawn.ChannelsLast(Drawn.Values([2, channels, 3, 3], seed).to(float32));

    // Layers as those of a DenseNet: a norm of all channels, a convolution to some more.
    private static Dictionary<string, Tensor> Numbers(
        Graph graph, Growth? growth, ScalarType type, bool training, bool pointwise, long images = 6, bool exact = false)
    {
        // Exactly: in double, of the same rounded values.
        Tensor Rounded(long[] shape, int seed) => exact ? Drawn.Values(shape, seed).to(type).to(float64) : Drawn.Values(shape, seed).to(type);
        var ofWeights = exact || type == float64 ? float64 : float32;
        Tensor Leaf(long[] shape, int seed) => Drawn.Values(shape, seed).to(ofWeights).requires_grad_();
        var numbers = new Dictionary<string, Tensor>();
        var leaves = new Dictionary<string, Tensor>();
        var x = leaves["x"] = Drawn.ChannelsLast(Rounded([images, First, 6, 5], 1)).detach().requires_grad_();
        var all = x;
        for (var layer = 0; layer <= Layers; layer++)
        {
            var channels = First + (layer * Added);
            var (weight, bias) = (leaves[$"weight {layer}"] = Leaf([channels], 10 + layer), leaves[$"bias {layer}"] = Leaf([channels], 20 + layer));
            var (mean, variance) = (Drawn.Values([channels], 3).to(ofWeights), Drawn.Values([channels], 4).abs().Plus(0.5).to(ofWeights));
            var norm = new Norm(mean, variance, weight, bias, training, 0.1, 1e-5, true, Growth: growth);
            if (layer == Layers)
            {
                var y = BatchNorm.Of(graph, ref all, norm);
                graph.Run(y.mul(Rounded(y.shape, 7)).sum());
                numbers["y"] = y.detach();
                break;
            }

            var side = pointwise ? 1 : 3;
            var kernel = leaves[$"kernel {layer}"] = Leaf([Added, channels, side, side], 30 + layer);
            var shape = new ConvShape([1, 1], [side / 2, side / 2], Winograd: true);
            var made = Conv2d.Of(graph, ref all, norm, kernel, null, shape);
            all = Concatenation.Of(graph, [all, made], growth);
            (numbers[$"mean {layer}"], numbers[$"variance {layer}"]) = (mean, variance);
        }

        foreach (var (name, leaf) in leaves)
        {
            numbers[$"gradient of {name}"] = leaf.grad!;
        }

        return numbers;
    }

    private static float[] Read(Tensor values) => values.detach().to(float32).contiguous().data<float>().ToArray();
}
