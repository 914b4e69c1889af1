using Freeze.Runtime.Nets;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Training;

/// <summary>
/// A copy of what a net had learned after its best epoch so far; what is fixed has no copy, so going back moves none of it.
/// Its tensors belong to the scope that it was made in.
/// </summary>
internal sealed class BestWeights
{
    private readonly (string Name, Tensor Now, Tensor Best)[] learned;

    /// <param name="weights">The net's, as they start.</param>
    public BestWeights(WeightTable weights)
    {
        using var still = no_grad();
        learned = [.. weights.Learned().Select(entry => (entry.Name, entry.Value, entry.Value.detach().clone()))];
    }

    /// <summary>Copies the weights as they are now: the epoch that has just ended is the best.</summary>
    public void Take()
    {
        using var still = no_grad();
        foreach (var (_, now, best) in learned)
        {
            best.copy_(now);
        }
    }

    /// <summary>Gives the net its best weights back; those that it has now are gone.</summary>
    public void Return()
    {
        using var still = no_grad();
        foreach (var (_, now, best) in learned)
        {
            now.copy_(best);
        }
    }

    /// <summary>The copy, as checkpoints hold it.</summary>
    public IEnumerable<(string Name, Tensor Value)> State() => learned.Select(entry => ($"best.{entry.Name}", entry.Best));

    /// <summary>Takes back what <see cref="State"/> has given, by name and shape.</summary>
    public void Restore(Func<string, long[], Tensor> saved)
    {
        foreach (var (name, value) in State())
        {
            value.copy_(saved(name, value.shape));
        }
    }
}
