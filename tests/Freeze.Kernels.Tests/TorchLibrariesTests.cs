using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Kernels.Tests;

// TorchSharp's own optimizer holds no number: see Arithmetic.
[Collection(Alone.Name)]
public sealed class TorchLibrariesTests
{
    [Fact]
    public void ALinearLayerLearnsALine()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(1);
        var layer = nn.Linear(2, 1);
        var optimizer = optim.SGD(layer.parameters(), 0.1);
        var inputs = randn(64, 2);
        var targets = inputs.matmul(tensor(new[] { 2f, -3f }).reshape(2, 1)) + 1;
        for (var step = 0; step < 200; step++)
        {
            optimizer.zero_grad();
            nn.functional.mse_loss(layer.call(inputs), targets).backward();
            optimizer.step();
        }

        Assert.Equal([2f, -3f], layer.weight!.data<float>().ToArray(), (a, b) => MathF.Abs(a - b) < 1e-3f);
        Assert.Equal(1f, layer.bias!.item<float>(), 1e-3f);
    }

    [Fact]
    public void LibtorchLiesInOneFolderOutsideTheOutput()
    {
        Assert.False(TorchLibraries.Folder.StartsWith(AppContext.BaseDirectory, StringComparison.Ordinal));
        Assert.DoesNotContain(
            Directory.EnumerateFiles(AppContext.BaseDirectory, "*", SearchOption.AllDirectories),
            file => Path.GetFileName(file).Contains("torch", StringComparison.OrdinalIgnoreCase)
                && new FileInfo(file).Length > 10 << 20);
    }

    [Fact]
    public void KernelsAreThereOrAReasonIs() =>
        Assert.Equal(TorchLibraries.HasKernels, TorchLibraries.KernelsProblem is null);
}
