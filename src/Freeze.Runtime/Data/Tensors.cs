using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Data;

/// <summary>Arrays as tensors where this thread computes.</summary>
internal static class Tensors
{
    /// <summary>A tensor of singles, doubles or whole numbers, which the caller's scope owns.</summary>
    public static Tensor Of(Array values, params long[] shape)
    {
        var made = values switch
        {
            float[] singles => tensor(singles, shape, device: CPU),
            double[] doubles => tensor(doubles, shape, device: CPU),
            long[] whole => tensor(whole, shape, device: CPU),
            byte[] bytes => tensor(bytes, shape, device: CPU),
            _ => throw new UnreachableException($"no tensor of {values}"),
        };
        return Here(made);
    }

    /// <summary>A tensor in main memory, where this thread computes: itself, or a copy that the caller's scope owns.</summary>
    public static Tensor Here(Tensor values)
    {
        // A GPU fetches from pinned memory by itself, while it computes what it was given before.
        var device = get_default_device();
        return device.type == DeviceType.CPU ? values : values.pin_memory().to(device, non_blocking: true);
    }
}
