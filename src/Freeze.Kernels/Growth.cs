using static TorchSharp.torch;

namespace Freeze.Kernels;

/// <summary>
/// Maps that concatenations extend by channels, in memory with spare room: existing channels are rarely copied, and a channel's
/// mean and variance over the batch are computed once for all norms that read it. Only norms and the next such concatenation may
/// read the maps. So a concatenation is the only owner of the gradient that it receives, and the norms add theirs to it in place.
/// </summary>
/// <param name="most">The number of channels they grow to.</param>
public sealed class Growth(long most)
{
    private nint start;
    private long room;
    private Tensor? moments;
    private long known;

    /// <summary>
    /// Whether rows of this many channels may have this stride. Measured: the gaps are read too, and wider gaps cost as much as a
    /// copy.
    /// </summary>
    internal static bool AreNear(long channels, long stride) => 2 * stride <= 3 * channels;

    /// <summary>Whether maps [n, channels, height, width] are the first channels of this memory.</summary>
    internal bool Holds(Tensor maps) => start != 0 && Memory.TryPixels(maps) is { } pixels && Holds(pixels);

    /// <summary>As above.</summary>
    internal bool Holds(in Pixels maps) => maps.Data == start && maps.Stride == room;

    /// <summary>Whether maps are the first channels of this memory, and it has room for this many channels.</summary>
    internal bool HasRoom(in Pixels maps, long channels) => Holds(maps) && channels <= room;

    /// <summary>Allocates [n, room, height, width] for this many channels and some more; it now holds these maps.</summary>
    /// <param name="first">The maps that become its first channels.</param>
    /// <param name="channels">Their number, including the added ones.</param>
    internal Tensor Begin(Tensor first, long channels)
    {
        known = Holds(first) ? known : 0;
        room = Math.Min(most, channels * 3 / 2);
        var whole = Memory.EmptyMaps(first.shape[0], room, first.shape[2], first.shape[3], first.dtype);
        start = whole.Data();
        return whole;
    }

    /// <summary>Has a norm of the first channels use the moments that are known, and store those that it computes.</summary>
    internal void Give(ref NormWeights weights)
    {
        moments ??= empty([2, most], ScalarType.Float64);
        (weights.Moments, weights.Known, weights.Room) = (moments.Data(), known, most);
    }

    /// <summary>Records that the moments of this many channels are stored.</summary>
    internal void MomentsAreKnown(long channels) => known = Math.Max(known, channels);
}
