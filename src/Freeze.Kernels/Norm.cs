using static TorchSharp.torch;

namespace Freeze.Kernels;

/// <summary>A batch norm of values [n, channels, …], with or without a relu after it.</summary>
/// <param name="RunningMean">[channels]; updated in training, as is the variance.</param>
/// <param name="RunningVar">[channels].</param>
/// <param name="Weight">[channels].</param>
/// <param name="Bias">[channels].</param>
/// <param name="Training">Whether to normalise by the batch's statistics instead of the running ones.</param>
/// <param name="Momentum">The weight of the batch in the running statistics.</param>
/// <param name="Eps">Added to the variance.</param>
/// <param name="Relu">Whether a relu follows.</param>
/// <param name="Split">Which channels the values have, if not all; or null.</param>
/// <param name="Growth">The growing maps that the values may be part of, or null.</param>
public sealed record Norm(
    Tensor RunningMean, Tensor RunningVar, Tensor Weight, Tensor Bias, bool Training, double Momentum, double Eps, bool Relu,
    NormSplit? Split = null, Growth? Growth = null)
{
    /// <summary>The norm of some of the channels; its running statistics are copies.</summary>
    public Norm At(Tensor channels) => this with
    {
        RunningMean = RunningMean.index_select(0, channels),
        RunningVar = RunningVar.index_select(0, channels),
        Weight = Weight.index_select(0, channels),
        Bias = Bias.index_select(0, channels),
        Split = null,
    };
}

/// <summary>
/// Which of a norm's channels its input has. Each other channel has the same value at every pixel of every image: that value is
/// its mean, and its variance is 0. The caller owns the tensors until the backward pass is over.
/// </summary>
/// <param name="Live">The indices of the input's channels, ascending: 64-bit integers.</param>
/// <param name="Constant">The indices of the others.</param>
/// <param name="Constants">The others' values before the norm.</param>
public sealed record NormSplit(Tensor Live, Tensor Constant, Tensor Constants);
