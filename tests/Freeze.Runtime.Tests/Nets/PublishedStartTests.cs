using Freeze.Language;
using Freeze.Runtime.Nets;
using Xunit;

namespace Freeze.Runtime.Tests.Nets;

/// <summary>
/// Where the convolutions of wrn-28-4 start, through the net's own plan: the statistics that Rosenfeld and Tsotsos show
/// of fixed layers (figure 6) are He's, and those of PyTorch's default are others.
/// </summary>
public sealed class PublishedStartTests
{
    // The scheme, the layer, the mean of |w| and the variance.
    public static TheoryData<string, string, double, double> Layers => new()
    {
        { "net", "conv1", 0.09403, 0.013889 },
        { "net", "block1.unit2.conv1", 0.04702, 0.003472 },
        { "net", "block2.unit2.conv1", 0.03325, 0.001736 },
        { "net", "block3.unit2.conv1", 0.02351, 0.000868 },
        { "torch", "conv1", 0.09623, 0.09623 * 0.09623 * 4 / 3 },
        { "torch", "block1.unit2.conv1", 0.02083, 0.02083 * 0.02083 * 4 / 3 },
        { "torch", "block2.unit2.conv1", 0.01473, 0.01473 * 0.01473 * 4 / 3 },
        { "torch", "block3.unit2.conv1", 0.01042, 0.01042 * 0.01042 * 4 / 3 },
    };

    [Theory]
    [MemberData(nameof(Layers))]
    public void ALayerStartsWithThePublishedStatistics(string scheme, string layer, double magnitude, double variance)
    {
        var analysis = Compile.analyse(
            Compile.defaults, new Source("test.frz", $"data cifar10; net wrn-28-4; init {scheme}; all: fixed", 0));
        var recipe = Assert.Single(analysis.Runs).Recipe;
        var plan = recipe.Weights.Single(plan => plan.Weight.Name == $"{layer}.weight");

        var start = Initializer.Start(plan, recipe.Seed).Select(value => (double)value).ToArray();

        // Within four standard errors: of |w| at most 0.76 of its mean by the root of the count, of w² 1.42; and half
        // of the last digit printed.
        var root = Math.Sqrt(start.Length);
        Assert.Equal(magnitude, start.Average(Math.Abs), (4 * 0.76 * magnitude / root) + 5e-6);
        Assert.Equal(variance, start.Average(value => value * value), (4 * 1.42 * variance / root) + 1e-6);
        Assert.Equal(0, start.Average(), 4 * Math.Sqrt(variance) / root);
    }
}
