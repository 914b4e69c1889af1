using static TorchSharp.torch;

namespace Freeze.Torch;

public static partial class Fused
{
    /// <summary>A step of gradient descent, in place, one operation behind the other.</summary>
    public static void SgdStep(
        Tensor weight, Tensor gradient, Tensor? gathered, double rate, double momentum, double decay, bool nesterov)
    {
        ArgumentNullException.ThrowIfNull(weight);
        ArgumentNullException.ThrowIfNull(gradient);
        using var still = no_grad();
        if (decay != 0)
        {
            gradient.add_(weight, decay);
        }

        if (gathered is null)
        {
            weight.add_(gradient, -rate);
            return;
        }

        gathered.mul_(momentum).add_(gradient);
        weight.add_(nesterov ? gradient.add_(gathered, momentum) : gathered, -rate);
    }
}
