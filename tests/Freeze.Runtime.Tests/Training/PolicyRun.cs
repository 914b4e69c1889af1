using System.Collections.Concurrent;
using System.Text.Json;

namespace Freeze.Runtime.Tests.Training;

/// <summary>A run of PyTorch: its mean loss over the 20 steps, and what is kept of its tensors by name.</summary>
internal sealed record PolicyRun(long Seed, double Loss, IReadOnlyDictionary<string, KeptTensor> Tensors);

/// <summary>A tensor's norm, and its entries or its products with vectors of random signs.</summary>
internal sealed record KeptTensor(double Norm, double[] Entries, double[] Products)
{
    // The signs of each product: many runs have tensors of one name and size.
    private static readonly ConcurrentDictionary<(string Name, int Product, int Count), sbyte[]> drawn = new();

    public static KeptTensor Read(JsonProperty tensor)
    {
        double[] Numbers(string name) => tensor.Value.TryGetProperty(name, out var list)
            ? [.. list.EnumerateArray().Select(value => value.GetDouble())]
            : [];
        return new KeptTensor(tensor.Value.GetProperty("norm").GetDouble(), Numbers("entries"), Numbers("products"));
    }

    /// <summary>
    /// How far another tensor is from this one. Of one that is not kept whole the root of the mean square of the
    /// differences of its products estimates that, to a quarter or so (Johnson and Lindenstrauss 1984).
    /// </summary>
    public double Distance(string name, double[] other) => Products.Length == 0
        ? Math.Sqrt(Entries.Zip(other, (a, b) => (a - b) * (a - b)).Sum())
        : Math.Sqrt(Products.Select((product, k) => Math.Pow(Product(name, k, other) - product, 2)).Average());

    private static double Product(string name, int k, double[] values)
    {
        var signs = drawn.GetOrAdd((name, k, values.Length), _ =>
        {
            var key = RandomStream.Key(1, $"projection {k} of {name}");
            return [.. Enumerable.Range(0, values.Length).Select(i => (sbyte)(RandomStream.Unit(key, i) < 0.5f ? -1 : 1))];
        });
        var sum = 0.0;
        for (var i = 0; i < values.Length; i++)
        {
            sum += signs[i] * values[i];
        }

        return sum;
    }
}
