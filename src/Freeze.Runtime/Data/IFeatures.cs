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

/// <summary>What is known of features.</summary>
internal static class FeatureSets
{
    /// <summary>A data set's description with features of a shape in the place of images.</summary>
    public static DataSet Described(DataSet set, int[] shape) =>
        new(set.Name, shape, set.Classes, set.TrainingImages, set.TestImages, set.Digest, set.About);
}
