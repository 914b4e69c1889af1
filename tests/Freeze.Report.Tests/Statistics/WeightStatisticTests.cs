using System.Runtime.InteropServices;
using Freeze.Report.Statistics;

namespace Freeze.Report.Tests.Statistics;

public sealed class WeightStatisticTests
{
    private static (Recipe Recipe, Dictionary<string, StoredTensor> Last) Made(string rules, float moved)
    {
        var recipe = MadeUp.File($"data mnist-sample; net lenet; {rules}", MadeUp.Finished).Runs[0].Run.Recipe;
        var last = recipe.Weights.ToDictionary(plan => plan.Weight.Name, plan =>
        {
            var values = Initializer.Start(plan, recipe.Seed).Select(value => value + moved).ToArray();
            return new StoredTensor([.. plan.Weight.Shape.Select(extent => (long)extent)], "F32", MemoryMarshal.AsBytes<float>(values).ToArray());
        });
        return (recipe, last);
    }

    [Fact]
    public void LearnedAndFixedPartsAreCountedApart()
    {
        var (recipe, last) = Made("conv1: fixed; conv2: train 0.4 filters; fc1: zero", 0);
        var found = WeightStatistics.Of(recipe, last);
        Assert.Equal(
            [
                ("conv1", WeightPart.Fixed, 500), ("conv2", WeightPart.Learned, 10_000), ("conv2", WeightPart.Fixed, 15_000),
                ("fc1", WeightPart.Zero, 400_000), ("fc2", WeightPart.Learned, 5_000),
            ],
            found.Select(layer => (layer.Layer, layer.Part, layer.End.Count)));
        Assert.All(found.Where(layer => layer.Part != WeightPart.Zero), layer => Assert.Equal(layer.Start.MeanAbsolute, layer.End.MeanAbsolute));
    }

    [Fact]
    public void TheLargestFiltersAreTheLearnedPart()
    {
        var (recipe, last) = Made("conv1: train 4 filters largest; rest: fixed", 0);
        var found = WeightStatistics.Of(recipe, last).Where(layer => layer.Layer == "conv1").ToArray();
        Assert.Equal([100, 400], found.Select(layer => layer.End.Count));
        Assert.True(found[0].End.Norm / 10 > found[1].End.Norm / 20, "the learned filters are not the largest");
    }

    [Fact]
    public void StartAndEndAreToldApart()
    {
        var (recipe, last) = Made("conv1: train", 1);
        var conv = WeightStatistics.Of(recipe, last)[0];
        Assert.InRange(conv.Start.MeanAbsolute, 0, 0.2);
        Assert.InRange(conv.End.MeanAbsolute, 0.9, 1.1);
    }

    [Fact]
    public void WeightsOfAnotherNetAreRefused()
    {
        var (recipe, _) = Made("conv1: train", 0);
        Assert.Throws<InvalidDataException>(() => WeightStatistics.Of(recipe, new Dictionary<string, StoredTensor>()));
    }
}
