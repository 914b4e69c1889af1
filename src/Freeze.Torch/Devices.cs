using static TorchSharp.NativeMethods;

namespace TorchSharp;

/// <summary>What kind of device computes, with libtorch's own numbers.</summary>
public enum DeviceType
{
    /// <summary>The processor and main memory.</summary>
    CPU = 0,

    /// <summary>A GPU of NVIDIA's.</summary>
    CUDA = 1,
}

public static partial class torch
{
    // Like grad mode a property of the thread that computes.
    [ThreadStatic]
    private static Device? chosen;

    /// <summary>The processor.</summary>
    public static readonly Device CPU = new(DeviceType.CPU);

    /// <summary>Where the factories of this thread make tensors unless they are told otherwise.</summary>
    public static Device get_default_device() => chosen ?? CPU;

    /// <summary>Sets where the factories of this thread make tensors; in TorchSharp those of all threads.</summary>
    public static void set_default_device(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        chosen = device;
    }

    /// <summary>Where a tensor lies and is computed with.</summary>
    public class Device
    {
        /// <summary>A device by its kind and number; -1 is the current one.</summary>
        public Device(DeviceType deviceType, int index = -1)
        {
            type = deviceType;
            this.index = index;
        }

        /// <summary>Its kind.</summary>
        public DeviceType type { get; }

        /// <summary>Its number among those of its kind, or -1.</summary>
        public int index { get; }

        /// <summary>As in <c>cuda:1</c>.</summary>
        public override string ToString() => (type, index) switch
        {
            (DeviceType.CPU, _) => "cpu",
            (_, -1) => "cuda",
            _ => $"cuda:{index}",
        };
    }

    /// <summary>GPUs.</summary>
    public static class cuda
    {
        /// <summary>Whether there is a GPU, a driver for it and a libtorch that can use them.</summary>
        public static bool is_available() => freeze_cuda_is_available() != 0;

        /// <summary>How many GPUs there are.</summary>
        public static int device_count()
        {
            Check(freeze_cuda_device_count(out var count));
            return count;
        }

        /// <summary>Waits until a GPU has done all that it was given.</summary>
        public static void synchronize(Device? device = null) => Check(freeze_cuda_synchronize(device?.index ?? -1));
    }

    /// <summary>How libtorch's libraries compute.</summary>
    public static class backends
    {
        /// <summary>On GPUs.</summary>
        public static class cuda
        {
            /// <summary>Products of matrices.</summary>
            public static class matmul
            {
                /// <summary>Whether factors of single precision may be rounded to TensorFloat-32.</summary>
                public static bool allow_tf32
                {
                    get => freeze_tf32_of_products() != 0;
                    set => Check(freeze_set_tf32_of_products(value ? 1 : 0));
                }
            }
        }

        /// <summary>Convolutions on GPUs.</summary>
        public static class cudnn
        {
            /// <summary>Whether factors of single precision may be rounded to TensorFloat-32.</summary>
            public static bool allow_tf32
            {
                get => freeze_tf32_of_convolutions() != 0;
                set => Check(freeze_set_tf32_of_convolutions(value ? 1 : 0));
            }
        }
    }

    public sealed partial class Tensor
    {
        /// <summary>Where the tensor lies.</summary>
        public Device device
        {
            get
            {
                Check(freeze_device(Handle, out var type, out var index));
                return type == 0 ? CPU : new Device((DeviceType)type, index);
            }
        }

        /// <summary>The values on a device; without blocking, pinned memory is copied while the caller goes on.</summary>
        public Tensor to(Device device, bool copy = false, bool disposeAfter = false, bool non_blocking = false)
        {
            ArgumentNullException.ThrowIfNull(device);
            var made = Made(
                freeze_to_device(Handle, (int)device.type, device.index, copy ? 1 : 0, non_blocking ? 1 : 0, out var result),
                result);
            if (disposeAfter)
            {
                Dispose();
            }

            return made;
        }

        /// <summary>The values in main memory.</summary>
        public Tensor cpu() => to(CPU);

        /// <summary>The values in main memory that a GPU can read by itself; without a GPU, as they are.</summary>
        public Tensor pin_memory() => Made(freeze_pin_memory(Handle, out var result), result);

        /// <summary>Whether a GPU can read the memory by itself.</summary>
        public bool is_pinned()
        {
            Check(freeze_is_pinned(Handle, out var result));
            return result != 0;
        }
    }
}
