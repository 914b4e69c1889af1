namespace Freeze.Runtime.Data;

/// <summary>Images as bytes in the order channel, row, column, and their labels.</summary>
internal sealed record ImagePart(Pixels Images, long[] Labels)
{
    /// <summary>How many images there are.</summary>
    public int Count => Labels.Length;
}

/// <summary>
/// A data set in memory or mapped into it, with the statistics by which its images are normalised: those of all its training images,
/// also where a run uses only some of them, so that runs on more and fewer images see the same pixels.
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

    /// <summary>Of features, of which of the training images' copies there are rows.</summary>
    internal FeatureRows Rows { get; private init; } = new(0, 0, true);

    internal ImagePart Training { get; }

    internal ImagePart Test { get; }

    /// <summary>For each channel the mean of all training pixels, from 0 to 255.</summary>
    internal double[] Mean { get; }

    /// <summary>For each channel the standard deviation of all training pixels about that mean.</summary>
    internal double[] Deviation { get; }

    /// <summary>For each pixel [channels, height, width] that a net reads its mean over all training images, from 0 to 255.</summary>
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

    /// <summary>What a net has made of images, instead of the images: it is read as it is, in the type of the activations.</summary>
    internal static ImageSet OfFeatures(DataSet set, ImagePart training, ImagePart test, FeatureRows rows) =>
        new(set, training, test, [], []) { HoldsFeatures = true, Rows = rows };

    /// <summary>
    /// The test images of another set, which are normalised as those of this set are. Both must be there as long as it is, and
    /// are disposed by themselves.
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
