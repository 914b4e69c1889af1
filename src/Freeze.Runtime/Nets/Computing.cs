using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Nets;

/// <summary>Where a recipe is computed, and how exactly.</summary>
internal static class Computing
{
    /// <summary>Whether a recipe is computed on a GPU here.</summary>
    public static bool OnGpu(Recipe recipe) => recipe.Device.IsCuda || (recipe.Device.IsAuto && cuda.is_available());

    /// <summary>Demands that all that the recipe says can be done here: nothing of it is ever passed over.</summary>
    /// <exception cref="DeviceException">Something cannot, for which any recipe needs libtorch.</exception>
    public static void Demand(Recipe recipe)
    {
        if (Machine.Engine is { Version: null } engine)
        {
            throw new DeviceException($"libtorch cannot be loaded: {engine.Problem}", Machine.HowToGetEngine);
        }

        if (recipe.Device.IsCuda && !cuda.is_available())
        {
            throw new DeviceException(
                "this run wants a GPU (`device cuda`), and there is none here that libtorch can use",
                "leave `device` out to train on the processor; `freeze doctor` says what is missing for a GPU");
        }
    }

    /// <summary>Until disposed, this thread makes tensors where the recipe is computed.</summary>
    /// <param name="recipe">Its device and precision.</param>
    /// <exception cref="DeviceException">The machine, or what computes on it, cannot.</exception>
    public static IDisposable Begin(Recipe recipe)
    {
        Demand(recipe);
        var before = new Before(get_default_device());
        if (!OnGpu(recipe))
        {
            set_default_device(CPU);
            return before;
        }

        // What a precision rounds to is the recipe's alone, not the libraries' custom.
        backends.cuda.matmul.allow_tf32 = backends.cudnn.allow_tf32 = recipe.Precision.IsTf32;
        set_default_device(new TorchSharp.torch.Device(DeviceType.CUDA));
        return before;
    }

    private sealed class Before(TorchSharp.torch.Device device) : IDisposable
    {
        public void Dispose() => set_default_device(device);
    }
}
