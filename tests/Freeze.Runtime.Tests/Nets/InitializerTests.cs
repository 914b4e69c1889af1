using Freeze.Runtime.Nets;
using Xunit;

namespace Freeze.Runtime.Tests.Nets;

public sealed class InitializerTests
{
    private static readonly Weight[] Weights = NetModule.weights(TestNets.Small);

    [Fact]
    public void ConvolutionsAndLinearLayersStartWithinOneOverTheRootOfTheirFanIn()
    {
        foreach (var weight in Weights.Where(weight => !weight.Kind.IsBatchNorm))
        {
            var start = Initializer.Start(weight, 1);
            var bound = 1 / Math.Sqrt(weight.FanIn);
            Assert.Equal(WeightModule.size(weight), start.Length);
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
    public void BatchNormStartsAsTheIdentity()
    {
        foreach (var weight in Weights.Where(weight => weight.Kind.IsBatchNorm))
        {
            Assert.All(Initializer.Start(weight, 1), value => Assert.Equal(weight.IsBias ? 0 : 1, value));
        }
    }
}
