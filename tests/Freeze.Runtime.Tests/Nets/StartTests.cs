using Freeze.Kernels;
using System.Security.Cryptography;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Results;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Nets;

public sealed class StartTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("freeze-start-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(6, 20)]
    [InlineData(20, 6)]
    [InlineData(8, 8)]
    public void AnOrthogonalStartHasOrthonormalRowsOrColumns(int rows, int columns)
    {
        var values = Start(Freeze.Start.Orthogonal, rows, columns);
        var (count, length) = rows <= columns ? (rows, columns) : (columns, rows);
        double At(int vector, int i) => rows <= columns ? values[(vector * columns) + i] : values[(i * columns) + vector];
        for (var a = 0; a < count; a++)
        {
            for (var b = 0; b <= a; b++)
            {
                var dot = Enumerable.Range(0, length).Sum(i => At(a, i) * At(b, i));
                // Entries are rounded to single precision.
                Assert.Equal(a == b ? 1 : 0, dot, 1e-6);
            }
        }

        Assert.NotEqual(values, Start(Freeze.Start.Orthogonal, rows, columns, seed: 2));
    }

    [Fact]
    public void AHadamardStartHasRowsOfNormOneThatAreOrthogonalWhereTheyAreWhole()
    {
        var values = Start(Freeze.Start.Hadamard, 8, 16);
        Assert.All(values, value => Assert.Equal(0.25f, Math.Abs(value)));
        for (var a = 0; a < 8; a++)
        {
            for (var b = 0; b < 8; b++)
            {
                Assert.Equal(a == b ? 1 : 0, Enumerable.Range(0, 16).Sum(i => values[(a * 16) + i] * values[(b * 16) + i]));
            }
        }
    }

    [Fact]
    public void WeightsOfARunStartAnother()
    {
        using var scope = NewDisposeScope();
        var path = Path.Combine(folder, "w.safetensors");
        var first = new WeightTable(new TestRecipe(TestNets.Small).Build());
        first.Statistic("bn.running_mean").PlusInPlace(2);
        WholeFile.Write(path, stream => Safetensors.Write(stream, [.. first.State()]));

        var start = Freeze.Start.NewFile(path, Digest(path), "");
        var second = new WeightTable(new TestRecipe(TestNets.Small) { Seed = 2, Start = _ => start }.Build());

        foreach (var ((name, value), (_, other)) in first.State().Zip(second.State()))
        {
            Assert.True(value.detach().bytes.SequenceEqual(other.detach().bytes), name);
        }
    }

    [Fact]
    public void AFileThatHasChangedOrDoesNotFitIsRefused()
    {
        using var scope = NewDisposeScope();
        var path = Path.Combine(folder, "w.safetensors");
        WholeFile.Write(path, stream => Safetensors.Write(stream, [("conv1.weight", ones([2, 2]))]));
        var digest = Digest(path);

        Refused(path, "0000", "has changed since the run was planned");
        Refused(path, digest, "is of shape 2x2");
        Refused(Path.Combine(folder, "none"), digest, "is not on this machine");
        File.WriteAllText(path, "no tensors");
        Refused(path, Digest(path), "not a valid safetensors file");
    }

    [Fact]
    public void TheLargestFiltersAreThoseOfTheGreatestNormAndTheirBiasesGoWithThem()
    {
        using var scope = NewDisposeScope();
        var recipe = new TestRecipe(TestNets.Small)
        {
            Rule = weight => weight.Layer == "conv2" ? Treatment.NewLargest(0, 2, Stillness.Zero) : Treatment.Trained,
        }.Build();
        var table = new WeightTable(recipe);
        var plan = recipe.Weights.Single(plan => plan.Weight.Name == "conv2.weight");
        var start = Initializer.Start(plan, recipe.Seed).Chunk(4 * 9).Select(filter => filter.Sum(x => (double)x * x)).ToArray();
        var expected = Enumerable.Range(0, 6).OrderByDescending(i => start[i]).Take(2).Order().ToArray();

        foreach (var name in new[] { "conv2.weight", "conv2.bias" })
        {
            Assert.Equal(expected, ((Treatment.Slice)table[name].Plan.Treatment).Indices);
        }
    }

    [Fact]
    public void FrozenStatisticsNormaliseInTrainingTooAndDoNotMove()
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var recipe = new TestRecipe(TestNets.Small) { FrozenStatistics = ["bn"] };
        var weights = new WeightTable(recipe.Build());
        var net = new NetExecutor(recipe.Build(), weights);
        var images = tensor([.. Enumerable.Range(0, 2 * 784).Select(i => (i * 37 % 101) / 50f)], [2, 1, 28, 28]);

        var training = net.Forward(images, training: true).data<float>().ToArray();

        Assert.Equal(training, net.Forward(images, training: false).data<float>().ToArray());
        Assert.All(weights.Statistic("bn.running_mean").data<float>().ToArray(), value => Assert.Equal(0, value));
        Assert.All(weights.Statistic("bn.running_var").data<float>().ToArray(), value => Assert.Equal(1, value));
    }

    private static float[] Start(Start start, int rows, int columns, long seed = 1) => Initializer.Start(
        new WeightPlan(
            new Weight("w.weight", "w", LayerKind.Linear, false, [rows, columns], columns, rows),
            start,
            Treatment.Trained,
            UpdateModule.byDefault),
        seed);

    private static string Digest(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));

    private static void Refused(string path, string digest, string reason)
    {
        var recipe = new TestRecipe(TestNets.Small) { Start = _ => Freeze.Start.NewFile(path, digest, "") };
        var error = Assert.ThrowsAny<RunException>(() => new WeightTable(recipe.Build()));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }
}
