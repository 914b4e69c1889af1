using Freeze.Runtime.Optimization;
using Freeze.Runtime.Results;
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
    private readonly HashSet<string> frozen;

    /// <param name="recipe">The weights' plans.</param>
    /// <param name="common">Where the weights start, by name, if several nets have that in common; it is only read.</param>
    public WeightTable(Recipe recipe, IReadOnlyDictionary<string, Tensor>? common = null)
    {
        var files = new StartFiles();
        frozen = [.. recipe.FrozenStatistics];
        var type = Precisions.OfWeights(recipe);
        weights = LargestSlices.Resolve(recipe, files)
            .ToDictionary(plan => plan.Weight.Name, plan => new PlannedWeight(
                plan, recipe.Seed, files, type, common?.GetValueOrDefault(plan.Weight.Name)));
        foreach (var plan in recipe.Weights.Where(p => p.Weight.Kind.IsBatchNorm && !p.Weight.IsBias))
        {
            AddStatistic($"{plan.Weight.Layer}.running_mean", plan, (shape, of) => zeros(shape, of), type, files);
            AddStatistic($"{plan.Weight.Layer}.running_var", plan, (shape, of) => ones(shape, of), type, files);
        }
    }

    /// <summary>The weight of a name.</summary>
    public PlannedWeight this[string name] => weights[name];

    /// <summary>The weight of a name, or null where there is none.</summary>
    public PlannedWeight? TryFind(string name) => weights.GetValueOrDefault(name);

    /// <summary>The weights in the order of the net.</summary>
    public IEnumerable<PlannedWeight> Planned => weights.Values;

    /// <summary>What learns, in the order of the net.</summary>
    public IReadOnlyList<Leaf> Leaves =>
        [.. weights.Values.Where(w => w.Leaf is not null).Select(w => new Leaf(w.Plan.Weight.Name, w.Leaf!, w.Plan.Update))];

    /// <summary>A weight's value, of the planned shape.</summary>
    public Tensor Value(string name) => weights[name].Value();

    /// <summary>Running statistics, such as <c>bn1.running_mean</c> [channels]; training moves them in place.</summary>
    public Tensor Statistic(string name) => statistics[name];

    /// <summary>All values by name, as a state dictionary of PyTorch has them; the caller's scope owns new tensors.</summary>
    public IEnumerable<(string Name, Tensor Value)> State() =>
        weights.Select(entry => (entry.Key, entry.Value.Value()))
            .Concat(statistics.Select(entry => (entry.Key, entry.Value)));

    /// <summary>
    /// What training can change: learning weights, of slices the slice alone, and running statistics that are not frozen.
    /// </summary>
    public IEnumerable<(string Name, Tensor Value)> Learned() =>
        weights.Where(entry => entry.Value.Learned is not null).Select(entry => (entry.Key, entry.Value.Learned!))
            .Concat(statistics.Where(entry => !frozen.Contains(entry.Key[..entry.Key.LastIndexOf('.')]))
                .Select(entry => (entry.Key, entry.Value)));

    /// <summary>Takes back what <see cref="State"/> has given, by name and shape; what is still stays as it is.</summary>
    public void Restore(Func<string, long[], Tensor> saved)
    {
        foreach (var (name, weight) in weights)
        {
            weight.Restore(saved(name, Array.ConvertAll(weight.Plan.Weight.Shape, extent => (long)extent)));
        }

        foreach (var (name, statistic) in statistics)
        {
            statistic.copy_(saved(name, statistic.shape));
        }
    }

    /// <summary>As above from a file that holds these values.</summary>
    /// <param name="file">What it is called.</param>
    /// <param name="stored">What it holds.</param>
    /// <param name="nameInFile">The name of a value there, or null where it is its own.</param>
    /// <exception cref="InvalidDataException">It holds not all of them.</exception>
    public void Restore(
        string file, IReadOnlyDictionary<string, StoredTensor> stored, Func<string, string>? nameInFile = null)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        Restore((name, shape) => Stored(file, stored, nameInFile?.Invoke(name) ?? name, shape));
    }

    /// <summary>A value of a name and shape that a file holds; the caller's scope owns it.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public static Tensor Stored(string file, IReadOnlyDictionary<string, StoredTensor> stored, string name, long[] shape) =>
        stored.TryGetValue(name, out var found) && found.Shape.SequenceEqual(shape)
            ? found.ToTensor()
            : throw new InvalidDataException($"{file} holds no {name} of shape {string.Join("x", shape)}");

    // A scale that starts as a file's brings that file's statistics with it, where it has them.
    private void AddStatistic(
        string name, WeightPlan plan, Func<long[], ScalarType, Tensor> neutral, ScalarType type, StartFiles files)
    {
        long[] shape = [plan.Weight.Shape[0]];
        statistics[name] = plan.Start is Start.File file && files.TryRead(file, name, shape) is { } values
            ? tensor(values, shape).to(type)
            : neutral(shape, type);
    }
}
