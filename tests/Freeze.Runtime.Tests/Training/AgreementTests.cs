using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Training;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Training;

/// <summary>
/// Twenty steps of LeNet against PyTorch's own, from the same start on the same images; scripts/fixtures/lenet_sgd.py
/// made the fixture and says how.
/// </summary>
public sealed class AgreementTests(Sample sample, ITestOutputHelper output)
{
    // Relative to a tensor's norm. PyTorch's sums may take another order, by processor and threads; each float32
    // rounding is 6e-8, and twenty steps gather less than 1e-5. Another rule would be off by 1e-3 and more. Winograd's algorithm
    // rounds to 4e-6: once a relu or a pool passes another value for that, single weights differ by up to a thousandth.
    [Theory]
    [InlineData("all", 20, 50, false, 1e-5, 1e-5)]
    [InlineData("all", 20, 50, true, 2e-3, 5e-4)]
    [InlineData("conv2-fixed", 20, 0, false, 1e-5, 1e-5)]
    [InlineData("conv2-fixed", 20, 0, true, 2e-3, 5e-4)]
    [InlineData("part", 8, 20, false, 1e-5, 1e-5)]
    [InlineData("part", 8, 20, true, 2e-3, 5e-4)]
    public void TwentyStepsOfLeNetGivePyTorchsWeights(
        string name, int filters1, int filters2, bool winograd, double ofEntries, double ofTensors)
    {
        var recipe = new TestRecipe(TestNets.LeNet)
        {
            Images = Images.NewFirst(1280),
            Batch = 64,
            Shuffle = false,
            Optimizer = Optimizer.NewSgd(0.01, 0.9, 5e-4, false),
            Rule = weight => weight.Layer switch
            {
                "conv1" => FirstFilters(filters1, 20),
                "conv2" => FirstFilters(filters2, 50),
                _ => Treatment.Trained,
            },
        };
        using var computing = Computing.Begin(recipe.Build());
        using var scope = NewDisposeScope();
        var trainer = new Trainer(recipe.Build(), sample.Images, winograd ? PassSet.All : PassSet.AllBut([Pass.Winograd]));

        trainer.Epoch(_ => { }, TestContext.Current.CancellationToken);

        var expected = Fixture(name);
        Assert.Equal(recipe.Build().Weights.Length, expected.Count);
        foreach (var kept in expected)
        {
            var found = trainer.Weights.Value(kept.Name).detach().data<float>().ToArray();
            var entries = found.Where((_, i) => i % kept.Stride == 0).ToArray();
            Assert.Equal(kept.Entries.Length, entries.Length);
            var distance = Norm(entries.Zip(kept.Entries, (a, b) => (double)a - b)) / Norm(kept.Entries.Select(b => (double)b));
            var norm = Math.Abs(Norm(found.Select(a => (double)a)) - kept.Norm) / kept.Norm;
            // A sum may cancel; by Cauchy and Schwarz it differs at most by the distance times the root of the count.
            var sum = Math.Abs(found.Sum(a => (double)a) - kept.Sum) / (kept.Norm * Math.Sqrt(found.Length));
            output.WriteLine($"{name} {kept.Name}: entries {distance:e2}, norm {norm:e2}, sum {sum:e2}");
            Assert.InRange(distance, 0, ofEntries);
            Assert.InRange(norm, 0, ofTensors);
            Assert.InRange(sum, 0, ofTensors);
        }
    }

    private static Treatment FirstFilters(int count, int of) =>
        count == of ? Treatment.Trained
        : count == 0 ? TestNets.Fixed
        : Treatment.NewSlice(0, [.. Enumerable.Range(0, count)], Stillness.Fixed);

    private static double Norm(IEnumerable<double> values) => Math.Sqrt(values.Sum(value => value * value));

    // The length of a JSON index, the index, then singles.
    private static List<Kept> Fixture(string name)
    {
        var content = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "fixtures", "lenet_sgd.bin"));
        var length = BinaryPrimitives.ReadInt32LittleEndian(content);
        using var index = JsonDocument.Parse(content.AsMemory(4, length));
        return
        [
            .. index.RootElement.GetProperty("tensors").EnumerateArray()
                .Where(kept => kept.GetProperty("case").GetString() == name)
                .Select(kept => new Kept(
                    kept.GetProperty("name").GetString()!,
                    kept.GetProperty("stride").GetInt32(),
                    kept.GetProperty("sum").GetDouble(),
                    kept.GetProperty("norm").GetDouble(),
                    MemoryMarshal.Cast<byte, float>(content.AsSpan(
                        4 + length + kept.GetProperty("offset").GetInt32(),
                        4 * kept.GetProperty("count").GetInt32())).ToArray())),
        ];
    }

    private sealed record Kept(string Name, int Stride, double Sum, double Norm, float[] Entries);
}
