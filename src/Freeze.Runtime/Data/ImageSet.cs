using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Data;

/// <summary>Images as bytes [count, channels, height, width] and their labels [count] as 64-bit integers.</summary>
internal sealed record ImagePart(Tensor Images, Tensor Labels, int Count);

/// <summary>
/// A data set in memory, with the statistics by which its images are normalised: those of all its training images,
/// also where a run uses only some of them, so that runs on more and fewer images see the same pixels.
/// </summary>
public sealed class ImageSet : IDisposable
{
    internal ImageSet(DataSet set, RawImages training, RawImages test)
    {
        Set = set;
        Training = Part(set, training);
        Test = Part(set, test);
        (Mean, Deviation) = Statistics(training.Pixels, set.Image[0], set.Image[1] * set.Image[2]);
    }

    /// <summary>Name, size and classes.</summary>
    public DataSet Set { get; }

    internal ImagePart Training { get; }

    internal ImagePart Test { get; }

    /// <summary>For each channel the mean of all training pixels, from 0 to 255.</summary>
    internal double[] Mean { get; }

    /// <summary>For each channel the standard deviation of all training pixels about that mean.</summary>
    internal double[] Deviation { get; }

    /// <summary>For each pixel [channels, height, width] its mean over all training images, from 0 to 255.</summary>
    internal double[] MeanImage()
    {
        var sums = new long[Set.Image.Aggregate(1, (product, extent) => product * extent)];
        var pixels = Training.Images.bytes;
        for (var start = 0; start < pixels.Length; start += sums.Length)
        {
            for (var i = 0; i < sums.Length; i++)
            {
                sums[i] += pixels[start + i];
            }
        }

        return Array.ConvertAll(sums, sum => (double)sum / Training.Count);
    }

    /// <summary>Frees the images.</summary>
    public void Dispose()
    {
        foreach (var part in new[] { Training, Test })
        {
            part.Images.Dispose();
            part.Labels.Dispose();
        }
    }

    private static ImagePart Part(DataSet set, RawImages raw)
    {
        var count = raw.Labels.Length;
        var images = tensor(raw.Pixels, [count, set.Image[0], set.Image[1], set.Image[2]]);
        var labels = tensor(Array.ConvertAll(raw.Labels, label => (long)label), [count]);
        return new ImagePart(images.DetachFromDisposeScope(), labels.DetachFromDisposeScope(), count);
    }

    // Sums of bytes are exact integers, so the statistics do not depend on the order of summation.
    private static (double[] Mean, double[] Deviation) Statistics(byte[] pixels, int channels, int plane)
    {
        var sums = new long[channels];
        var squares = new long[channels];
        for (var start = 0; start < pixels.Length; start += plane)
        {
            var channel = start / plane % channels;
            foreach (var pixel in pixels.AsSpan(start, plane))
            {
                sums[channel] += pixel;
                squares[channel] += pixel * pixel;
            }
        }

        var count = pixels.Length / channels;
        var mean = sums.Select(sum => (double)sum / count).ToArray();
        // The difference of two large numbers, exact in 128 bits.
        var deviation = sums.Zip(squares, (sum, square) =>
            Math.Sqrt((double)(((Int128)count * square) - ((Int128)sum * sum))) / count);
        return (mean, deviation.ToArray());
    }
}
