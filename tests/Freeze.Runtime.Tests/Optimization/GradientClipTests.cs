using System.Text.Json;
using Freeze.Runtime.Optimization;
using Freeze.Runtime.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Optimization;

public sealed class GradientClipTests
{
    public static TheoryData<string, string> Bounds => new()
    {
        { "norm 2", """{"norm":{"greatest":2}}""" },
        { "norm 20", """{"norm":{"greatest":20}}""" },
        { "value 0.5", """{"value":{"greatest":0.5}}""" },
        { "gradients", "\"off\"" },
    };

    [Theory]
    [MemberData(nameof(Bounds))]
    public void GradientsAreBoundedAsPyTorchs(string name, string clipping)
    {
        using var scope = NewDisposeScope();
        using var fixture = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "fixtures", "schedules.json")));
        double[][] Numbers(string of) =>
        [
            .. fixture.RootElement.GetProperty(of).EnumerateArray()
                .Select(each => each.EnumerateArray().Select(number => number.GetDouble()).ToArray()),
        ];
        var leaves = Numbers("gradients").Select(gradient => Leaf(tensor(gradient, [gradient.Length]))).ToList();
        // Outside its epochs a leaf has no gradient.
        leaves.Add(new Leaf("still", zeros([3]), UpdateModule.byDefault));

        GradientClip.Apply(Json.ofText<Clipping>(clipping), leaves);

        foreach (var (expected, leaf) in Numbers(name).Zip(leaves))
        {
            Assert.All(
                expected.Zip(leaf.Value.grad!.data<double>().ToArray()), pair => Assert.Equal(pair.First, pair.Second, 1e-15));
        }

        Assert.Null(leaves[^1].Value.grad);
    }

    [Fact]
    public void AGreatGradientIsScaledDownAndOneThatIsNoNumberStaysNone()
    {
        using var scope = NewDisposeScope();
        // The square of 1e30 is beyond single precision.
        var great = Leaf(tensor([1e30f, 0f], [2]));
        GradientClip.Apply(Clipping.NewNorm(1), [great]);
        Assert.Equal(1, great.Value.grad![0].item<float>(), 1e-6f);

        Leaf[] leaves = [Leaf(tensor([float.NaN], [1])), Leaf(ones([1]))];
        GradientClip.Apply(Clipping.NewNorm(1), leaves);
        Assert.All(leaves, leaf => Assert.Equal(float.NaN, leaf.Value.grad!.item<float>()));
    }

    // A step of plain SGD at rate 1 moves what learns by its gradient.
    [Theory]
    [InlineData(0.01)]
    [InlineData(1e-4)]
    public void InATrainingTheNormIsThatOfWhatLearns(double greatest)
    {
        using var scope = NewDisposeScope();
        var recipe = new TestRecipe(TestNets.Line)
        {
            Data = "random",
            Images = Images.NewFirst(8),
            Batch = 8,
            Optimizer = Optimizer.NewSgd(1, 0, 0, false),
            Clipping = Clipping.NewNorm(greatest),
            Rule = weight => weight.Name == "conv.weight" ? Treatment.NewSlice(0, [1], Stillness.Fixed)
                : weight.Layer == "conv" ? TestNets.Fixed : Treatment.Trained,
        }.Build();
        using var images = TestNets.Synthetic(8);
        var trainer = new Trainer(recipe, images);
        var before = trainer.Weights.State().Select(entry => entry.Value.detach().clone()).ToArray();

        trainer.Epoch(_ => { }, TestContext.Current.CancellationToken);

        var moved = trainer.Weights.State().Zip(before).Sum(pair =>
            (pair.First.Value.detach() - pair.Second).to(float64).square().sum().item<double>());
        Assert.Equal(greatest, Math.Sqrt(moved), 1e-2 * greatest);
    }

    private static Leaf Leaf(Tensor gradient)
    {
        var value = zeros_like(gradient).requires_grad_();
        value.grad = gradient;
        return new Leaf("w", value, UpdateModule.byDefault);
    }
}
