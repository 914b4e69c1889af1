using Freeze.Runtime.Optimization;
using Freeze.Runtime.Results;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Nets;

/// <summary>
/// The weights of a run by name, and the running statistics of its batch norms. The caller's scope owns the tensors.
/// </summary>
internal sealed class WeightTable
{
    private readonly Dictionary<string, PlannedWeight> weights;
    private readonly Dictionary<string, Tensor> statistics = [];
    private readonly HashSet<string> frozen;

    /// <param name="recipe">The weights' plans.</param>
    /// <param name="common">The weights' start, by name, if several nets share it; only read.</param>
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

    /// <summary>The weight of a name, or null.</summary>
    public PlannedWeight? TryFind(string name) => weights.GetValueOrDefault(name);

    /// <summary>The weights in the order of the net.</summary>
    public IEnumerable<PlannedWeight> Planned => weights.Values;

    /// <summary>The trainable tensors, in the order of the net.</summary>
    public IReadOnlyList<Leaf> Leaves =>
        [.. weights.Values.Where(w => w.Leaf is not null).Select(w => new Leaf(w.Plan.Weight.Name, w.Leaf!, w.Plan.Update))];

    /// <summary>A weight's value, of the planned shape.</summary>
    public Tensor Value(string name) => weights[name].Value();

    /// <summary>Running statistics, such as <c>bn1.running_mean</c> [channels]; training updates them in place.</summary>
    public Tensor Statistic(string name) => statistics[name];

    /// <summary>All values by name, as in a PyTorch state dictionary; the caller's scope owns new tensors.</summary>
    public IEnumerable<(string Name, Tensor Value)> State() =>
        weights.Select(entry => (entry.Key, entry.Value.Value()))
            .Concat(statistics.Select(entry => (entry.Key, entry.Value)));

    /// <summary>
    /// What training can change: trainable weights (for slices the slice alone) and running statistics unless frozen.
    /// </summary>
    public IEnumerable<(string Name, Tensor Value)> Learned() =>
        weights.Where(entry => entry.Value.Learned is not null).Select(entry => (entry.Key, entry.Value.Learned!))
            .Concat(statistics.Where(entry => !frozen.Contains(entry.Key[..entry.Key.LastIndexOf('.')]))
                .Select(entry => (entry.Key, entry.Value)));

    /// <summary>Restores values that <see cref="State"/> returned, by name and shape; fixed weights stay as they are.</summary>
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

    /// <summary>As above, from a file that holds these values.</summary>
    /// <param name="file">The file's name, for messages.</param>
    /// <param name="stored">The file's content.</param>
    /// <param name="nameInFile">Maps a value's name to its name in the file; null if they are equal.</param>
    /// <exception cref="InvalidDataException">A value is missing.</exception>
    public void Restore(
        string file, IReadOnlyDictionary<string, StoredTensor> stored, Func<string, string>? nameInFile = null)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        Restore((name, shape) => Stored(file, stored, nameInFile?.Invoke(name) ?? name, shape));
    }

    /// <summary>The value of a name and shape in a file; the caller's scope owns it.</summary>
    /// <exception cref="InvalidDataException">It is missing.</exception>
    public static Tensor Stored(string file, IReadOnlyDictionary<string, StoredTensor> stored, string name, long[] shape) =>
        stored.TryGetValue(name, out var found) && found.Shape.SequenceEqual(shape)
            ? found.ToTensor()
            : throw new InvalidDataException($"{file} holds no {name} of shape {string.Join("x", shape)}");

    // A scale that starts from a file takes that file's statistics too, if it has them.
    private void AddStatistic(
        string name, WeightPlan plan, Func<long[], ScalarType, Tensor> neutral, ScalarType type, StartFiles files)
    {
        long[] shape = [plan.Weight.Shape[0]];
        statistics[name] = plan.Start is Start.File file && files.TryRead(file, name, shape) is { } values
            ? tensor(values, shape).to(type)
            : neutral(shape, type);
    }
}
