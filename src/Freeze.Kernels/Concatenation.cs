using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Kernels;

/// <summary>
/// Joins maps along their channels, on all threads and pixel by pixel. libtorch copies one map after another, although each map's
/// pixels lie apart in the result. Growing maps rarely need a copy: only the new channels are copied.
/// </summary>
public static class Concatenation
{
    /// <summary>cat(maps, 1).</summary>
    /// <param name="graph">Records it for the backward pass.</param>
    /// <param name="maps">[n, channels, height, width] each; the channel counts may differ.</param>
    /// <param name="growth">Growing maps or null: the result becomes their first channels, which the first map may be.</param>
    public static Tensor Of(Graph graph, Tensor[] maps, Growth? growth = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(maps);
        return graph.HasKernels && TryPixels(maps) is { } pixels ? ByKernel(graph, maps, pixels, growth) : Plain(maps);
    }

    /// <summary>The same in TorchSharp's operations.</summary>
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

    private static Tensor ByKernel(Graph graph, Tensor[] maps, Pixels[] pixels, Growth? growth)
    {
        var channels = Array.ConvertAll(pixels, each => each.Channels);
        var joined = Join(maps[0], pixels, channels.Sum(), growth);
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

    private static Tensor Join(Tensor first, Pixels[] pixels, long channels, Growth? growth)
    {
        var (shape, type) = (first.shape, Memory.TypeOf(first)!.Value);
        if (growth is null)
        {
            var made = Memory.EmptyMaps(shape[0], channels, shape[2], shape[3], first.dtype);
            Native.Check(Native.freeze_concatenate(type, pixels, pixels.Length, Memory.TryPixels(made)!.Value));
            return made;
        }

        using var constant = no_grad();
        var grows = growth.HasRoom(pixels[0], channels);
        using var whole = grows ? null : growth.Begin(first, channels);
        var (size, strides) = (new[] { shape[0], channels, shape[2], shape[3] }, (whole ?? first).stride());
        var joined = (whole ?? first).as_strided(size, strides, (whole ?? first).storage_offset());
        var to = Memory.TryPixels(joined)!.Value;
        var added = grows ? pixels[1..] : pixels;
        var kept = grows ? pixels[0].Channels : 0;
        to.Data += (nint)(kept * joined.element_size());
        to.Channels -= kept;
        Native.Check(Native.freeze_concatenate(type, added, added.Length, to));
        return joined;
    }
}
