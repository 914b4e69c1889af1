using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Kernels;

/// <summary>Tensors as the kernels see them: memory in channels-last order.</summary>
internal static partial class Memory
{
    /// <summary>The address of a tensor's values. The tensor must outlive its use.</summary>
    public static nint Data(this Tensor tensor) => THSTensor_data(tensor.Handle);

    /// <summary>As <see cref="Data"/>, or 0 without a tensor.</summary>
    public static nint DataOrNull(this Tensor? tensor) => tensor is null ? 0 : tensor.Data();

    /// <summary>The type of the values; null if the kernels have no loops for it or the values are on a GPU.</summary>
    public static ValueType? TypeOf(Tensor tensor) => tensor.device_type != DeviceType.CPU ? null : tensor.dtype switch
    {
        ScalarType.Float32 => ValueType.Floats,
        ScalarType.BFloat16 => ValueType.BFloats,
        ScalarType.Float64 => ValueType.Doubles,
        _ => null,
    };

    /// <summary>Whether weights are float32, on the processor and contiguous, as the convolutions require.</summary>
    public static bool AreFloats(Tensor weights) => TypeOf(weights) == ValueType.Floats && weights.is_contiguous();

    /// <summary>Whether values [n, channels, …] are laid out as [rows, channels].</summary>
    public static bool AreRows(Tensor x) => x.ndim switch
    {
        2 => x.is_contiguous(),
        4 => IsChannelsLast(x),
        _ => false,
    };

    /// <summary>Whether maps [n, channels, height, width] are laid out as [n, height, width, channels].</summary>
    public static bool IsChannelsLast(Tensor x)
    {
        using var pixels = x.permute(0, 2, 3, 1);
        return pixels.is_contiguous();
    }

    /// <summary>Values [n, channels, …] laid out as [rows, channels], copied if necessary. The caller disposes them.</summary>
    public static Tensor Rows(Tensor x)
    {
        if (x.ndim != 4)
        {
            return x.contiguous();
        }

        using var pixels = x.permute(0, 2, 3, 1);
        using var contiguous = pixels.contiguous();
        return contiguous.permute(0, 3, 1, 2);
    }

    /// <summary>New maps [n, channels, height, width] in channels-last order, uninitialised.</summary>
    public static Tensor EmptyMaps(long images, long channels, long height, long width, ScalarType type)
    {
        using var pixels = empty([images, height, width, channels], type);
        return pixels.permute(0, 3, 1, 2);
    }

    /// <summary>A new uninitialised tensor of the same shape and type that satisfies <see cref="AreRows"/>.</summary>
    public static Tensor EmptyLike(Tensor x) => x.ndim == 4
        ? EmptyMaps(x.shape[0], x.shape[1], x.shape[2], x.shape[3], x.dtype)
        : empty(x.shape, x.dtype);

    /// <summary>
    /// Maps [n, channels, height, width] whose pixels have contiguous channels, perhaps among further channels; otherwise null.
    /// </summary>
    public static Pixels? TryPixels(Tensor x)
    {
        if (x.ndim != 4)
        {
            return null;
        }

        var (shape, stride) = (x.shape, x.stride());
        var pixels = new Pixels
        {
            Data = x.Data(),
            Images = shape[0],
            Channels = shape[1],
            Height = shape[2],
            Width = shape[3],
            Stride = stride[3],
        };
        if (stride[1] == 1 && stride[3] >= shape[1] && stride[2] == shape[3] * stride[3] && stride[0] == shape[2] * stride[2])
        {
            return pixels;
        }

        // A dimension of extent 1 may have any stride.
        pixels.Stride = pixels.Channels;
        return IsChannelsLast(x) ? pixels : null;
    }

    /// <summary>
    /// Values [n, channels, …] whose rows have contiguous channels, perhaps among further channels; otherwise null.
    /// </summary>
    public static Matrix? TryMatrix(Tensor x)
    {
        if (x.ndim == 2)
        {
            return x.is_contiguous() ? new Matrix { Rows = x.shape[0], Channels = x.shape[1], Stride = x.shape[1] } : null;
        }

        return TryPixels(x) is { } pixels
            ? new Matrix { Rows = pixels.Images * pixels.Height * pixels.Width, Channels = pixels.Channels, Stride = pixels.Stride }
            : null;
    }

    /// <summary>
    /// Maps that <see cref="TryPixels"/> accepts; a subset of larger maps' channels is read in place. The caller disposes them.
    /// </summary>
    public static Tensor Maps(Tensor x) => TryPixels(x) is null ? Rows(x) : x.alias();

    [LibraryImport(TorchLibraries.TorchSharpName)]
    private static partial nint THSTensor_data(nint handle);
}
