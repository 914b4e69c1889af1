using static TorchSharp.torch;

namespace Freeze.Runtime.Data;

/// <summary>What a net reads instead of images: a function of each image.</summary>
internal interface IFeatures
{
    /// <summary>The shape of one image's features.</summary>
    int[] Shape { get; }

    /// <summary>Features [batch, …] of normalised images [batch, channels, height, width], owned by the caller's scope.</summary>
    Tensor Of(Tensor images);
}

/// <summary>
/// Where the features of training images are stored: one block of all images after another, first for the unchanged images, if
/// they are read, then for each varied copy.
/// </summary>
/// <param name="Images">The number of images.</param>
/// <param name="Copies">The number of varied copies of each; 0 if images do not vary.</param>
/// <param name="HasPlain">Whether the unchanged images come first.</param>
internal sealed record FeatureRows(int Images, int Copies, bool HasPlain)
{
    /// <summary>The number of rows.</summary>
    public long Count => (long)Images * (Copies + (HasPlain ? 1 : 0));

    /// <summary>The copies in order; 0 stands for the unchanged images.</summary>
    public IEnumerable<int> Order => Enumerable.Range(HasPlain ? 0 : 1, Copies + (HasPlain ? 1 : 0));

    /// <summary>The row of a copy of the image at an index.</summary>
    /// <exception cref="InvalidOperationException">The copy is not stored.</exception>
    public long Of(long place, int copy) => copy > 0 || HasPlain
        ? ((copy - (HasPlain ? 0 : 1)) * (long)Images) + place
        : throw new InvalidOperationException("only varied copies of the training images are kept");
}

/// <summary>Describes features as data sets.</summary>
internal static class FeatureSets
{
    /// <summary>A data set's description with features of a shape instead of images.</summary>
    public static DataSet Described(DataSet set, int[] shape) =>
        new(set.Name, shape, set.Classes, set.TrainingImages, set.TestImages, set.Digest, set.About);
}
