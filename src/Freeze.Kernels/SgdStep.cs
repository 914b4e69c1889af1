using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Kernels;

/// <summary>
/// One weight's step of stochastic gradient descent, in place: buffer = momentum buffer + (gradient + decay weight), then weight
/// -= rate buffer, or Nesterov's look-ahead. Without a buffer there is no momentum.
/// </summary>
/// <param name="Rate">The learning rate.</param>
/// <param name="Momentum">The fraction of the buffer that is kept.</param>
/// <param name="Decay">The weight decay.</param>
/// <param name="Nesterov">Whether to use Nesterov's look-ahead.</param>
public sealed record SgdStep(double Rate, double Momentum, double Decay, bool Nesterov)
{
    /// <summary>Updates a weight, in one pass over memory where the kernels can.</summary>
    /// <param name="useKernels">Whether native kernels may be used.</param>
    /// <param name="weight">Updated in place.</param>
    /// <param name="gradient">Of the weight's shape; may be overwritten.</param>
    /// <param name="buffer">The momentum buffer, updated in place; or null.</param>
    public void Apply(bool useKernels, Tensor weight, Tensor gradient, Tensor? buffer)
    {
        ArgumentNullException.ThrowIfNull(weight);
        ArgumentNullException.ThrowIfNull(gradient);
        var type = Memory.TypeOf(weight);
        bool Fits(Tensor tensor) => tensor.is_contiguous() && tensor.dtype == weight.dtype && tensor.numel() == weight.numel();
        if (!useKernels || type is not (ValueType.Floats or ValueType.Doubles) || !Fits(weight) || !Fits(gradient) ||
            (buffer is not null && !Fits(buffer)))
        {
            Plain(weight, gradient, buffer);
            return;
        }

        var rule = new SgdRule { Rate = Rate, Momentum = Momentum, Decay = Decay, Nesterov = Nesterov ? 1 : 0 };
        Native.Check(Native.freeze_sgd_step(
            type.Value, weight.Data(), gradient.Data(), buffer.DataOrNull(), weight.numel(), rule));
    }

    /// <summary>The same in TorchSharp's operations.</summary>
    public void Plain(Tensor weight, Tensor gradient, Tensor? buffer)
    {
        ArgumentNullException.ThrowIfNull(weight);
        ArgumentNullException.ThrowIfNull(gradient);
        using var constant = no_grad();
        if (Decay != 0)
        {
            gradient.PlusInPlace(weight, Decay);
        }

        if (buffer is null)
        {
            weight.PlusInPlace(gradient, -Rate);
            return;
        }

        buffer.TimesInPlace(Momentum).PlusInPlace(gradient);
        weight.PlusInPlace(Nesterov ? gradient.PlusInPlace(buffer, Momentum) : buffer, -Rate);
    }
}
