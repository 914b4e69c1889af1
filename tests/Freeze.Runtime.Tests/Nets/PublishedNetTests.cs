using Freeze.Language;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Tests.Training;
using Freeze.Runtime.Training;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Nets;

/// <summary>The library's ResNets and MobileNetV2 against torchvision's, and against PyTorch's after He et al. 2016.</summary>
public sealed class PublishedNetTests : IDisposable
{
    private readonly string path = Path.Combine(Directory.CreateTempSubdirectory("freeze-published-").FullName, "w.safetensors");

    public static TheoryData<string> Names => [.. PublishedNet.All.Keys];

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);

    [Theory]
    [MemberData(nameof(Names))]
    public void ShapesCountsAndLogitsAreTorchvisions(string name)
    {
        var net = PublishedNet.All[name];
        var state = State(Plan($"data folder(\"none\", size {net.Side}); classes 10; net {name}"));
        Assert.Equal(net.State.Select(entry => entry.Shape), state.Select(entry => entry.Shape));
        PublishedNet.Write(path, [.. state.Zip(net.State, (own, published) => (own.Name, published))]);
        var key = RandomStream.Key(1, "images");
        var pixels = Enumerable.Range(0, 10 * 3 * net.Side * net.Side).Select(i => (4 * RandomStream.Unit(key, i)) - 2).ToArray();
        var scale = net.Logits.Max(Math.Abs);
        foreach (var (precision, tolerance) in new[] { ("fp64", 1e-11), ("fp32", 1e-5) })
        {
            var recipe = Plan($"""
                data folder("none", size {net.Side}); classes 10; net {name}; precision {precision}
                all: train init from "{path}"
                """);
            Assert.Equal(net.Parameters, CountsModule.ofWeights(recipe.Weights).Total);
            using var scope = NewDisposeScope();
            using var constant = no_grad();
            var images = tensor(pixels, [10, 3, net.Side, net.Side]).to(Precisions.OfWeights(recipe));
            var logits = new NetExecutor(recipe, new WeightTable(recipe)).Forward(images, training: false);
            Assert.All(
                net.Logits.Zip(logits.to(float64).data<double>().ToArray()),
                pair => Assert.Equal(pair.First / scale, pair.Second / scale, tolerance));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TwentyStepsOfTheLastBlockAreTorchvisions(bool kernels)
    {
        var net = PublishedNet.All["resnet-18"];
        const string Settings = "data folder(\"none\", size 64); classes 10; images 80; net resnet-18; epochs 1; batch 4; shuffle off";
        var names = State(Plan(Settings)).Zip(net.State, (own, published) => (own.Name, published)).ToArray();
        PublishedNet.Write(path, names);
        var recipe = Plan($"""
            {Settings}; precision fp64
            optimizer sgd(lr 0.01, momentum 0.9, decay 5e-4)
            all: fixed init from "{path}"
            block4, fc: train init from "{path}"
            """);
        using var computing = Computing.Begin(recipe);
        using var scope = NewDisposeScope();
        using var images = PolicyFixture.Images([3, 64, 64]);
        var trainer = new Trainer(recipe, images, PolicyTraining.Passes(kernels));
        trainer.Epoch(_ => { }, TestContext.Current.CancellationToken);

        Assert.Equal(1, trainer.Records[0].TrainingLoss / PublishedNet.Steps.Loss, 1e-9);
        var state = trainer.Weights.State().ToDictionary(entry => entry.Name, entry => entry.Value.detach().data<double>().ToArray());
        var compared = 0;
        foreach (var (own, (name, _)) in names)
        {
            if (PublishedNet.Steps.Tensors.TryGetValue(name, out var kept))
            {
                Assert.InRange(kept.Distance(name, state[own]) / kept.Norm, 0, 1e-9);
                compared++;
            }
        }

        Assert.Equal(PublishedNet.Steps.Tensors.Count, compared);
    }

    // Names and shapes in PyTorch's order: each layer's weight and bias, then a batch norm's statistics.
    private static (string Name, long[] Shape)[] State(Recipe recipe) =>
        [.. NetModule.weights(recipe.Net).SelectMany(weight =>
        {
            var shape = Array.ConvertAll(weight.Shape, extent => (long)extent);
            return weight.Kind.IsBatchNorm && weight.IsBias
                ? [(weight.Name, shape), (weight.Layer + ".running_mean", shape), (weight.Layer + ".running_var", shape)]
                : new[] { (weight.Name, shape) };
        })];

    private static Recipe Plan(string text)
    {
        var analysis = Compile.analyse(Compile.defaults, new Source("test.frz", text, 0));
        Assert.DoesNotContain(analysis.Diagnostics, found => found.Severity.IsError);
        return Assert.Single(analysis.Runs).Recipe;
    }
}
