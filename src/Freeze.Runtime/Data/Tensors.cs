using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Data;

/// <summary>Creates tensors on the device of this thread.</summary>
internal static class Tensors
{
    /// <summary>A tensor of singles, doubles or integers, which the caller's scope owns.</summary>
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

    /// <summary>A main-memory tensor on the device of this thread: itself, or a copy that the caller's scope owns.</summary>
    public static Tensor Here(Tensor values)
    {
        // A GPU copies from pinned memory by itself, while it computes earlier work.
        var device = get_default_device();
        return device.type == DeviceType.CPU ? values : values.pin_memory().to(device, non_blocking: true);
    }
}
