using static TorchSharp.torch;

namespace Freeze.Torch;

public static partial class Fused
{
    /// <summary>A step of gradient descent of some weights, in place, one operation behind the other.</summary>
    public static void SgdStep(
        IReadOnlyList<Tensor> weights, IReadOnlyList<Tensor> gradients, IReadOnlyList<Tensor>? gathered, double rate,
        double momentum, double decay, bool nesterov)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(gradients);
        using var still = no_grad();
        for (var i = 0; i < weights.Count; i++)
        {
            var (weight, gradient) = (weights[i], gradients[i]);
            if (decay != 0)
            {
                gradient.add_(weight, decay);
            }

            if (gathered is null)
            {
                weight.add_(gradient, -rate);
                continue;
            }

            gathered[i].mul_(momentum).add_(gradient);
            weight.add_(nesterov ? gradient.add_(gathered[i], momentum) : gathered[i], -rate);
        }
    }
}
