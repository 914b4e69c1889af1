using Xunit;
using static TorchSharp.torch;

namespace Freeze.Kernels.Tests;

/// <summary>Maps joined along their channels against libtorch's cat: the same bits, gradients too.</summary>
public sealed class ConcatenationTests
{
    // Images, height, width, and the channels of each map; two are large enough for several threads.
    public static TheoryData<long, long, long, long[]> Shapes => new()
    {
        { 3, 4, 5, [1, 1] },
        { 2, 7, 9, [24, 12] },
        { 5, 8, 8, [16, 3, 33, 1] },
        { 6, 32, 32, [108, 12] },
        { 1, 1, 1, [7, 2] },
        { 4, 6, 6, [5] },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void AsLibtorchs(long images, long height, long width, long[] channels)
    {
        using var scope = NewDisposeScope();
        foreach (var type in new[] { float32, float64, ScalarType.BFloat16 })
        {
            // Some of more channels in memory than are read; the first needs no gradient where there are others.
            float[][] Numbers(Graph by)
            {
                var all = channels.Select((count, i) => Drawn.ChannelsLast(Drawn.Values([images, count + i, height, width], i).to(type))).ToArray();
                for (var i = channels.Length > 1 ? 1 : 0; i < all.Length; i++)
                {
                    all[i] = all[i].detach().requires_grad_();
                }

                var joined = Concatenation.Of(by, [.. all.Select((map, i) => map.narrow(1, i, channels[i]))]);
                by.Run(joined.mul(Drawn.Values(joined.shape, 9).to(type)).sum());
                return [Read(joined), .. all.Where(map => map.requires_grad).Select(map => Read(map.grad!))];
            }

            Assert.Equal(Numbers(new Graph(useKernels: false)), Numbers(new Graph()));
            Drawn.SameOnThreads(() => Numbers(new Graph())[0]);
        }
    }

    [Fact]
    public void MapsInAnotherOrderAndOfOtherSizesAreLibtorchs()
    {
        using var scope = NewDisposeScope();
        var maps = new[] { Drawn.Values([2, 3, 4, 5], 1), Drawn.Values([2, 2, 4, 5], 2) };

        Assert.Equal(Read(cat(maps, 1)), Read(Concatenation.Of(new Graph(), maps)));
        Assert.ThrowsAny<Exception>(() => Concatenation.Of(
            new Graph(), [Drawn.ChannelsLast(maps[0]), Drawn.ChannelsLast(Drawn.Values([2, 2, 5, 4], 2))]));
    }

    private static float[] Read(Tensor values) => values.detach().to(float32).contiguous().data<float>().ToArray();
}
