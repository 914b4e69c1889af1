using static TorchSharp.torch;

namespace Freeze.Torch;

/// <summary>A batch norm of values [n, channels, …], and the relu behind it or none.</summary>
/// <param name="RunningMean">[channels]; moved where <paramref name="Training"/>, as is the variance.</param>
/// <param name="RunningVar">[channels].</param>
/// <param name="Weight">[channels].</param>
/// <param name="Bias">[channels].</param>
/// <param name="Training">Whether the batch's own statistics count, or the running ones.</param>
/// <param name="Momentum">The batch's share in the running statistics.</param>
/// <param name="Eps">Added to the variance.</param>
/// <param name="Relu">Whether what is below 0 is cut off.</param>
public sealed record Norm(
    Tensor RunningMean, Tensor RunningVar, Tensor Weight, Tensor Bias, bool Training, double Momentum, double Eps, bool Relu);
