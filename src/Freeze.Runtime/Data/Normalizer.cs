namespace Freeze.Runtime.Data;

/// <summary>
/// Turns bytes into what a net reads: (byte - mean) / deviation, with the mean and the deviation of the byte's channel.
/// A byte has 256 values, so each channel has a table. The operations are those of single precision: the mean is
/// taken off, and the rest multiplied by the deviation's inverse, each rounded.
/// </summary>
internal sealed class Normalizer(double[] mean, double[] deviation)
{
    private readonly float[][] tables = [.. mean.Zip(deviation, Table)];

    /// <summary>Normalises whole images [count, channels, height, width].</summary>
    /// <param name="size">Bytes of an image.</param>
    public void Normalize(ReadOnlySpan<byte> images, int size, Span<float> normalised)
    {
        var plane = size / tables.Length;
        for (var start = 0; start < images.Length; start += plane)
        {
            var table = tables[start / plane % tables.Length];
            var from = images.Slice(start, plane);
            var to = normalised.Slice(start, plane);
            for (var i = 0; i < from.Length; i++)
            {
                to[i] = table[from[i]];
            }
        }
    }

    private static float[] Table(double mean, double deviation) =>
        [.. Enumerable.Range(0, 256).Select(value => ((float)value - (float)mean) * (float)(1 / deviation))];
}
