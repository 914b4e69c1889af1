using Freeze.Language;
using Freeze.Runtime.Training;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Training;

/// <summary>Long runs need no more memory than short ones.</summary>
[Collection(Alone.Name)]
public sealed class LongTrainingTests(ITestOutputHelper output) : IClassFixture<LongTrainingTests.TrainedBefore>
{
    /// <summary>
    /// A process that has trained: in its first steps the .NET runtime compiles what is called often, and its
    /// collector takes its reserves, some 20 to 30 MB.
    /// </summary>
    public sealed class TrainedBefore
    {
        /// <summary>Trains.</summary>
        public TrainedBefore()
        {
            using var scope = NewDisposeScope();
            set_num_threads(1);
            Train("lenet: full", () => { });
        }
    }

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
    public void HundredsOfStepsLeaveNoTensorBehindAndNoMemory(string name)
    {
        using var scope = NewDisposeScope();
        var (tensors, memory) = (0L, 0L);
        Train(name, () => (tensors, memory) = (Tensor.TotalCount, Resident()));

        var growth = (Resident() - memory) / 1e6;
        output.WriteLine($"{growth:0.0} MB more after 160 steps than after 25, {Tensor.TotalCount} tensors");
        Assert.Equal(tensors, Tensor.TotalCount);
        // The smallest of the first layers' outputs left behind in each step would be 18 MB; the .NET runtime itself
        // comes to some while it compiles.
        Assert.InRange(growth, double.NegativeInfinity, 16);
    }

    // 160 steps; calls back after 25. Tensors live as long as the caller's scope.
    private static void Train(string name, Action afterTenth)
    {
        // Epochs of 5 steps of 8 images, at a tenth of the rate: hundreds of steps on few images diverge sooner than twenty.
        var text = PolicyCases.Text(name, 1, "fp32")
            .Replace("images 80; epochs 1; batch 4", "images 40; epochs 32; batch 8", StringComparison.Ordinal)
            .Replace("sgd(lr 0.0", "sgd(lr 0.00", StringComparison.Ordinal);
        var recipe = Assert.Single(Compile.analyse(Compile.defaults, new Source("test.frz", text, 0)).Runs).Recipe;
        Assert.Equal(32, recipe.Epochs);
        using var images = PolicyFixture.Images(recipe.Net.Nodes[0].Shape);
        var trainer = new Trainer(recipe, images);
        for (var epoch = 1; epoch <= recipe.Epochs; epoch++)
        {
            trainer.Epoch(_ => { }, TestContext.Current.CancellationToken);
            if (epoch == 5)
            {
                afterTenth();
            }
        }
    }

    // The memory that the process has, once what nothing needs is given back.
    private static long Resident()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        // The collector's own reserves too, which differ by some 30 MB from run to run.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}
