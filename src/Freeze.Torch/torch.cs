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
    public static Tensor zeros(long[] size, ScalarType dtype = ScalarType.Float32) => Full(size, 0, dtype);

    /// <summary>A tensor of ones.</summary>
    public static Tensor ones(long[] size, ScalarType dtype = ScalarType.Float32) => Full(size, 1, dtype);

    /// <summary>The identity matrix.</summary>
    public static Tensor eye(long rows, ScalarType dtype = ScalarType.Float32) =>
        Made(freeze_eye(rows, (int)dtype, out var result), result);

    /// <summary>A tensor of bytes, copied from an array.</summary>
    public static Tensor tensor(byte[] rawArray, ReadOnlySpan<long> dimensions) => Copy<byte>(rawArray, dimensions);

    /// <summary>A tensor of 64-bit integers, copied from an array.</summary>
    public static Tensor tensor(long[] rawArray, ReadOnlySpan<long> dimensions) => Copy<long>(rawArray, dimensions);

    /// <summary>A tensor of singles, copied from an array.</summary>
    public static Tensor tensor(float[] rawArray, ReadOnlySpan<long> dimensions) => Copy<float>(rawArray, dimensions);

    /// <summary>A tensor of doubles, copied from an array.</summary>
    public static Tensor tensor(double[] rawArray, ReadOnlySpan<long> dimensions) => Copy<double>(rawArray, dimensions);

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

    private static Tensor Full(long[] size, double value, ScalarType type) =>
        Made(freeze_full(size, size.Length, value, (int)type, out var result), result);

    private static Tensor Copy<T>(ReadOnlySpan<T> values, ReadOnlySpan<long> sizes)
        where T : unmanaged
    {
        var type = (int)TypeOf<T>();
        // A span of bytes ends at 2 GiB; larger arrays come in parts.
        var memory = MemoryMarshal.AsBytes(values);
        return Made(freeze_from_memory(memory, memory.Length, sizes, sizes.Length, type, out var result), result);
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
