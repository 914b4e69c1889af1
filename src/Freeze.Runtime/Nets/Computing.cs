using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Nets;

/// <summary>Selects the device and the precision of a recipe.</summary>
internal static class Computing
{
    /// <summary>Whether a recipe runs on a GPU on this machine.</summary>
    public static bool OnGpu(Recipe recipe) => recipe.Device.IsCuda || (recipe.Device.IsAuto && cuda.is_available());

    /// <summary>Demands that this machine can do everything that the recipe says: nothing is ever skipped.</summary>
    /// <exception cref="DeviceException">It lacks something, such as libtorch, which every recipe needs.</exception>
    public static void Demand(Recipe recipe)
    {
        if (Machine.Engine is { Version: null } engine)
        {
            throw new DeviceException($"libtorch cannot be loaded: {engine.Problem}", Machine.HowToGetEngine);
        }

        if (recipe.Device.IsCuda && !cuda.is_available())
        {
            throw new DeviceException(
                "this run needs a GPU (`device cuda`), but libtorch can use none on this machine",
                "leave `device` out to train on the processor; `freeze doctor` says what is missing for a GPU");
        }
    }

    /// <summary>Until disposed, this thread creates tensors on the recipe's device.</summary>
    /// <param name="recipe">Its device and precision.</param>
    /// <exception cref="DeviceException">The machine or the device cannot.</exception>
    public static IDisposable Begin(Recipe recipe)
    {
        Demand(recipe);
        var before = new Before(get_default_device());
        if (!OnGpu(recipe))
        {
            set_default_device(CPU);
            return before;
        }

        // The recipe alone decides the rounding, not the libraries' defaults.
        backends.cuda.matmul.allow_tf32 = backends.cudnn.allow_tf32 = recipe.Precision.IsTf32;
        set_default_device(new TorchSharp.torch.Device(DeviceType.CUDA));
        return before;
    }

    private sealed class Before(TorchSharp.torch.Device device) : IDisposable
    {
        public void Dispose() => set_default_device(device);
    }
}
