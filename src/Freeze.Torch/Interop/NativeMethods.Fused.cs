using System.Runtime.InteropServices;

namespace TorchSharp;

// What TorchSharp lacks: native/fused.cpp and native/convolution.cpp.
internal static partial class NativeMethods
{
    [LibraryImport(Library)]
    internal static partial int freeze_batch_norm_relu(
        long input, long mean, long variance, long weight, long bias, int training, double momentum, double epsilon, int relu,
        out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_conv2d_whole(
        long input, long weight, long bias, ReadOnlySpan<long> stride, ReadOnlySpan<long> padding, int winograd,
        out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_conv2d_slice(
        long input, long slice, long whole, long bias, long dimension, long places, ReadOnlySpan<long> stride,
        ReadOnlySpan<long> padding, int winograd, out long result);
}
