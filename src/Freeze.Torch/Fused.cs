using TorchSharp;
using static TorchSharp.NativeMethods;
using static TorchSharp.torch;

namespace Freeze.Torch;

/// <summary>
/// Operations that TorchSharp lacks, each with what it is in TorchSharp's terms: a build on its packages has that instead,
/// with the same numbers and in more time.
/// </summary>
public static class Fused
{
    /// <summary>
    /// relu(batch_norm(…)), or batch_norm alone, of values [n, channels, …]: in channels-last order in one pass over memory
    /// each for statistics, values and gradients.
    /// </summary>
    public static Tensor BatchNormRelu(
        Tensor input, Tensor runningMean, Tensor runningVar, Tensor weight, Tensor bias, bool training, double momentum,
        double eps, bool relu)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(runningMean);
        ArgumentNullException.ThrowIfNull(runningVar);
        ArgumentNullException.ThrowIfNull(weight);
        ArgumentNullException.ThrowIfNull(bias);
        return Made(
            freeze_batch_norm_relu(
                input.Handle, runningMean.Handle, runningVar.Handle, weight.Handle, bias.Handle, training ? 1 : 0, momentum, eps,
                relu ? 1 : 0, out var result),
            result);
    }

    /// <summary>
    /// conv2d(input, weight, bias, …), weight and bias taken to the input's type. By Winograd's algorithm, in single numbers
    /// or bfloat16 and channels-last order, a convolution by 3x3 kernels at stride 1 takes less than half the time, and
    /// rounds a little otherwise: by some 1e-6 of a value.
    /// </summary>
    public static Tensor Conv2d(
        Tensor input, Tensor weight, Tensor? bias, long[] strides, long[] padding, bool winograd)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(weight);
        return Made(
            freeze_conv2d_whole(
                input.Handle, weight.Handle, bias is null ? 0 : bias.Handle, strides, padding, winograd ? 1 : 0, out var result),
            result);
    }

    /// <summary>
    /// conv2d(input, whole.index_copy(dimension, places, slice), …), where <paramref name="whole"/> has those entries
    /// already: the gradient of no other entry is computed.
    /// </summary>
    public static Tensor SlicedConv2d(
        Tensor input, Tensor slice, Tensor whole, Tensor? bias, int dimension, Tensor places, long[] strides, long[] padding,
        bool winograd)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(slice);
        ArgumentNullException.ThrowIfNull(whole);
        ArgumentNullException.ThrowIfNull(places);
        return Made(
            freeze_conv2d_slice(
                input.Handle, slice.Handle, whole.Handle, bias is null ? 0 : bias.Handle, dimension, places.Handle, strides, padding,
                winograd ? 1 : 0, out var result),
            result);
    }
}
