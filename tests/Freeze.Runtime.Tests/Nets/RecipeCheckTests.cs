using Freeze.Runtime.Nets;
using Xunit;

namespace Freeze.Runtime.Tests.Nets;

public sealed class RecipeCheckTests
{
    private static readonly TestRecipe Small = new(TestNets.Small);

    [Fact]
    public void ASoundRecipePasses()
    {
        Demand(Small);
        Demand(Small with { Validation = Validation.NewHeldOut(100), Rule = First(Treatment.NewSlice(0, [0, 3], Stillness.Zero)) });
    }

    [Fact]
    public void AnAmountThatIsNotThereIsRefused()
    {
        Refused(Small with { Batch = 0 }, "a batch of 0");
        Refused(Small with { Epochs = 0 }, "0 epochs");
        Refused(Small with { Images = Images.NewFirst(6001) }, "6001 images");
        Refused(Small with { Validation = Validation.NewHeldOut(320) }, "held out of 320");
    }

    [Fact]
    public void ASliceThatIsNotInItsWeightIsRefused()
    {
        Refused(Small with { Rule = First(Treatment.NewSlice(4, [0], Stillness.Fixed)) }, "along dimension 4");
        Refused(Small with { Rule = First(Treatment.NewSlice(0, [4], Stillness.Fixed)) }, "beyond its 4");
        Refused(Small with { Rule = First(Treatment.NewSlice(0, [-1], Stillness.Fixed)) }, "beyond its 4");
        Refused(Small with { Rule = First(Treatment.NewSlice(0, [1, 1], Stillness.Fixed)) }, "do not ascend");
        Refused(Small with { Rule = First(Treatment.NewLargest(0, 5, Stillness.Fixed)) }, "beyond its 4");
        Refused(Small with { Rule = First(Treatment.NewLargest(7, 1, Stillness.Fixed)) }, "along dimension 7");
        Refused(Small with { Rule = First(Treatment.NewSolved(1)) }, "which is not a linear layer");
    }

    [Fact]
    public void ANetThatDoesNotFitIsRefused()
    {
        Refused(new TestRecipe(TestNets.Line), "input is not an image of mnist-sample");
        var nodes = TestNets.Small.Nodes;
        Refused(new TestRecipe(new Net(nodes[..^1], [])), "6 outputs for the 10 classes");
        var late = TestNets.Node("late", Operation.Relu, [5], 4, 12, 12);
        Refused(new TestRecipe(new Net([nodes[0], nodes[1], late, .. nodes[3..]], [])), "an input that is not before it");
    }

    [Fact]
    public void WeightsThatAreNotTheNetsAreRefused()
    {
        var recipe = Small.Build();
        foreach (var weights in new[] { recipe.Weights[1..], [.. recipe.Weights, recipe.Weights[0]] })
        {
            var other = new Recipe(
                recipe.Data, recipe.Images, recipe.TestImages, recipe.Validation, recipe.Resize, recipe.Normalisation, recipe.Augmentations,
                recipe.Classes, recipe.Net, weights, recipe.FrozenStatistics, recipe.Learning, recipe.Halving, recipe.Loss, recipe.Optimizer, recipe.Clipping, recipe.Schedule, recipe.Warmup,
                recipe.Batch, recipe.DropLast, recipe.Epochs, recipe.Stops, recipe.Keep, recipe.Shuffle, recipe.Precision, recipe.Device, recipe.Seed,
                recipe.From);
            var error = Assert.Throws<RunException>(() => RecipeCheck.Demand(other, DataSets.all[1]));
            Assert.Contains("not the net's", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ARunThatWantsAGpuIsRefusedWhereThereIsNone()
    {
        Assert.SkipWhen(TorchSharp.torch.cuda.is_available(), "there is a GPU");
        Assert.Contains(
            "libtorch can use none",
            Assert.Throws<DeviceException>(() => Demand(Small with { Device = Device.Cuda })).Message,
            StringComparison.Ordinal);
    }

    private static Func<Weight, Treatment> First(Treatment treatment) =>
        weight => weight.Name == "conv1.weight" ? treatment : Treatment.Trained;

    private static void Demand(TestRecipe recipe) => RecipeCheck.Demand(recipe.Build(), DataSets.all[1]);

    private static void Refused(TestRecipe recipe, string reason) => Assert.Contains(
        reason, Assert.Throws<RunException>(() => Demand(recipe)).Message, StringComparison.Ordinal);
}
