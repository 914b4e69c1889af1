using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Torch;

/// <summary>What our binding does in one pass, one operation behind the other: the same numbers in more time.</summary>
public static partial class Fused
{
    /// <summary>relu(batch_norm(…)), or batch_norm alone, of values [n, channels, …].</summary>
    public static Tensor BatchNormRelu(
        Tensor input, Tensor runningMean, Tensor runningVar, Tensor weight, Tensor bias, bool training, double momentum,
        double eps, bool relu)
    {
        var normalised = F.batch_norm(input, runningMean, runningVar, weight, bias, training, momentum, eps);
        return relu ? F.relu(normalised) : normalised;
    }
}
