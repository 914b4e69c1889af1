using static TorchSharp.torch;

namespace Freeze.Kernels;

/// <summary>
/// Maps that concatenations add channels to, one behind the other, in memory with room for all of them: what is there is never copied,
/// and a channel's mean and variance over the batch are found once for all norms that read it. Only norms and the next of those
/// concatenations may read the maps: the gradient that comes back to a concatenation is nobody else's then, and the norms add theirs to
/// it in place.
/// </summary>
/// <param name="room">How many channels they grow to.</param>
public sealed class Growth(long room)
{
    private nint start;
    private Tensor? moments;
    private long known;

    /// <summary>Whether maps [n, channels, height, width] are the first channels of these.</summary>
    internal bool Holds(Tensor maps) => start != 0 && Memory.TryPixels(maps) is { } pixels && Holds(pixels);

    /// <summary>As above.</summary>
    internal bool Holds(in Pixels maps) => maps.Data == start && maps.Stride == room;

    /// <summary>Memory for all channels [n, room, height, width], which is these maps from here on.</summary>
    internal Tensor Begin(Tensor first)
    {
        var whole = Memory.EmptyMaps(first.shape[0], room, first.shape[2], first.shape[3], first.dtype);
        (start, known) = (whole.Data(), 0);
        return whole;
    }

    /// <summary>Has a norm of the first channels take the moments that are known, and write those that it finds.</summary>
    internal void Give(ref NormWeights weights)
    {
        moments ??= empty([2, room], ScalarType.Float64);
        (weights.Moments, weights.Known, weights.Room) = (moments.Data(), known, room);
    }

    /// <summary>Those of so many channels are there.</summary>
    internal void MomentsAreKnown(long channels) => known = Math.Max(known, channels);
}
