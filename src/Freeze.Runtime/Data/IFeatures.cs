using static TorchSharp.torch;

namespace Freeze.Runtime.Data;

/// <summary>What a net reads in the place of images: a function of each of them.</summary>
internal interface IFeatures
{
    /// <summary>That of the features of one image.</summary>
    int[] Shape { get; }

    /// <summary>Features [batch, …] of normalised images [batch, channels, height, width]; the caller's scope owns them.</summary>
    Tensor Of(Tensor images);
}

/// <summary>
/// Where the features of training images stand, one set of all images behind the other: those of the images as they are, if they
/// are read, then those of each varied copy.
/// </summary>
/// <param name="Images">How many images.</param>
/// <param name="Copies">How many varied copies of each; 0 where they do not vary.</param>
/// <param name="HasPlain">Whether the images as they are come first.</param>
internal sealed record FeatureRows(int Images, int Copies, bool HasPlain)
{
    /// <summary>How many there are.</summary>
    public long Count => (long)Images * (Copies + (HasPlain ? 1 : 0));

    /// <summary>The copies in their order: 0 for the images as they are.</summary>
    public IEnumerable<int> Order => Enumerable.Range(HasPlain ? 0 : 1, Copies + (HasPlain ? 1 : 0));

    /// <summary>The row of a copy of the image at a place.</summary>
    /// <exception cref="InvalidOperationException">It is not among them.</exception>
    public long Of(long place, int copy) => copy > 0 || HasPlain
        ? ((copy - (HasPlain ? 0 : 1)) * (long)Images) + place
        : throw new InvalidOperationException("only varied copies of the training images are kept");
}

/// <summary>What is known of features.</summary>
internal static class FeatureSets
{
    /// <summary>A data set's description with features of a shape in the place of images.</summary>
    public static DataSet Described(DataSet set, int[] shape) =>
        new(set.Name, shape, set.Classes, set.TrainingImages, set.TestImages, set.Digest, set.About);
}
