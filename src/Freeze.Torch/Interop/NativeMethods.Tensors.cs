using System.Runtime.InteropServices;

namespace TorchSharp;

// Making tensors, their properties and views: native/tensors.cpp.
internal static partial class NativeMethods
{
    [LibraryImport(Library)]
    internal static partial int freeze_full(
        ReadOnlySpan<long> sizes, long count, double value, int type, int device, int index, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_from_memory(
        ReadOnlySpan<byte> memory, long bytes, ReadOnlySpan<long> sizes, long count, int type, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_dim(long tensor, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_sizes(long tensor, Span<long> result, long count);

    [LibraryImport(Library)]
    internal static partial int freeze_dtype(long tensor, out int result);

    [LibraryImport(Library)]
    internal static partial int freeze_memory(long tensor, out nint address, out long bytes);

    [LibraryImport(Library)]
    internal static partial int freeze_item(long tensor, out double real, out long whole);

    [LibraryImport(Library)]
    internal static partial int freeze_clone(long tensor, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_permute(long tensor, ReadOnlySpan<long> order, long count, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_contiguous(long tensor, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_to_type(long tensor, int type, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_reshape(long tensor, ReadOnlySpan<long> sizes, long count, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_flatten(long tensor, long start, long end, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_narrow(long tensor, long dimension, long start, long length, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_index_select(long tensor, long dimension, long index, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_index_copy(
        long tensor, long dimension, long index, long source, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_cat(ReadOnlySpan<long> tensors, long count, long dimension, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_flip(long tensor, ReadOnlySpan<long> dimensions, long count, out long result);

    [LibraryImport(Library)]
    internal static partial int freeze_eye(long rows, long columns, int type, int device, int index, out long result);
}
