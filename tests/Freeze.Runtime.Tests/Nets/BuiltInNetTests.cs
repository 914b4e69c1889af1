using System.Text.Json;
using Freeze.Language;
using Freeze.Runtime.Nets;
using Xunit;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Runtime.Tests.Nets;

/// <summary>
/// The built-in nets against the same nets in PyTorch, written anew by scripts/fixtures/nets.py: logits, loss and the
/// gradient of every weight in a training step from one start.
/// </summary>
public sealed class BuiltInNetTests
{
    // Rounding in single precision through up to fifty layers.
    private const double Tolerance = 2e-4;

    // Batch norms over four images amplify that on the way back; a wrong net would be wrong by a tenth and more.
    private const double GradientTolerance = 1e-3;

    public static TheoryData<string> Names => [.. Fixture().RootElement.EnumerateObject().Select(net => net.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void ANetComputesWhatPyTorchComputes(string name)
    {
        using var scope = NewDisposeScope();
        using var fixture = Fixture();
        var expected = fixture.RootElement.GetProperty(name);
        var recipe = Plan($"data cifar10; net {name}; seed 1");
        var weights = new WeightTable(recipe);
        var key = RandomStream.Key(1, "images");
        var pixels = Enumerable.Range(0, 4 * 3 * 32 * 32).Select(i => (4 * RandomStream.Unit(key, i)) - 2).ToArray();

        // Winograd's rounding moves more activations to the other side of 0 than four images bear.
        var net = new NetExecutor(recipe, weights, PassSet.AllBut([Pass.Winograd]));
        var logits = net.Forward(tensor(pixels, [4, 3, 32, 32]), training: true);
        var loss = F.cross_entropy(logits, tensor([0L, 3, 6, 9], [4]));
        net.Backward(loss);

        var logit = expected.GetProperty("logits").EnumerateArray().Select(e => e.GetDouble()).ToArray();
        var scale = logit.Max(Math.Abs);
        Assert.All(
            logit.Zip(logits.detach().data<float>().ToArray()),
            pair => Assert.Equal(pair.First / scale, pair.Second / scale, Tolerance));
        Assert.Equal(expected.GetProperty("loss").GetDouble(), loss.item<float>(), Tolerance * scale);
        AssertGradients(expected, weights);
    }

    private static void AssertGradients(JsonElement expected, WeightTable weights)
    {
        var norms = expected.GetProperty("gradientNorms");
        Assert.Equal(
            norms.EnumerateObject().Select(weight => weight.Name).Order(),
            weights.Planned.Select(weight => weight.Plan.Weight.Name).Order());
        foreach (var weight in weights.Planned)
        {
            var name = weight.Plan.Weight.Name;
            var gradient = weight.Leaf!.grad!.data<float>().ToArray().Select(value => (double)value).ToArray();
            var norm = norms.GetProperty(name).GetDouble();
            var sum = expected.GetProperty("gradientSums").GetProperty(name).GetDouble();
            // A bias in front of a batch norm has no effect: its gradient is rounding alone.
            var least = 1e-5;
            Assert.Equal(norm, Math.Sqrt(gradient.Sum(value => value * value)), (GradientTolerance * norm) + least);
            Assert.Equal(sum, gradient.Sum(), (GradientTolerance * norm * Math.Sqrt(gradient.Length)) + least);
        }
    }

    private static Recipe Plan(string text)
    {
        var analysis = Compile.analyse(Compile.defaults, new Source("test.frz", text, 0));
        Assert.Empty(analysis.Diagnostics);
        return Assert.Single(analysis.Runs).Recipe;
    }

    private static JsonDocument Fixture() =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "fixtures", "nets.json")));
}
