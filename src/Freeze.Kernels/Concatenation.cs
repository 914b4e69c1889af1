using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Kernels;

/// <summary>
/// Maps joined along their channels, on all threads and pixel by pixel: libtorch copies one map after the other, whose pixels lie
/// apart in the result.
/// </summary>
public static class Concatenation
{
    /// <summary>cat(maps, 1).</summary>
    /// <param name="graph">Records it for the backward pass.</param>
    /// <param name="maps">[n, channels, height, width] each, with channels of their own.</param>
    public static Tensor Of(Graph graph, Tensor[] maps)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(maps);
        return graph.HasKernels && TryPixels(maps) is { } pixels ? ByKernel(graph, maps, pixels) : Plain(maps);
    }

    /// <summary>The same in TorchSharp's own operations.</summary>
    public static Tensor Plain(Tensor[] maps) => cat(maps, 1);

    private static Pixels[]? TryPixels(Tensor[] maps)
    {
        var pixels = new Pixels[maps.Length];
        for (var i = 0; i < maps.Length; i++)
        {
            if (Memory.TypeOf(maps[i]) is not { } type || type != Memory.TypeOf(maps[0]) || maps[i].numel() == 0 ||
                Memory.TryPixels(maps[i]) is not { } found || (i > 0 && !found.IsAsLargeAs(pixels[0])))
            {
                return null;
            }

            pixels[i] = found;
        }

        return pixels;
    }

    private static Tensor ByKernel(Graph graph, Tensor[] maps, Pixels[] pixels)
    {
        var (shape, channels) = (maps[0].shape, Array.ConvertAll(pixels, each => each.Channels));
        var joined = Memory.EmptyMaps(shape[0], channels.Sum(), shape[2], shape[3], maps[0].dtype);
        Native.Check(Native.freeze_concatenate(Memory.TypeOf(maps[0])!.Value, pixels, pixels.Length, joined.Data()));
        var wanted = Array.ConvertAll(maps, map => map.requires_grad);
        return graph.Record(
            joined,
            maps,
            gradient =>
            {
                var parts = new Tensor?[channels.Length];
                for (long i = 0, first = 0; i < parts.Length; first += channels[i++])
                {
                    parts[i] = wanted[i] ? gradient.narrow(1, first, channels[i]) : null;
                }

                return parts;
            });
    }
}
