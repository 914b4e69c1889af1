namespace Freeze.Runtime.Data;

/// <summary>One part of a data set, as stored in its files.</summary>
/// <param name="Pixels">The bytes of each image in the order channel, row, column.</param>
/// <param name="Labels">The class of each image, from 0.</param>
internal sealed record RawImages(Pixels Pixels, ushort[] Labels)
{
    /// <summary>From files with labels of one byte and pixels in the order image, channel, row, column.</summary>
    public RawImages(byte[] pixels, byte[] labels)
        : this(Pixels.Of(pixels, pixels.Length / labels.Length), Array.ConvertAll(labels, label => (ushort)label))
    {
    }
}
