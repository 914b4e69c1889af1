using System.Runtime.InteropServices;
using static TorchSharp.NativeMethods;

namespace TorchSharp;

/// <summary>Tensors and what makes them, in TorchSharp's names: <c>using static TorchSharp.torch;</c>.</summary>
public static partial class torch
{
    /// <summary>The version of libtorch.</summary>
    public static string __version__ => Marshal.PtrToStringUTF8(freeze_version()) ?? "unknown";

    /// <summary>Opens a scope that disposes the tensors made inside it.</summary>
    public static DisposeScope NewDisposeScope() => new();

    /// <summary>A tensor of zeros.</summary>
    public static Tensor zeros(long[] size, ScalarType? dtype = null, Device? device = null) => Full(size, 0, dtype, device);

    /// <summary>A tensor of ones.</summary>
    public static Tensor ones(long[] size, ScalarType? dtype = null, Device? device = null) => Full(size, 1, dtype, device);

    /// <summary>Ones on the diagonal, else zeros; as many columns as rows unless said otherwise.</summary>
    public static Tensor eye(long rows, long columns = -1, ScalarType? dtype = null, Device? device = null)
    {
        var (type, place) = ((int)(dtype ?? float32), device ?? get_default_device());
        return Made(
            freeze_eye(rows, columns == -1 ? rows : columns, type, (int)place.type, place.index, out var result), result);
    }

    /// <summary>A tensor of bytes, copied from an array.</summary>
    public static Tensor tensor(
        byte[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null) =>
        Copy<byte>(rawArray, dimensions, dtype, device);

    /// <summary>A tensor of 64-bit integers, copied from an array.</summary>
    public static Tensor tensor(
        long[] dataArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null) =>
        Copy<long>(dataArray, dimensions, dtype, device);

    /// <summary>A tensor of singles, copied from an array.</summary>
    public static Tensor tensor(
        float[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null) =>
        Copy<float>(rawArray, dimensions, dtype, device);

    /// <summary>A tensor of doubles, copied from an array.</summary>
    public static Tensor tensor(
        double[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null) =>
        Copy<double>(rawArray, dimensions, dtype, device);

    /// <summary>Tensors one behind the other along a dimension.</summary>
    public static Tensor cat(IList<Tensor> tensors, long dim = 0)
    {
        var handles = tensors.Select(tensor => tensor.Handle).ToArray();
        return Made(freeze_cat(handles, handles.Length, dim, out var result), result);
    }

    /// <summary>Until disposed, operations of this thread keep no history for gradients.</summary>
    public static IDisposable no_grad() => new GradMode(false);

    /// <summary>Whether operations of this thread keep history.</summary>
    public static bool is_grad_enabled() => freeze_grad_enabled() != 0;

    /// <summary>Seeds the generator that dropout draws from.</summary>
    public static void manual_seed(long seed) => Check(freeze_manual_seed(seed));

    /// <summary>How many threads an operation may use.</summary>
    public static int get_num_threads() => freeze_threads();

    /// <summary>Sets how many threads an operation may use, OpenBLAS's included.</summary>
    public static void set_num_threads(int num) => Check(freeze_set_threads(num));

    private static Tensor Full(long[] size, double value, ScalarType? type, Device? device)
    {
        var place = device ?? get_default_device();
        return Made(
            freeze_full(size, size.Length, value, (int)(type ?? float32), (int)place.type, place.index, out var result),
            result);
    }

    private static Tensor Copy<T>(
        ReadOnlySpan<T> values, ReadOnlySpan<long> sizes, ScalarType? wanted, Device? device)
        where T : unmanaged
    {
        var type = TypeOf<T>();
        // A span of bytes ends at 2 GiB; larger arrays come in parts.
        var memory = MemoryMarshal.AsBytes(values);
        var made = Made(freeze_from_memory(memory, memory.Length, sizes, sizes.Length, (int)type, out var result), result);
        made = wanted is null || wanted == type ? made : made.to(wanted.Value);
        var place = device ?? get_default_device();
        return place.type == DeviceType.CPU ? made : made.to(place, disposeAfter: true);
    }

    /// <summary>Linear algebra.</summary>
    public static class linalg
    {
        /// <summary>X of the equations A X = B, A [n, n] and B [n, k].</summary>
        public static Tensor solve(Tensor A, Tensor B) =>
            Made(freeze_solve(A.Handle, B.Handle, out var result), result);
    }

    private sealed class GradMode : IDisposable
    {
        private readonly bool before = is_grad_enabled();

        public GradMode(bool enabled) => freeze_set_grad_enabled(enabled ? 1 : 0);

        public void Dispose() => freeze_set_grad_enabled(before ? 1 : 0);
    }
}
