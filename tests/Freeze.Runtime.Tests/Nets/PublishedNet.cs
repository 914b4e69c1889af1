using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json;
using Freeze.Runtime.Tests.Training;

namespace Freeze.Runtime.Tests.Nets;

/// <summary>A net as PyTorch has it: what scripts/fixtures/published_nets.py keeps of it.</summary>
/// <param name="Side">Of its images.</param>
/// <param name="State">Its state dictionary in order, without the counters of batches.</param>
/// <param name="Parameters">How many scalars learn.</param>
/// <param name="Logits">Of ten images [10, 10].</param>
/// <param name="Names">By publisher what its tensors are called in his files, in the same order.</param>
internal sealed record PublishedNet(
    int Side,
    (string Name, long[] Shape)[] State,
    long Parameters,
    double[] Logits,
    IReadOnlyDictionary<string, string[]> Names)
{
    private static readonly Lazy<(IReadOnlyDictionary<string, PublishedNet> Nets, PolicyRun Steps)> read = new(Read);

    /// <summary>By Freeze's names of nets.</summary>
    public static IReadOnlyDictionary<string, PublishedNet> All => read.Value.Nets;

    /// <summary>Twenty steps of resnet-18, by PyTorch's names of tensors.</summary>
    public static PolicyRun Steps => read.Value.Steps;

    /// <summary>The weights and statistics of the fixture's rule.</summary>
    public float[][] Values() => [.. State.Select(entry => Values(entry.Name, entry.Shape))];

    /// <summary>Writes them to a safetensors file, as a publisher does.</summary>
    public void Write(string path, string publisher, float[][] values)
    {
        using var file = File.Create(path);
        Safetensors.WriteHeader(file, [.. State.Zip(Names[publisher], (entry, name) => (name, "F32", entry.Shape))]);
        foreach (var tensor in values)
        {
            file.Write(MemoryMarshal.AsBytes<float>(tensor));
        }
    }

    /// <summary>A tensor of the fixture's rule: statistics and scales are positive.</summary>
    public static float[] Values(string name, long[] shape)
    {
        var key = RandomStream.Key(1, name);
        var inputs = shape.Skip(1).Aggregate(1L, (product, extent) => product * extent);
        var bound = shape.Length > 1 ? (float)Math.Sqrt(3.0 / inputs) : 0.25f;
        var isPositive = shape.Length == 1 &&
            (name.EndsWith(".weight", StringComparison.Ordinal) || name.EndsWith(".running_var", StringComparison.Ordinal));
        var values = new float[shape[0] * inputs];
        for (var i = 0; i < values.Length; i++)
        {
            var u = RandomStream.Unit(key, i);
            values[i] = isPositive ? 0.5f + u : ((2 * u) - 1) * bound;
        }

        return values;
    }

    private static (IReadOnlyDictionary<string, PublishedNet> Nets, PolicyRun Steps) Read()
    {
        using var file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "fixtures", "published_nets.json.gz"));
        using var text = new GZipStream(file, CompressionMode.Decompress);
        using var document = JsonDocument.Parse(text);
        var nets = document.RootElement.GetProperty("nets").EnumerateObject().ToDictionary(net => net.Name, net => new PublishedNet(
            net.Value.GetProperty("side").GetInt32(),
            [.. net.Value.GetProperty("state").EnumerateArray().Select(entry =>
                (entry[0].GetString()!, entry[1].EnumerateArray().Select(extent => extent.GetInt64()).ToArray()))],
            net.Value.GetProperty("parameters").GetInt64(),
            [.. net.Value.GetProperty("logits").EnumerateArray().Select(value => value.GetDouble())],
            net.Value.GetProperty("names").EnumerateObject().ToDictionary(
                names => names.Name, names => names.Value.EnumerateArray().Select(name => name.GetString()!).ToArray())));
        var steps = document.RootElement.GetProperty("steps");
        return (nets, new PolicyRun(1, steps.GetProperty("loss").GetDouble(), steps.GetProperty("tensors").EnumerateObject()
            .ToDictionary(tensor => tensor.Name, KeptTensor.Read)));
    }
}
