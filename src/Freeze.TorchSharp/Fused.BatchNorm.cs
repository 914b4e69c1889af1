using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Torch;

/// <summary>What our binding does in one pass, one operation behind the other: the same numbers in more time.</summary>
public static partial class Fused
{
    /// <summary>relu(batch_norm(…)), or batch_norm alone, of values [n, channels, …].</summary>
    public static Tensor BatchNorm(Tensor input, Norm norm)
    {
        ArgumentNullException.ThrowIfNull(norm);
        var normalised = F.batch_norm(
            input, norm.RunningMean, norm.RunningVar, norm.Weight, norm.Bias, norm.Training, norm.Momentum, norm.Eps);
        return norm.Relu ? F.relu(normalised) : normalised;
    }
}
