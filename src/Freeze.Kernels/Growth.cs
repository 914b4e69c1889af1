using static TorchSharp.torch;

namespace Freeze.Kernels;

/// <summary>
/// Maps that concatenations add channels to, one behind the other, in memory with room for some more: what is there is seldom copied,
/// and a channel's mean and variance over the batch are found once for all norms that read it. Only norms and the next of those
/// concatenations may read the maps: the gradient that comes back to a concatenation is nobody else's then, and the norms add theirs to
/// it in place.
/// </summary>
/// <param name="most">How many channels they grow to.</param>
public sealed class Growth(long most)
{
    private nint start;
    private long room;
    private Tensor? moments;
    private long known;

    /// <summary>
    /// Whether rows of so many channels may lie so far apart. Measured: what lies between them is read too, and with more of it that
    /// costs what a copy does.
    /// </summary>
    internal static bool AreNear(long channels, long stride) => 2 * stride <= 3 * channels;

    /// <summary>Whether maps [n, channels, height, width] are the first channels of these.</summary>
    internal bool Holds(Tensor maps) => start != 0 && Memory.TryPixels(maps) is { } pixels && Holds(pixels);

    /// <summary>As above.</summary>
    internal bool Holds(in Pixels maps) => maps.Data == start && maps.Stride == room;

    /// <summary>Whether maps are the first channels of these, with room behind them to make them so many.</summary>
    internal bool HasRoom(in Pixels maps, long channels) => Holds(maps) && channels <= room;

    /// <summary>New memory for so many channels and some more [n, room, height, width], which is these maps from here on.</summary>
    /// <param name="first">The maps that become its first channels.</param>
    /// <param name="channels">With those that are added.</param>
    internal Tensor Begin(Tensor first, long channels)
    {
        known = Holds(first) ? known : 0;
        room = Math.Min(most, channels * 3 / 2);
        var whole = Memory.EmptyMaps(first.shape[0], room, first.shape[2], first.shape[3], first.dtype);
        start = whole.Data();
        return whole;
    }

    /// <summary>Has a norm of the first channels take the moments that are known, and write those that it finds.</summary>
    internal void Give(ref NormWeights weights)
    {
        moments ??= empty([2, most], ScalarType.Float64);
        (weights.Moments, weights.Known, weights.Room) = (moments.Data(), known, most);
    }

    /// <summary>Those of so many channels are there.</summary>
    internal void MomentsAreKnown(long channels) => known = Math.Max(known, channels);
}
