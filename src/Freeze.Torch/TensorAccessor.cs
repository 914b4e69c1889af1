using System.Runtime.InteropServices;

namespace TorchSharp.Utils;

/// <summary>Reads the elements of a tensor, which are fetched into main memory first where they lie elsewhere.</summary>
public readonly struct TensorAccessor<T>
    where T : unmanaged
{
    private readonly torch.Tensor tensor;

    internal TensorAccessor(torch.Tensor tensor) => this.tensor = tensor;

    /// <summary>The number of elements.</summary>
    public long Count => tensor.numel();

    /// <summary>A copy of the elements in the order of the dimensions, the last fastest.</summary>
    public T[] ToArray()
    {
        using var packed = tensor.contiguous();
        return MemoryMarshal.Cast<byte, T>(packed.bytes).ToArray();
    }
}
