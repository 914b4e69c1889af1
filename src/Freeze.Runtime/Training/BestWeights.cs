using Freeze.Runtime.Nets;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Training;

/// <summary>
/// A copy of a net's trained weights after its best epoch so far. Fixed weights have no copy, so restoring moves none of them.
/// The tensors belong to the scope that creates this.
/// </summary>
internal sealed class BestWeights
{
    private readonly (string Name, Tensor Now, Tensor Best)[] learned;

    /// <param name="weights">The net's weights at their start.</param>
    public BestWeights(WeightTable weights)
    {
        using var still = no_grad();
        learned = [.. weights.Learned().Select(entry => (entry.Name, entry.Value, entry.Value.detach().clone()))];
    }

    /// <summary>Copies the current weights: the epoch that just ended is the best.</summary>
    public void Take()
    {
        using var still = no_grad();
        foreach (var (_, now, best) in learned)
        {
            best.copy_(now);
        }
    }

    /// <summary>Restores the net's best weights; its current ones are lost.</summary>
    public void Return()
    {
        using var still = no_grad();
        foreach (var (_, now, best) in learned)
        {
            now.copy_(best);
        }
    }

    /// <summary>The copy, named as in checkpoints.</summary>
    public IEnumerable<(string Name, Tensor Value)> State() => learned.Select(entry => ($"best.{entry.Name}", entry.Best));

    /// <summary>Restores what <see cref="State"/> returned, by name and shape.</summary>
    public void Restore(Func<string, long[], Tensor> saved)
    {
        foreach (var (name, value) in State())
        {
            value.copy_(saved(name, value.shape));
        }
    }
}
