using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Torch;

public static partial class Fused
{
    /// <summary>
    /// A convolution with a whole kernel, of which a slice alone learns. The slice is put in its places anew, so that
    /// gradients reach it; libtorch computes those of the other entries too, and they are dropped.
    /// </summary>
    public static Tensor SlicedConv2d(
        Tensor input, Norm? norm, Tensor slice, Tensor whole, Tensor? bias, int dimension, Tensor places, long[] strides,
        long[] padding, bool winograd)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(slice);
        ArgumentNullException.ThrowIfNull(whole);
        input = norm is null ? input : BatchNorm(input, norm);
        return F.conv2d(
            input, whole.detach().index_copy(dimension, places, slice).to(input.dtype), bias?.to(input.dtype), strides, padding);
    }
}
