using Freeze.Language;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Tests.Training;
using Freeze.Runtime.Training;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Nets;

/// <summary>
/// The library's ResNets and MobileNetV2 against torchvision's, and against PyTorch's after He et al. 2016, from files with the
/// names of each publisher.
/// </summary>
public sealed class PublishedNetTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("freeze-published-").FullName;

    public static TheoryData<string> Names => [.. PublishedNet.All.Keys];

    public void Dispose() => Directory.Delete(folder, recursive: true);

    // The files of the other publishers have the same tensors under other names: the same state in the same net gives the same logits.
    [Theory]
    [MemberData(nameof(Names))]
    public void FromEachPublishersFileANetHasTheCountsAndLogitsOfPyTorch(string name)
    {
        var net = PublishedNet.All[name];
        var values = net.Values();
        foreach (var publisher in net.Names.Keys)
        {
            net.Write(FileOf(publisher), publisher, values);
        }

        var key = RandomStream.Key(1, "images");
        var pixels = Enumerable.Range(0, 10 * 3 * net.Side * net.Side).Select(i => (4 * RandomStream.Unit(key, i)) - 2).ToArray();
        var scale = net.Logits.Max(Math.Abs);
        foreach (var (precision, tolerance) in new[] { ("fp64", 1e-11), ("fp32", 1e-5) })
        {
            using var scope = NewDisposeScope();
            using var constant = no_grad();
            (Recipe Recipe, WeightTable Weights) From(string publisher)
            {
                var recipe = Plan($"""
                    data folder("none", size {net.Side}); classes 10; net {name}; precision {precision}
                    all: train init from "{FileOf(publisher)}"
                    """);
                Assert.Equal(net.Parameters, CountsModule.ofWeights(recipe.Weights).Total);
                return (recipe, new WeightTable(recipe));
            }

            var (first, weights) = From(net.Names.Keys.First());
            var images = tensor(pixels, [10, 3, net.Side, net.Side]).to(Precisions.OfWeights(first));
            var logits = new NetExecutor(first, weights).Forward(images, training: false);
            Assert.All(
                net.Logits.Zip(logits.to(float64).data<double>().ToArray()),
                pair => Assert.Equal(pair.First / scale, pair.Second / scale, tolerance));

            var state = weights.State().ToArray();
            foreach (var publisher in net.Names.Keys.Skip(1))
            {
                using var each = NewDisposeScope();
                var (other, same) = From(publisher);
                Assert.Equal(first.Net, other.Net);
                var found = same.State().ToArray();
                Assert.Equal(state.Select(entry => entry.Name), found.Select(entry => entry.Name));
                Assert.All(
                    state.Zip(found),
                    pair => Assert.True(pair.First.Value.eq(pair.Second.Value).all().item<bool>(), $"{pair.First.Name}, {publisher}"));
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TwentyStepsOfTheLastBlockAreTorchvisions(bool kernels)
    {
        var net = PublishedNet.All["resnet-18"];
        var path = FileOf("torchvision");
        net.Write(path, "torchvision", net.Values());
        var recipe = Plan($"""
            data folder("none", size 64); classes 10; images 80; net resnet-18; epochs 1; batch 4; shuffle off
            precision fp64; optimizer sgd(lr 0.01, momentum 0.9, decay 5e-4)
            all: fixed init from "{path}"
            block4, fc: train init from "{path}"
            """);
        using var computing = Computing.Begin(recipe);
        using var scope = NewDisposeScope();
        using var images = PolicyFixture.Images([3, 64, 64]);
        var trainer = new Trainer(recipe, images, PolicyTraining.Passes(kernels));
        trainer.Epoch(_ => { }, TestContext.Current.CancellationToken);

        Assert.Equal(1, trainer.Records[0].TrainingLoss / PublishedNet.Steps.Loss, 1e-9);
        var layers = recipe.Weights.ToDictionary(plan => Published(plan), plan => plan.Weight.Layer);
        var state = trainer.Weights.State().ToDictionary(entry => entry.Name, entry => entry.Value.detach().data<double>().ToArray());
        foreach (var (name, kept) in PublishedNet.Steps.Tensors)
        {
            var at = name.LastIndexOf('.');
            var weight = name.EndsWith(".bias", StringComparison.Ordinal) ? "bias" : "weight";
            var own = layers[$"{name[..at]}.{weight}"] + name[at..];
            Assert.InRange(kept.Distance(name, state[own]) / kept.Norm, 0, 1e-9);
        }
    }

    private string FileOf(string publisher) => Path.Combine(folder, publisher + ".safetensors");

    // What the weight is called in the file that it starts from.
    private static string Published(WeightPlan plan)
    {
        var layer = ((Start.File)plan.Start).Layer;
        return (layer.Length == 0 ? plan.Weight.Layer : layer) + (plan.Weight.IsBias ? ".bias" : ".weight");
    }

    private static Recipe Plan(string text)
    {
        var analysis = Compile.analyse(Compile.defaults, new Source("test.frz", text, 0));
        // A note would be of a tensor that is left over.
        Assert.Empty(analysis.Diagnostics);
        return Assert.Single(analysis.Runs).Recipe;
    }
}
