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
    /// each for statistics, values and gradients, for which the input alone is kept.
    /// </summary>
    public static Tensor BatchNorm(Tensor input, Norm norm)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(norm);
        return Made(freeze_normalise(input.Handle, new(norm), out var result), result);
    }

    /// <summary>
    /// relu(max_pool2d(…)), or max_pool2d alone, of values [n, channels, height, width]: in channels-last order, where windows
    /// touch and do not overlap, in one pass over memory each for values and gradients.
    /// </summary>
    public static Tensor MaxPool2d(Tensor input, long kernelSize, long stride, long padding, bool relu)
    {
        ArgumentNullException.ThrowIfNull(input);
        return Made(freeze_max_pool2d_relu(input.Handle, kernelSize, stride, padding, relu ? 1 : 0, out var result), result);
    }

    /// <summary>
    /// conv2d(input, weight, bias, …), weight and bias taken to the input's type; of BatchNorm(input, norm) where there is
    /// one, whose output is made tile by tile, or made again for the gradients, and on the processor in channels-last order
    /// not kept. By Winograd's algorithm, in single numbers or bfloat16 and that order, a convolution by 3x3 kernels at stride 1
    /// takes less than half the time, and rounds a little otherwise: by some 1e-6 of a value.
    /// </summary>
    public static unsafe Tensor Conv2d(
        Tensor input, Norm? norm, Tensor weight, Tensor? bias, long[] strides, long[] padding, bool winograd)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(weight);
        var handles = norm is null ? default : new NormHandles(norm);
        return Made(
            freeze_conv2d_whole(
                input.Handle, norm is null ? null : &handles, weight.Handle, bias is null ? 0 : bias.Handle, strides, padding,
                winograd ? 1 : 0, out var result),
            result);
    }

    /// <summary>
    /// Conv2d(input, norm, whole.index_copy(dimension, places, slice), …), where <paramref name="whole"/> has those entries
    /// already: the gradient of no other entry is computed.
    /// </summary>
    public static unsafe Tensor SlicedConv2d(
        Tensor input, Norm? norm, Tensor slice, Tensor whole, Tensor? bias, int dimension, Tensor places, long[] strides,
        long[] padding, bool winograd)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(slice);
        ArgumentNullException.ThrowIfNull(whole);
        ArgumentNullException.ThrowIfNull(places);
        var handles = norm is null ? default : new NormHandles(norm);
        return Made(
            freeze_conv2d_slice(
                input.Handle, norm is null ? null : &handles, slice.Handle, whole.Handle, bias is null ? 0 : bias.Handle, dimension,
                places.Handle, strides, padding, winograd ? 1 : 0, out var result),
            result);
    }

    /// <summary>
    /// A step of gradient descent of some weights, in place and in one pass over memory, or on a GPU in a few launches for all of
    /// them: gathered = momentum gathered + (gradient + decay weight), weight -= rate gathered, or by Nesterov's look ahead.
    /// Without <paramref name="gathered"/> there is no momentum. Gradients may be overwritten.
    /// </summary>
    public static void SgdStep(
        IReadOnlyList<Tensor> weights, IReadOnlyList<Tensor> gradients, IReadOnlyList<Tensor>? gathered, double rate,
        double momentum, double decay, bool nesterov)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(gradients);
        long[]? sums = gathered is null ? null : Handles(gathered, weights.Count);
        Check(freeze_sgd_step(
            Handles(weights, weights.Count), Handles(gradients, weights.Count), sums, weights.Count, rate, momentum, decay,
            nesterov ? 1 : 0));
    }

    private static long[] Handles(IReadOnlyList<Tensor> tensors, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(tensors.Count, count, nameof(tensors));
        return [.. tensors.Select(tensor => tensor.Handle)];
    }
}
