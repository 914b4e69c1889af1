using static TorchSharp.torch;

namespace Freeze.Kernels;

/// <summary>A batch norm of values [n, channels, …], with or without the relu behind it.</summary>
/// <param name="RunningMean">[channels]; training moves it, as it does the variance.</param>
/// <param name="RunningVar">[channels].</param>
/// <param name="Weight">[channels].</param>
/// <param name="Bias">[channels].</param>
/// <param name="Training">Whether to normalise by the batch's own statistics, or by the running ones.</param>
/// <param name="Momentum">The weight of the batch in the running statistics.</param>
/// <param name="Eps">Added to the variance.</param>
/// <param name="Relu">Whether a relu follows.</param>
public sealed record Norm(
    Tensor RunningMean, Tensor RunningVar, Tensor Weight, Tensor Bias, bool Training, double Momentum, double Eps, bool Relu);
