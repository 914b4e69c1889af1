using System.Runtime.InteropServices;

namespace TorchSharp;

// Arithmetic, comparisons and sums: native/arithmetic.cpp.
internal static partial class NativeMethods
{
    [LibraryImport(Library)]
    internal static partial int freeze_sub(long a, long b, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_sub_scalar(long a, double b, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_sub_(long a, long b);

    [LibraryImport(Library)]
    internal static partial int freeze_sub_scalar_(long a, double b);

    [LibraryImport(Library)]
    internal static partial int freeze_mul(long a, long b, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_mul_scalar(long a, double b, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_mul_(long a, long b);

    [LibraryImport(Library)]
    internal static partial int freeze_mul_scalar_(long a, double b);

    [LibraryImport(Library)]
    internal static partial int freeze_div(long a, long b, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_div_scalar(long a, double b, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_div_(long a, long b);

    [LibraryImport(Library)]
    internal static partial int freeze_div_scalar_(long a, double b);

    [LibraryImport(Library)]
    internal static partial int freeze_add(long a, long b, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_add_scalar(long a, double b, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_add_(long a, long b, double alpha);

    [LibraryImport(Library)]
    internal static partial int freeze_add_scalar_(long a, double b);

    [LibraryImport(Library)]
    internal static partial int freeze_eq(long a, long b, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_sum(long a, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_mean(
        long a, ReadOnlySpan<long> dimensions, long count, int keep, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_argmax(long a, long dimension, int keep, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_zero_(long a);

    [LibraryImport(Library)]
    internal static partial int freeze_copy_(long a, long source, int nonBlocking);

    [LibraryImport(Library)]
    internal static partial int freeze_sqrt(long a, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_sqrt_(long a);

    [LibraryImport(Library)]
    internal static partial int freeze_addcmul_(long a, long b, long c, double value);

    [LibraryImport(Library)]
    internal static partial int freeze_addcdiv_(long a, long b, long c, double value);

    [LibraryImport(Library)]
    internal static partial int freeze_mm(long a, long b, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_t(long a, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_solve(long a, long b, out long result);
}
