using System.Runtime.InteropServices;

namespace TorchSharp;

// The operations of nets: native/functional.cpp.
internal static partial class NativeMethods
{
    [LibraryImport(Library)]
    internal static partial int freeze_conv2d(
        long input, long weight, long bias, ReadOnlySpan<long> stride, ReadOnlySpan<long> padding,
        ReadOnlySpan<long> dilation, long groups, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_linear(long input, long weight, long bias, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_batch_norm(
        long input, long mean, long variance, long weight, long bias, int training, double momentum, double epsilon,
        out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_relu(long input, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_max_pool2d(
        long input, long size, long stride, long padding, long dilation, int ceil, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_avg_pool2d(
        long input, long size, long stride, long padding, int ceil, int countPadding, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_dropout(long input, double share, int training, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_cross_entropy(long logits, long labels, double smoothing, out long result);
}
