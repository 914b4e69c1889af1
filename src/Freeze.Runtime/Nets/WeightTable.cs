using Freeze.Runtime.Optimization;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Nets;

/// <summary>
/// The weights of a run by name, and the running statistics of its batch norms. The tensors belong to the
/// caller's scope.
/// </summary>
internal sealed class WeightTable
{
    private readonly Dictionary<string, PlannedWeight> weights;
    private readonly Dictionary<string, Tensor> statistics = [];

    public WeightTable(Recipe recipe)
    {
        weights = recipe.Weights.ToDictionary(plan => plan.Weight.Name, plan => new PlannedWeight(plan, recipe.Seed));
        foreach (var weight in recipe.Weights.Select(plan => plan.Weight).Where(w => w.Kind.IsBatchNorm && !w.IsBias))
        {
            statistics[$"{weight.Layer}.running_mean"] = zeros([weight.Shape[0]]);
            statistics[$"{weight.Layer}.running_var"] = ones([weight.Shape[0]]);
        }
    }

    /// <summary>The weights in the order of the net.</summary>
    public IEnumerable<PlannedWeight> Planned => weights.Values;

    /// <summary>What learns, in the order of the net.</summary>
    public IReadOnlyList<Leaf> Leaves =>
        [.. weights.Values.Where(w => w.Leaf is not null).Select(w => new Leaf(w.Leaf!, w.Plan.Update))];

    /// <summary>A weight's value, of the planned shape.</summary>
    public Tensor Value(string name) => weights[name].Value();

    /// <summary>Running statistics, such as <c>bn1.running_mean</c> [channels]; training moves them in place.</summary>
    public Tensor Statistic(string name) => statistics[name];

    /// <summary>All values by name, as a state dictionary of PyTorch has them; the caller's scope owns new tensors.</summary>
    public IEnumerable<(string Name, Tensor Value)> State() =>
        weights.Select(entry => (entry.Key, entry.Value.Value()))
            .Concat(statistics.Select(entry => (entry.Key, entry.Value)));
}
