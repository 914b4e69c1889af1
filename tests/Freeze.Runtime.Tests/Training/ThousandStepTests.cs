using Freeze.Language;
using Freeze.Runtime.Training;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Training;

/// <summary>Long runs need no more memory than short ones.</summary>
public sealed class ThousandStepTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("lenet: full")]
    [InlineData("lenet: filters")]
    [InlineData("blog: full")]
    [InlineData("blog: inputs")]
    [InlineData("cnn6: full")]
    [InlineData("cnn6: block")]
    [InlineData("narrow-vgg: full")]
    [InlineData("narrow-vgg: filters zero")]
    [InlineData("wrn-10-1: full")]
    [InlineData("wrn-10-1: filters")]
    [InlineData("densenet-10-4: full")]
    [InlineData("densenet-10-4: row")]
    public void AThousandStepsLeaveNoTensorBehindAndNoMemory(string name)
    {
        using var scope = NewDisposeScope();
        // Epochs of 20 steps of 2 images, at a tenth of the rate: a thousand steps on two images diverge sooner than twenty.
        var text = PolicyCases.Text(name, 1, "fp32")
            .Replace("images 80; epochs 1; batch 4", "images 40; epochs 50; batch 2", StringComparison.Ordinal)
            .Replace("sgd(lr 0.0", "sgd(lr 0.00", StringComparison.Ordinal);
        var recipe = Assert.Single(Compile.analyse(Compile.usual, new Source("test.frz", text, 0)).Runs).Recipe;
        Assert.Equal(50, recipe.Epochs);
        using var images = PolicyFixture.Images(recipe.Net.Nodes[0].Shape);
        var trainer = new Trainer(recipe, images);
        void Epochs(int first, int last)
        {
            for (var epoch = first; epoch <= last; epoch++)
            {
                trainer.Epoch(_ => { }, TestContext.Current.CancellationToken);
            }
        }

        Epochs(1, 5);
        var (tensors, memory) = (Tensor.TotalCount, Resident());
        Epochs(6, 50);

        var growth = (Resident() - memory) / 1e6;
        output.WriteLine($"{growth:0.0} MB more after 1,000 steps than after 100, {Tensor.TotalCount} tensors");
        Assert.Equal(tensors, Tensor.TotalCount);
        // The smallest of the first layers' outputs left behind in each step would be 30 MB; the .NET runtime itself
        // comes to some while it compiles.
        Assert.InRange(growth, double.NegativeInfinity, 16);
    }

    // The memory that the process has, once what nothing needs is given back.
    private static long Resident()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}
