using Freeze.Runtime.Nets;
using Xunit;

namespace Freeze.Runtime.Tests.Nets;

public sealed class InitializerTests
{
    private static readonly WeightPlan[] Weights = new TestRecipe(TestNets.Small).Build().Weights;

    [Fact]
    public void ConvolutionsAndLinearLayersStartWithinOneOverTheRootOfTheirFanIn()
    {
        foreach (var weight in Weights.Where(plan => !plan.Weight.Kind.IsBatchNorm))
        {
            var start = Initializer.Start(weight, 1);
            var bound = 1 / Math.Sqrt(weight.Weight.FanIn);
            Assert.Equal(WeightModule.size(weight.Weight), start.Length);
            Assert.All(start, value => Assert.InRange(value, -bound * 1.000001, bound * 1.000001));
            Assert.Equal(start.Length, start.Distinct().Count());
        }
    }

    [Fact]
    public void AStartIsAFunctionOfSeedAndName()
    {
        var weight = Weights[0];
        var key = RandomStream.Key(5, "start of conv1.weight");

        Assert.Equal(((2 * RandomStream.Unit(key, 7)) - 1) * (1f / 5), Initializer.Start(weight, 5)[7]);
        Assert.NotEqual(Initializer.Start(weight, 5), Initializer.Start(weight, 6));
    }

    [Fact]
    public void ANormalStartHasItsDeviation()
    {
        var weight = new Weight("w.weight", "w", LayerKind.Conv, false, [101, 99, 3, 1], 297, 303);
        var plan = new WeightPlan(weight, Start.NewNormal(0.1), Treatment.Trained, UpdateModule.byDefault);
        var start = Initializer.Start(plan, 1).Select(value => (double)value).ToArray();

        // Within four standard errors of some 30,000 values.
        Assert.InRange(start.Average(), -0.1 * 4 / Math.Sqrt(start.Length), 0.1 * 4 / Math.Sqrt(start.Length));
        var deviation = Math.Sqrt(start.Average(value => value * value));
        Assert.InRange(deviation, 0.1 * (1 - (4 / Math.Sqrt(2.0 * start.Length))), 0.1 * (1 + (4 / Math.Sqrt(2.0 * start.Length))));
        Assert.All(start, value => Assert.True(double.IsFinite(value)));
    }

    [Fact]
    public void BatchNormStartsAsTheIdentity()
    {
        foreach (var weight in Weights.Where(plan => plan.Weight.Kind.IsBatchNorm))
        {
            Assert.All(Initializer.Start(weight, 1), value => Assert.Equal(weight.Weight.IsBias ? 0 : 1, value));
        }
    }
}
