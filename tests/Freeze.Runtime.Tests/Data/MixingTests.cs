using Freeze.Runtime.Data;
using Freeze.Runtime.Training;
using Xunit;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Runtime.Tests.Data;

public sealed class MixingTests
{
    private static readonly TestRecipe Recipe = new(TestNets.Line)
    {
        Images = Images.All,
        Validation = Validation.NewHeldOut(20),
        Augmentations = [Augmentation.NewMixup(0.4)],
        Precision = Precision.Fp64,
    };

    [Fact]
    public void AnImageIsMixedWithAnotherThatIsTrainedOn()
    {
        using var scope = NewDisposeScope();
        using var set = TestNets.Synthetic(50);
        var batches = new Batches(set, Recipe.Build());
        using var plain = batches.Prepare(set.Training, Enumerable.Range(0, 50).Select(i => (long)i).ToArray());
        var pixels = plain.Images.data<double>().ToArray();
        using var mixed = batches.Prepare(3, batches.Training);
        var found = mixed.Images.data<double>().ToArray();
        var (partners, mix) = (new HashSet<long>(), mixed.Mix!);
        for (var i = 0; i < batches.Training.Length; i++)
        {
            var (own, share) = (batches.Training[i], mix.Shares[i]);
            // The one image with which it comes out, in all pixels.
            var other = Assert.Single(batches.Training, place => Enumerable.Range(0, 16).All(pixel => Math.Abs(
                (share * pixels[(own * 16) + pixel]) + ((1 - share) * pixels[(place * 16) + pixel]) - found[(i * 16) + pixel]) < 1e-12));
            partners.Add(other);
            Assert.Equal(other % 2, mix.Labels[i]);
            Assert.Equal(own % 2, mixed.Labels[i]);
        }

        Assert.True(partners.Count > 10, $"{partners.Count} partners");
    }

    [Fact]
    public void ShareAndOtherDependOnNoOrderAndAreNewInEachEpoch()
    {
        using var scope = NewDisposeScope();
        using var set = TestNets.Synthetic(50);
        var batches = new Batches(set, Recipe.Build());
        double[] Of(int epoch, params long[] places)
        {
            using var batch = batches.Prepare(epoch, places);
            return [.. batch.Images.data<double>().ToArray(), .. batch.Mix!.Shares];
        }

        var (first, both) = (Of(1, 7), Of(1, 9, 7));
        Assert.Equal(first[..16], both[16..32]);
        Assert.Equal(first[16], both[33]);
        Assert.NotEqual(first, Of(2, 7));
        Assert.Null(new Batches(set, (Recipe with { Augmentations = [] }).Build()).Prepare(1, [7]).Mix);
    }

    // Beta(a, a) has mean 1/2 and variance 1 / (8 a + 4); within some four standard errors.
    [Theory]
    [InlineData(0.2)]
    [InlineData(1)]
    [InlineData(4)]
    public void SharesAreOfTheBetaDistribution(double alpha)
    {
        var shares = Enumerable.Range(0, 20000).Select(place => Drawn(alpha, place)).ToArray();
        var variance = shares.Sum(share => Math.Pow(share - 0.5, 2)) / shares.Length;
        Assert.Equal(0.5, shares.Average(), 4 * Math.Sqrt(variance / shares.Length));
        Assert.Equal(1 / ((8 * alpha) + 4), variance, 0.04 * variance);
    }

    [Theory]
    [InlineData(0.01)]
    [InlineData(100)]
    public void SharesAreNumbersAtTheLimitsOfAlpha(double alpha) =>
        Assert.All(Enumerable.Range(0, 20000), place => Assert.InRange(Drawn(alpha, place), 0, 1));

    [Theory]
    [InlineData(0)]
    [InlineData(0.1)]
    public void TheLossIsTheCrossEntropyWithBothLabelsInTheirShares(double smoothing)
    {
        using var scope = NewDisposeScope();
        var output = tensor(new[] { 1.0, -2, 0.5, 0.25, 3, -1 }, [2, 3]);
        var (own, other, shares) = (tensor([0L, 2], [2]), tensor([1L, 2], [2]), tensor(new[] { 0.7, 0.4 }, [2]));
        var batch = new Batch(output, own, (other, shares));

        var loss = Objective.Of(Loss.NewCrossEntropy(smoothing), output, batch, training: true);

        // Of image 1 both are of class 2.
        double[] target = [0.7, 0.3, 0, 0, 0, 1];
        var smooth = tensor(Array.ConvertAll(target, share => ((1 - smoothing) * share) + (smoothing / 3)), [2, 3]);
        Assert.Equal(-smooth.mul(F.log_softmax(output, 1)).sum().item<double>() / 2, loss.item<double>(), 1e-12);
        // Judged, an image is its own. Image 0 is taken for its own class; image 1 is wrong either way.
        Assert.Equal(
            F.cross_entropy(output, own).item<double>(),
            Objective.Of(Loss.NewCrossEntropy(smoothing), output, batch with { Mixed = null }, training: false).item<double>(),
            1e-12);
        Assert.Equal(1, Objective.Right(Loss.NewCrossEntropy(0), output, batch).item<long>());
        Assert.Equal(0, Objective.Right(Loss.NewCrossEntropy(0), output, new Batch(output, own, (other, 1 - shares))).item<long>());
    }

    private static double Drawn(double alpha, int place)
    {
        var draws = new Draws(RandomStream.Key(1, "shares"), place);
        return draws.Beta(alpha);
    }
}
