using Freeze.Kernels;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Training;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Training;

public sealed class StillnessTests(Sample sample)
{
    public static TheoryData<string, int, int[]> Slices => new()
    {
        { "conv1.weight", 0, [0, 1] },
        { "conv1.bias", 0, [0, 3] },
        { "conv2.weight", 0, [1, 4] },
        { "conv2.weight", 1, [0, 2] },
        { "conv2.weight", 2, [1] },
        { "conv2.weight", 3, [0, 2] },
        { "bn.weight", 0, [0, 5] },
        { "fc.weight", 1, [0, 1, 2] },
    };

    [Theory]
    [MemberData(nameof(Slices))]
    public void OnlyTheSliceMovesInFortySteps(string name, int dimension, int[] indices)
    {
        foreach (var rest in new[] { Stillness.Fixed, Stillness.Zero })
        {
            using var scope = NewDisposeScope();
            var (weights, recipe) = TrainForty(name, Treatment.NewSlice(dimension, indices, rest));
            var weight = recipe.Weights.Single(plan => plan.Weight.Name == name).Weight;
            var stride = weight.Shape[(dimension + 1)..].Aggregate(1, (product, extent) => product * extent);
            var start = Initializer.Start(recipe.Weights.Single(plan => plan.Weight.Equals(weight)), recipe.Seed);
            var end = weights.Value(name).detach().data<float>().ToArray();
            for (var i = 0; i < end.Length; i++)
            {
                if (indices.Contains(i / stride % weight.Shape[dimension]))
                {
                    Assert.NotEqual(start[i], end[i]);
                }
                else
                {
                    AssertBits(rest.IsZero ? 0 : start[i], end[i]);
                }
            }

            Assert.Equal(Still(recipe), StillnessCheck.Verify(weights, recipe.Seed));
        }
    }

    [Theory]
    [InlineData("conv1.weight")]
    [InlineData("conv1.bias")]
    [InlineData("conv2.weight")]
    [InlineData("conv2.bias")]
    [InlineData("bn.weight")]
    [InlineData("bn.bias")]
    [InlineData("fc.weight")]
    [InlineData("fc.bias")]
    public void AWholeWeightIsStillWhileItsNeighbourMoves(string name)
    {
        foreach (var treatment in new[] { TestNets.Fixed, TestNets.Zero })
        {
            using var scope = NewDisposeScope();
            var (weights, recipe) = TrainForty(name, treatment);
            foreach (var plan in recipe.Weights)
            {
                var start = Initializer.Start(plan, recipe.Seed);
                var end = weights.Value(plan.Weight.Name).detach().data<float>().ToArray();
                if (plan.Weight.Name == name)
                {
                    Assert.All(end.Zip(start), pair =>
                        AssertBits(treatment.Equals(TestNets.Zero) ? 0 : pair.Second, pair.First));
                }
                else if (!treatment.Equals(TestNets.Zero))
                {
                    // Behind a zero scale there is nothing to learn.
                    Assert.NotEqual(start, end);
                }
            }
        }
    }

    [Fact]
    public void AFixedWeightIsOnceItsStartAfterAnEpochOfDecay()
    {
        // The usual recipe shrinks a weight whose gradient is masked to 0.825405 of itself in these steps.
        using var scope = NewDisposeScope();
        using var set = TestNets.Synthetic(391);
        var recipe = new TestRecipe(TestNets.Line)
        {
            Images = Images.All,
            Batch = 1,
            Optimizer = Optimizer.NewSgd(0.1, 0.9, 5e-4, false),
            Rule = weight => weight.Layer == "conv" ? TestNets.Fixed : Treatment.Trained,
        };
        var trainer = new Trainer(recipe.Build(), set);

        trainer.Epoch(_ => { }, TestContext.Current.CancellationToken);

        var start = Initializer.Start(recipe.Build().Weights[0], recipe.Seed);
        Assert.All(trainer.Weights.Value("conv.weight").data<float>().ToArray().Zip(start), pair =>
            Assert.Equal(1f, pair.First / pair.Second));
        Assert.Equal(20, StillnessCheck.Verify(trainer.Weights, recipe.Seed));
    }

    [Fact]
    public void AMovedWeightIsFoundAndNamed()
    {
        using var scope = NewDisposeScope();
        var recipe = (new TestRecipe(TestNets.Line) { Rule = _ => TestNets.Fixed }).Build();
        var weights = new WeightTable(recipe);
        var moved = weights.Value("fc.weight").narrow(0, 1, 1).narrow(1, 3, 1);
        moved.copy_(tensor([MathF.BitIncrement(moved.item<float>())], [1, 1]));

        var error = Assert.Throws<RunException>(() => StillnessCheck.Verify(weights, recipe.Seed));

        Assert.Contains("fc.weight[11]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMovedEntryBesideASliceIsFound()
    {
        using var scope = NewDisposeScope();
        var recipe = (new TestRecipe(TestNets.Line) { Rule = _ => Treatment.NewSlice(0, [0], Stillness.Fixed) }).Build();

        // From another seed every start is another: the first entry that does not learn is the first found.
        var error = Assert.Throws<RunException>(() => StillnessCheck.Verify(new WeightTable(recipe), recipe.Seed + 1));

        Assert.Contains("conv.weight[9]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MinusZeroIsNotZero()
    {
        using var scope = NewDisposeScope();
        var recipe = (new TestRecipe(TestNets.Line) { Rule = _ => TestNets.Zero }).Build();
        var weights = new WeightTable(recipe);
        weights.Value("conv.bias").TimesInPlace(-1);

        var error = Assert.Throws<RunException>(() => StillnessCheck.Verify(weights, recipe.Seed));

        Assert.Contains("conv.bias[0]", error.Message, StringComparison.Ordinal);
    }

    private (WeightTable Weights, Recipe Recipe) TrainForty(string name, Treatment treatment)
    {
        var recipe = (new TestRecipe(TestNets.Small)
        {
            Images = Images.NewFirst(640),
            Batch = 16,
            Rule = weight => weight.Name == name ? treatment : Treatment.Trained,
        }).Build();
        var trainer = new Trainer(recipe, sample.Images);
        trainer.Epoch(_ => { }, TestContext.Current.CancellationToken);
        return (trainer.Weights, recipe);
    }

    private static long Still(Recipe recipe)
    {
        var counts = CountsModule.ofWeights(recipe.Weights);
        return counts.Fixed + counts.Zero;
    }

    private static void AssertBits(float expected, float found) =>
        Assert.Equal(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits(found));
}
