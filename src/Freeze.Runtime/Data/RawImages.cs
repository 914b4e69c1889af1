namespace Freeze.Runtime.Data;

/// <summary>One part of a data set as its files hold it.</summary>
/// <param name="Pixels">Bytes in the order image, channel, row, column.</param>
/// <param name="Labels">The class of each image, from 0.</param>
internal sealed record RawImages(byte[] Pixels, byte[] Labels);
