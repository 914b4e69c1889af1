using Freeze.Language;
using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Runtime.Tests.Nets;

/// <summary>Norms that use running statistics are parts of the convolutions before them, and the numbers are the same.</summary>
public sealed class FoldedNormsTests(Sample sample)
{
    // Norms and relus that stand alone behind convolutions with a bias, in groups, whose slices learn, and behind norms.
    private const string Own = """
        net own {
            conv1: conv 8 3x3; bn1: bn; relu6; conv2: conv 8 3x3 groups 8 no bias; bn2: bn; sigmoid
            residual { conv3: conv 12 3x3; bn3: bn; relu; conv4: conv 12 3x3; bn4: bn } shortcut { conv5: conv 12 1x1; bn5: bn }
            relu; globalpool; fc: linear classes
        }
        net own; conv3, conv4: train 3 filters; rest: fixed; norm, linear: train
        """;

    public static TheoryData<string, int> Nets => new()
    {
        { Own, 4 },
        // Convolutions to channels that are constant keep their norms.
        { Own.Replace("conv3, conv4: train 3 filters; rest: fixed", "conv1: train 3 filters; conv3: train; rest: zero; conv2: train", StringComparison.Ordinal), 1 },
        { "net resnet-20", 10 },
        { "net mobilenet-v2", 52 },
        { "net wrn(depth 10, widen 1)", 0 },
    };

    [Theory]
    [MemberData(nameof(Nets))]
    public void FoldedAndUnfoldedANetComputesTheSame(string net, int folds)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var (exact, folded) = Outputs(net, "fp64", folds);
        Assert.InRange(Distance(folded, exact), 0, 1e-12);

        // In single precision as far from the truth as without.
        var (single, foldedSingle) = Outputs(net, "fp32", folds);
        Assert.InRange(Distance(foldedSingle, exact), 0, (1.5 * Distance(single, exact)) + 1e-6);

        var (rounded, foldedRounded) = Outputs(net, "bf16", 0);
        Assert.Equal(rounded.data<double>().ToArray(), foldedRounded.data<double>().ToArray());
    }

    [Fact]
    public void AConvolutionWithItsNormIsWhatTorchMakesOfBoth()
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        Node[] nodes =
        [
            TestNets.Node("input", Operation.Input, [], 2, 5, 5),
            TestNets.Node("conv", Operation.NewConv(4, 3, 3, 2, 1, 1, true, 1, 1), [0], 4, 3, 3),
            TestNets.Node("bn", Operation.NewBatchNorm(1e-3, 0.1), [1], 4, 3, 3),
        ];
        var recipe = new TestRecipe(new Net(nodes, [])) { Precision = Precision.Fp64 }.Build();
        var weights = new WeightTable(recipe);
        // A filter that has answered nearly the same to all images, and one that is cut off.
        var (mean, variance) = (weights.Statistic("bn.running_mean"), weights.Statistic("bn.running_var"));
        mean.copy_(tensor(new[] { 0.5, -2, 0.1, 3 }));
        variance.copy_(tensor(new[] { 1, 1e-12, 4, 0.25 }));
        weights.Value("bn.weight").copy_(tensor(new[] { 1.5, 2, -0.5, 0 }));
        weights.Value("bn.bias").copy_(tensor(new[] { 0, 1.0, 2, -3 }));
        manual_seed(1);
        var x = randn([3, 2, 5, 5], float64);
        var expected = F.batch_norm(
            F.conv2d(x, weights.Value("conv.weight"), weights.Value("conv.bias"), [2, 2], [1, 1]),
            mean, variance, weights.Value("bn.weight"), weights.Value("bn.bias"), eps: 1e-3);
        var before = Bytes(weights);

        var net = new NetExecutor(recipe, weights);
        var norms = net.Fold();

        Assert.True(norms.Holds(2));
        Assert.InRange(Distance(net.Forward(x, norms), expected), 0, 1e-14);
        Assert.Equal(before, Bytes(weights));
    }

    [Fact]
    public void TrainingAfterAnEvaluationHasTheBitsOfTrainingWithoutOne()
    {
        var (with, without) = (Trained(evaluates: true), Trained(evaluates: false));
        Assert.Equal(without, with);
    }

    private byte[][] Trained(bool evaluates)
    {
        using var scope = NewDisposeScope();
        var recipe = new TestRecipe(TestNets.Staged(2)) { Images = Images.NewFirst(96), Epochs = 2 }.Build();
        var trainer = new Trainer(recipe, sample.Images);
        while (!trainer.IsDone)
        {
            trainer.Epoch(_ => { }, TestContext.Current.CancellationToken, () =>
            {
                if (evaluates)
                {
                    trainer.Test(TestContext.Current.CancellationToken);
                }
            });
        }

        return Bytes(trainer.Weights);
    }

    // By training passes the running statistics have moved from where they start.
    private static (Tensor Plain, Tensor Folded) Outputs(string text, string precision, int folds)
    {
        var analysis = Compile.analyse(
            Compile.defaults, new Source("test.frz", $"data cifar10; seed 1; precision {precision}; {text}", 0));
        Assert.DoesNotContain(analysis.Diagnostics, found => found.Severity.IsError);
        var recipe = Assert.Single(analysis.Runs).Recipe;
        var weights = new WeightTable(recipe);
        var net = new NetExecutor(recipe, weights);
        manual_seed(1);
        var images = randn([3, 8, 3, 32, 32], float64);
        Tensor Some(int of) => images.select(0, of).to(precision == "fp64" ? float64 : float32);
        net.Forward(Some(0), training: true);
        net.Forward(Some(1), training: true);
        var norms = net.Fold();
        Assert.Equal(folds, Enumerable.Range(0, recipe.Net.Nodes.Length).Count(norms.Holds));
        return (net.Forward(Some(2), training: false).to(float64), net.Forward(Some(2), norms).to(float64));
    }

    private static double Distance(Tensor found, Tensor expected) =>
        found.sub(expected).abs().max().item<double>() / expected.abs().max().item<double>();

    private static byte[][] Bytes(WeightTable weights) =>
        [.. weights.State().Select(entry => entry.Value.detach().contiguous().bytes.ToArray())];
}
