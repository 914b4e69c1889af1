using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Training;
using Microsoft.FSharp.Core;
using Microsoft.FSharp.Reflection;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Nets;

/// <summary>A new case of a plan's union must fail here, not in a night's run.</summary>
public sealed class CasesTests
{
    // One of each case on maps 2x4x4, and the shape that comes of it.
    private static readonly (Operation Operation, int[] Shape)[] Operations =
    [
        (Operation.Input, [2, 4, 4]),
        (Operation.NewConv(5, 3, 3, 1, 1, 1, true, 1, 1), [5, 4, 4]),
        (Operation.NewLinear(7, true), [2, 4, 7]),
        (Operation.NewBatchNorm(1e-5, 0.1), [2, 4, 4]),
        (Operation.NewGroupNorm(2, 1e-5), [2, 4, 4]),
        (Operation.NewLayerNorm(1e-5), [2, 4, 4]),
        (Operation.Relu, [2, 4, 4]),
        (Operation.Relu6, [2, 4, 4]),
        (Operation.NewLeakyRelu(0.01), [2, 4, 4]),
        (Operation.Gelu, [2, 4, 4]),
        (Operation.Sigmoid, [2, 4, 4]),
        (Operation.Tanh, [2, 4, 4]),
        (Operation.NewMaxPool(2, 2, 1), [2, 3, 3]),
        (Operation.NewAvgPool(3, 1, 0), [2, 2, 2]),
        (Operation.GlobalPool, [2]),
        (Operation.Flatten, [32]),
        (Operation.NewDropout(0.5), [2, 4, 4]),
        (Operation.Add, [2, 4, 4]),
        (Operation.Concat, [4, 4, 4]),
        (Operation.NewPadChannels(5), [5, 4, 4]),
    ];

    private static readonly Treatment[] Treatments =
        [Treatment.Trained, TestNets.Zero, Treatment.NewSlice(0, [1], Stillness.Fixed)];

    [Fact]
    public void EveryOperationIsComputed()
    {
        using var scope = NewDisposeScope();
        AssertAll(Operations.Select(known => known.Operation));
        // A linear layer reads rows, of which a map of one row per channel has some too.
        foreach (var (operation, shape) in Operations.Where(known => !known.Operation.IsLinear))
        {
            var nodes = operation.IsInput
                ? NetExecutorTests.Then(Operation.Relu, 2, 4, 4)[..1]
                : NetExecutorTests.Then(operation, shape);
            Assert.Equal(shape.Prepend(3).Select(extent => (long)extent), NetExecutorTests.Forward(nodes).shape);
        }

        Node[] linear =
        [
            .. NetExecutorTests.Then(Operation.Flatten, 32),
            TestNets.Node("fc", Operation.NewLinear(7, true), [1], 7),
        ];
        Assert.Equal([3, 7], NetExecutorTests.Forward(linear).shape);
    }

    [Fact]
    public void EveryTreatmentIsKeptAndVerified()
    {
        using var scope = NewDisposeScope();
        // The last two are refused by RecipeCheck.
        AssertAll([.. Treatments, Treatment.NewLargest(0, 1, Stillness.Fixed), Treatment.NewSolved(1)]);
        foreach (var treatment in Treatments)
        {
            var recipe = (new TestRecipe(TestNets.Line) { Rule = _ => treatment }).Build();
            var counts = CountsModule.ofWeights(recipe.Weights);
            Assert.Equal(counts.Fixed + counts.Zero, StillnessCheck.Verify(new WeightTable(recipe), recipe.Seed));
        }
    }

    [Fact]
    public void EveryChoiceOfImagesAndValidationIsMade()
    {
        using var scope = NewDisposeScope();
        using var set = TestNets.Synthetic(50);
        Images[] images = [Images.All, Images.NewFirst(20)];
        Validation[] validations = [Validation.Test, Validation.NewHeldOut(5)];
        AssertAll(images);
        AssertAll(validations);
        foreach (var (some, validation) in images.SelectMany(some => validations.Select(kind => (some, kind))))
        {
            var recipe = new TestRecipe(TestNets.Line) { Images = some, Validation = validation };
            var batches = new Batches(set, recipe.Build());
            Assert.Equal(some.IsAll ? 50 : 20, batches.Training.Length + batches.HeldOut.Length);
        }
    }

    [Fact]
    public void ThereAreTwoWaysToBeStill()
    {
        // Read by IsZero: a further case would be taken for fixed.
        Assert.Equal(["Fixed", "Zero"], Cases<Stillness>());
    }

    private static string[] Cases<T>() =>
        [.. FSharpType.GetUnionCases(typeof(T), FSharpOption<System.Reflection.BindingFlags>.None).Select(c => c.Name)];

    private static void AssertAll<T>(IEnumerable<T> examples) => Assert.Equal(
        Cases<T>(),
        examples.Select(example => FSharpValue
            .GetUnionFields(example, typeof(T), FSharpOption<System.Reflection.BindingFlags>.None).Item1.Name));
}
