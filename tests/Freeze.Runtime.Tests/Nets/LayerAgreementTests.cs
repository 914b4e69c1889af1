using System.Text.Json;
using Freeze.Language;
using Freeze.Runtime.Nets;
using Xunit;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Runtime.Tests.Nets;

/// <summary>
/// Layers that no built-in net has against PyTorch's, by scripts/fixtures/layers.py: logits, loss and every weight's gradient in
/// double precision, and slices of grouped and dilated kernels against whole ones.
/// </summary>
public sealed class LayerAgreementTests
{
    private const string Net = """
        net layers {
            conv1: conv 8 3x3 stride 2
            groupnorm 4; leakyrelu 0.2
            conv2: conv 12 3x3 groups 4; gelu
            conv3: conv 12 3x3 groups 3 dilation 2 no bias; layernorm; tanh
            conv4: conv 6 5x3 stride 2 pad 2 dilation 3; sigmoid
            fc1: linear 9; layernorm; leakyrelu; groupnorm 3
            fc2: linear classes
        }
        data cifar10; net layers
        """;

    private static readonly double[] Pixels =
        [.. Enumerable.Range(0, 4 * 3 * 32 * 32).Select(i => (double)((4 * RandomStream.Unit(RandomStream.Key(1, "images"), i)) - 2))];

    public static TheoryData<string> Passes => [.. PassModule.all.Select(PassModule.name), "none"];

    [Theory]
    [MemberData(nameof(Passes))]
    public void InDoublePrecisionTheyComputeWhatPyTorchComputes(string without)
    {
        using var scope = NewDisposeScope();
        using var fixture = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "fixtures", "layers.json")));
        var expected = fixture.RootElement;
        Pass[] left = [.. PassModule.all.Where(pass => PassModule.name(pass) == without)];
        var (logits, loss, gradients) = Step("precision fp64", PassSet.AllBut(left));

        Assert.All(
            expected.GetProperty("logits").EnumerateArray().Zip(logits),
            pair => Assert.Equal(pair.First.GetDouble(), pair.Second, 1e-12));
        Assert.Equal(expected.GetProperty("loss").GetDouble(), loss, 1e-12);
        Assert.Equal(expected.GetProperty("norms").EnumerateObject().Select(weight => weight.Name).Order(), gradients.Keys.Order());
        foreach (var (name, gradient) in gradients)
        {
            var norm = expected.GetProperty("norms").GetProperty(name).GetDouble();
            var key = RandomStream.Key(1, $"probe of {name}");
            var probe = gradient.Select((value, i) => value * RandomStream.Unit(key, i)).Sum();
            Assert.Equal(norm, Math.Sqrt(gradient.Sum(value => value * value)), 1e-10 * norm);
            Assert.Equal(expected.GetProperty("probes").GetProperty(name).GetDouble(), probe, 1e-9 * norm);
        }
    }

    // By our kernels and by libtorch's singles, against the doubles. In bfloat16 without the norms of the nine units of fc1, whose
    // values differ by little more than its rounding.
    [Theory]
    [InlineData("fp32", true, 1e-4)]
    [InlineData("fp32", false, 1e-4)]
    [InlineData("bf16", true, 0.05)]
    [InlineData("bf16", false, 0.05)]
    public void InOtherPrecisionsGradientsAreNear(string precision, bool kernels, double tolerance)
    {
        using var scope = NewDisposeScope();
        var net = precision == "bf16" ? Net.Replace("fc1: linear 9; layernorm; leakyrelu; groupnorm 3", "", StringComparison.Ordinal) : Net;
        var (_, _, expected) = Step("precision fp64", PassSet.All, net);
        var (_, _, found) = Step($"precision {precision}", kernels ? PassSet.All : PassSet.AllBut([Pass.Kernels]), net);
        foreach (var (name, gradient) in expected)
        {
            Near(gradient, found[name], tolerance, 1e-6, name);
        }
    }

    // conv2 has 4 groups, conv3 3 and a dilation, conv4 a dilation alone.
    [Theory]
    [InlineData("conv2: train 5 filters; conv3: train 2 inputs; conv4: train 1 row; rest: fixed")]
    [InlineData("conv2: train 1 inputs; conv3: train 7 filters; conv4: train 2 filters; rest: fixed")]
    [InlineData("conv2: train 2 columns; conv3: train 3 filters at random; conv4: train 3 inputs; rest: fixed")]
    public void GradientsOfSlicesAreThoseOfTheWhole(string rules) => SlicesAgree(Net, rules);

    [Theory]
    [InlineData("conv2: train 5 filters; conv3: train 7 filters at random; rest: fixed")]
    [InlineData("conv2: train 1 row; conv3: train 12 filters; rest: fixed")]
    [InlineData("conv2: train 11 filters spread; conv3: train 2 columns; rest: fixed")]
    public void SoAreThoseOfDepthwiseConvolutions(string rules) => SlicesAgree(
        """
        net layers {
            conv1: conv 6 3x3; relu6
            conv2: conv 12 3x3 groups channels; relu6; bn
            conv3: conv channels 3x3 stride 2 groups channels no bias; bn; padchannels 16
            fc: linear classes
        }
        data cifar10; net layers
        """,
        rules);

    private static void SlicesAgree(string net, string rules)
    {
        using var scope = NewDisposeScope();
        foreach (var (precision, tolerance) in new[] { ("fp64", 1e-10), ("fp32", 1e-4) })
        {
            var (_, _, whole) = Step($"precision {precision}", PassSet.All, net);
            foreach (var passes in new[] { PassSet.All, PassSet.AllBut([Pass.Slices]), PassSet.AllBut([Pass.Kernels]) })
            {
                var (_, _, slices) = Step($"precision {precision}; {rules}", passes, net);
                foreach (var plan in Plan(rules, net).Weights)
                {
                    if (plan.Treatment is Treatment.Slice { Indices.Length: > 0 } slice)
                    {
                        var name = plan.Weight.Name;
                        Near(Entries(whole[name], plan.Weight.Shape, slice), slices[name], tolerance, 1e-7, name);
                    }
                }
            }
        }
    }

    private static void Near(double[] expected, double[] found, double tolerance, double least, string name)
    {
        Assert.Equal(expected.Length, found.Length);
        var norm = Math.Sqrt(expected.Sum(value => value * value));
        var distance = Math.Sqrt(expected.Zip(found, (a, b) => (a - b) * (a - b)).Sum());
        Assert.True(distance <= (tolerance * norm) + least, $"{name} is off by {distance:e1} of {norm:e1}");
    }

    private static double[] Entries(double[] whole, int[] shape, Treatment.Slice slice)
    {
        var inner = shape[(slice.Dimension + 1)..].Aggregate(1, (product, extent) => product * extent);
        return [.. whole.Where((_, i) => slice.Indices.Contains(i / inner % shape[slice.Dimension]))];
    }

    private static (double[] Logits, double Loss, Dictionary<string, double[]> Gradients) Step(
        string settings, PassSet passes, string net = Net)
    {
        var recipe = Plan(settings, net);
        var weights = new WeightTable(recipe);
        var executor = new NetExecutor(recipe, weights, passes);
        var type = Precisions.OfWeights(recipe);
        var logits = executor.Forward(tensor(Pixels, [4, 3, 32, 32]).to(type), training: true);
        var loss = F.cross_entropy(logits, tensor([0L, 3, 6, 9], [4]));
        executor.Backward(loss);
        double[] Doubles(Tensor values) => values.detach().to(float64).contiguous().data<double>().ToArray();
        return (
            Doubles(logits),
            Doubles(loss)[0],
            weights.Planned.Where(weight => weight.Leaf is not null)
                .ToDictionary(weight => weight.Plan.Weight.Name, weight => Doubles(weight.Leaf!.grad!)));
    }

    private static Recipe Plan(string text, string net = Net)
    {
        var analysis = Compile.analyse(Compile.defaults, new Source("test.frz", $"{net}\n{text}", 0));
        Assert.DoesNotContain(analysis.Diagnostics, found => found.Severity.IsError);
        return Assert.Single(analysis.Runs).Recipe;
    }
}
