using System.Runtime.InteropServices;

namespace TorchSharp;

// What TorchSharp lacks: native/norm.cpp, native/pool.cpp, native/sgd.cpp and native/convolution.cpp.
internal static partial class NativeMethods
{
    // NormHandles of native/normalisation.h.
    internal readonly struct NormHandles(Freeze.Torch.Norm norm)
    {
        private readonly long weight = norm.Weight.Handle, bias = norm.Bias.Handle;
        private readonly long mean = norm.RunningMean.Handle, variance = norm.RunningVar.Handle;
        private readonly double momentum = norm.Momentum, epsilon = norm.Eps;
        private readonly int training = norm.Training ? 1 : 0, relu = norm.Relu ? 1 : 0;
    }

    [LibraryImport(Library)]
    internal static partial int freeze_normalise(long input, in NormHandles norm, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_max_pool2d_relu(
        long input, long size, long stride, long padding, int relu, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_sgd_step(
        ReadOnlySpan<long> weights, ReadOnlySpan<long> gradients, ReadOnlySpan<long> gathered, long count, double rate,
        double momentum, double decay, int nesterov);

    [LibraryImport(Library)]
    internal static unsafe partial int freeze_conv2d_whole(
        long input, NormHandles* norm, long weight, long bias, ReadOnlySpan<long> stride, ReadOnlySpan<long> padding, int winograd,
        out long result);

    [LibraryImport(Library)]
    internal static unsafe partial int freeze_conv2d_slice(
        long input, NormHandles* norm, long slice, long whole, long bias, long dimension, long places, ReadOnlySpan<long> stride,
        ReadOnlySpan<long> padding, int winograd, out long result);
}
