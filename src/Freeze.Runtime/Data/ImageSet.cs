namespace Freeze.Runtime.Data;

/// <summary>Images as bytes in the order channel, row, column, and their labels.</summary>
internal sealed record ImagePart(Pixels Images, long[] Labels)
{
    /// <summary>The number of images.</summary>
    public int Count => Labels.Length;
}

/// <summary>
/// A data set in memory or mapped into it, with the statistics that normalise its images. They cover all training images, even if
/// a run uses only some, so that runs on more and fewer images see the same pixels.
/// </summary>
public sealed class ImageSet : IDisposable
{
    internal ImageSet(DataSet set, RawImages training, RawImages test)
    {
        Set = set;
        Training = Part(training);
        Test = Part(test);
        (Mean, Deviation) = Statistics(training.Pixels, set.Image[0], set.Image[1] * set.Image[2]);
    }

    private ImageSet(DataSet set, ImagePart training, ImagePart test, double[] mean, double[] deviation)
    {
        (Set, Training, Test) = (set, training, test);
        (Mean, Deviation) = (mean, deviation);
    }

    /// <summary>Name, size and classes.</summary>
    public DataSet Set { get; }

    /// <summary>Whether the bytes are floating-point numbers that a net reads as they are.</summary>
    internal bool HoldsFeatures { get; private init; }

    /// <summary>For features: which copies of the training images have rows.</summary>
    internal FeatureRows Rows { get; private init; } = new(0, 0, true);

    internal ImagePart Training { get; }

    internal ImagePart Test { get; }

    /// <summary>For each channel the mean of all training pixels, from 0 to 255.</summary>
    internal double[] Mean { get; }

    /// <summary>For each channel the standard deviation of all training pixels about that mean.</summary>
    internal double[] Deviation { get; }

    /// <summary>The mean over all training images of each input pixel [channels, height, width], from 0 to 255.</summary>
    internal double[] MeanImage(View? view = null)
    {
        ReadOnlySpan<byte> Seen(long image) => view is null ? Training.Images.Of(image) : view.Of(Training.Images.Of(image));
        var sums = new long[Seen(0).Length];
        for (var image = 0L; image < Training.Images.Count; image++)
        {
            var pixels = Seen(image);
            for (var i = 0; i < sums.Length; i++)
            {
                sums[i] += pixels[i];
            }
        }

        return Array.ConvertAll(sums, sum => (double)sum / Training.Count);
    }

    /// <summary>Features that a net computed from images; they are read unchanged, in the activations' type.</summary>
    internal static ImageSet OfFeatures(DataSet set, ImagePart training, ImagePart test, FeatureRows rows) =>
        new(set, training, test, [], []) { HoldsFeatures = true, Rows = rows };

    /// <summary>
    /// This set with another set's test images, normalised with this set's statistics. Both sets must outlive it, and are
    /// disposed separately.
    /// </summary>
    internal ImageSet Testing(ImageSet other) => new(Set, Training, other.Test, Mean, Deviation);

    /// <summary>Frees the images.</summary>
    public void Dispose()
    {
        Training.Images.Dispose();
        Test.Images.Dispose();
    }

    private static ImagePart Part(RawImages raw) =>
        new(raw.Pixels, Array.ConvertAll(raw.Labels, label => (long)label));

    // Sums of bytes are exact integers, so the statistics do not depend on the order of summation.
    private static (double[] Mean, double[] Deviation) Statistics(Pixels pixels, int channels, int plane)
    {
        var sums = new long[channels];
        var squares = new long[channels];
        Parallel.For(
            0L,
            pixels.Count,
            () => new long[2 * channels],
            (image, _, own) =>
            {
                Add(pixels.Of(image), plane, own);
                return own;
            },
            own =>
            {
                for (var channel = 0; channel < channels; channel++)
                {
                    Interlocked.Add(ref sums[channel], own[2 * channel]);
                    Interlocked.Add(ref squares[channel], own[(2 * channel) + 1]);
                }
            });

        var count = pixels.Count * plane;
        var mean = sums.Select(sum => (double)sum / count).ToArray();
        // The difference of two large numbers, exact in 128 bits.
        var deviation = sums.Zip(squares, (sum, square) =>
            Math.Sqrt((double)(((Int128)count * square) - ((Int128)sum * sum))) / count);
        return (mean, deviation.ToArray());
    }

    // Adds to each channel's sum and sum of squares.
    private static void Add(ReadOnlySpan<byte> image, int plane, long[] sums)
    {
        for (var channel = 0; channel < sums.Length / 2; channel++)
        {
            var (sum, squares) = (0L, 0L);
            foreach (var pixel in image.Slice(channel * plane, plane))
            {
                sum += pixel;
                squares += pixel * pixel;
            }

            sums[2 * channel] += sum;
            sums[(2 * channel) + 1] += squares;
        }
    }
}
