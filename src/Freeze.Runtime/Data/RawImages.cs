namespace Freeze.Runtime.Data;

/// <summary>One part of a data set as its files hold it.</summary>
/// <param name="Pixels">Of each image its bytes in the order channel, row, column.</param>
/// <param name="Labels">The class of each image, from 0.</param>
internal sealed record RawImages(Pixels Pixels, ushort[] Labels)
{
    /// <summary>From files whose labels are bytes: pixels in the order image, channel, row, column.</summary>
    public RawImages(byte[] pixels, byte[] labels)
        : this(Pixels.Of(pixels, pixels.Length / labels.Length), Array.ConvertAll(labels, label => (ushort)label))
    {
    }
}
