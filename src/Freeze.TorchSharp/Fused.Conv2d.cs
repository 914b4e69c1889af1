using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Torch;

public static partial class Fused
{
    /// <summary>
    /// A convolution in the input's type, of the input or of what a norm makes of it, by whatever algorithm libtorch takes:
    /// TorchSharp has no other, so none is asked for.
    /// </summary>
    public static Tensor Conv2d(
        Tensor input, Norm? norm, Tensor weight, Tensor? bias, long[] strides, long[] padding, bool winograd)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(weight);
        input = norm is null ? input : BatchNorm(input, norm);
        return F.conv2d(input, weight.to(input.dtype), bias?.to(input.dtype), strides, padding);
    }
}
