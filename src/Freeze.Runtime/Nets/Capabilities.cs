using TorchSharp;

namespace Freeze.Runtime.Nets;

/// <summary>What a recipe asks of the machine, which has to have a libtorch for any: nothing that a plan says is ever passed over.</summary>
internal static class Capabilities
{
    /// <summary>Demands that all that the recipe says can be done here.</summary>
    /// <exception cref="DeviceException">Something cannot.</exception>
    public static void Demand(Recipe recipe)
    {
        if (Machine.Engine is { Version: null } engine)
        {
            throw new DeviceException($"libtorch cannot be loaded: {engine.Problem}", Machine.HowToGetEngine);
        }

        if (recipe.Device.IsCuda && !torch.cuda.is_available())
        {
            throw new DeviceException(
                "this run wants a GPU (`device cuda`), and there is none here that libtorch can use",
                "leave `device` out to train on the processor; `freeze doctor` says what is missing for a GPU");
        }
    }
}
