using Freeze.Language;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Results;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Nets;

/// <summary>The library's ResNets and MobileNetV2 against NuGet's TorchVision in the same process, from a file of its weights.</summary>
public sealed class TorchVisionTests : IDisposable
{
    private const int Side = 64;

    private readonly string path = Path.Combine(Directory.CreateTempSubdirectory("freeze-torchvision-").FullName, "w.safetensors");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);

    [Theory]
    [InlineData("resnet-18")]
    [InlineData("resnet-34")]
    [InlineData("resnet-50")]
    [InlineData("mobilenet-v2")]
    public void FromItsWeightsANetHasItsLogits(string name)
    {
        using var scope = NewDisposeScope();
        using var constant = no_grad();
        using var published = Published(name);
        // All but the counters of batches.
        var kept = published.state_dict().Where(entry => entry.Value.is_floating_point()).ToArray();
        foreach (var (tensor, value) in kept)
        {
            value.copy_(torch.tensor(PublishedNet.Values(tensor, value.shape), value.shape));
        }

        using (var file = File.Create(path))
        {
            Safetensors.Write(file, [.. kept.Select(entry => (entry.Key, entry.Value))]);
        }

        published.eval();
        var key = RandomStream.Key(1, "images");
        var images = tensor([.. Enumerable.Range(0, 4 * 3 * Side * Side).Select(i => (4 * RandomStream.Unit(key, i)) - 2)], [4, 3, Side, Side]);
        var expected = published.call(images);
        var recipe = Plan(name);
        var logits = new NetExecutor(recipe, new WeightTable(recipe)).Forward(images, training: false);

        var scale = expected.abs().max().item<float>();
        // Nets that are blind to their images would agree too.
        Assert.InRange(expected.std(0).min().item<float>() / scale, 1e-4f, 1);
        Assert.InRange((logits - expected).abs().max().item<float>() / scale, 0, 1e-5f);
    }

    private static nn.Module<Tensor, Tensor> Published(string name) => name switch
    {
        "resnet-18" => torchvision.models.resnet18(num_classes: 10),
        "resnet-34" => torchvision.models.resnet34(num_classes: 10),
        "resnet-50" => torchvision.models.resnet50(num_classes: 10),
        _ => torchvision.models.mobilenet_v2(num_classes: 10),
    };

    private Recipe Plan(string name)
    {
        var text = $"""
            data folder("none", size {Side}); classes 10; net {name}; precision fp32
            all: train init from "{path}"
            """;
        var analysis = Compile.analyse(Compile.defaults, new Source("test.frz", text, 0));
        // A note would be of a tensor that is left over.
        Assert.Empty(analysis.Diagnostics);
        return Assert.Single(analysis.Runs).Recipe;
    }
}
