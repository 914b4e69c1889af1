using Freeze.Runtime.Nets;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Nets;

public sealed class NetExecutorTests
{
    private static readonly Node Input = TestNets.Node("input", Operation.Input, [], 2, 4, 4);

    [Fact]
    public void PaddingIsPerSideAndStrideIsForBoth() =>
        Assert.Equal([3, 5, 2, 3], Forward(Then(Operation.NewConv(5, 3, 1, 2, 1, 1, true, 1, 1), 5, 2, 3)).shape);

    [Fact]
    public void AddSumsAllItsInputsAndConcatLaysThemBesideEachOther()
    {
        using var scope = NewDisposeScope();
        Node[] relu = [Input, TestNets.Node("relu", Operation.Relu, [0], 2, 4, 4)];
        var add = Forward([.. relu, TestNets.Node("add", Operation.Add, [0, 1, 0], 2, 4, 4)]);
        var concat = Forward([.. relu, TestNets.Node("concat", Operation.Concat, [1, 0], 4, 4, 4)]);

        // The input is 1 everywhere.
        Assert.All(add.data<float>().ToArray(), value => Assert.Equal(3, value));
        Assert.Equal([3, 4, 4, 4], concat.shape);
    }

    [Fact]
    public void GlobalPoolIsTheMeanOfEachMap()
    {
        using var scope = NewDisposeScope();
        var images = tensor(Enumerable.Range(0, 32).Select(i => (float)i).ToArray(), [1, 2, 4, 4]);

        Assert.Equal(
            [7.5f, 23.5f], Executor(Then(Operation.GlobalPool, 2)).Forward(images, false).data<float>().ToArray());
    }

    [Fact]
    public void DropoutDropsInTrainingOnlyAndFollowsTheKey()
    {
        using var scope = NewDisposeScope();
        var net = Executor(Then(Operation.NewDropout(0.5), 2, 4, 4));
        float[] Draw(ulong key) => net.Forward(ones([3, 2, 4, 4]), true, key).data<float>().ToArray();

        Assert.True(net.HasDropout);
        Assert.Equal([0, 2], Draw(1).Distinct().Order());
        Assert.Equal(Draw(1), Draw(1));
        Assert.NotEqual(Draw(1), Draw(2));
        Assert.All(net.Forward(ones([3, 2, 4, 4]), false).data<float>().ToArray(), value => Assert.Equal(1, value));
    }

    [Fact]
    public void BatchNormWithAFixedScaleKeepsEstimatingAndEvaluationUsesTheEstimates()
    {
        using var scope = NewDisposeScope();
        var recipe = new TestRecipe(new Net(Then(Operation.NewBatchNorm(0, 0.1), 2, 4, 4), [])) { Rule = _ => TestNets.Fixed };
        var weights = new WeightTable(recipe.Build());
        var net = new NetExecutor(recipe.Build(), weights);
        // Channel 0 holds 1 and 3 alternately: mean 2, variance 1, unbiased 16 / 15. Channel 1 is 5 everywhere.
        var image = Enumerable.Range(0, 32).Select(i => i >= 16 ? 5f : i % 2 == 0 ? 1f : 3f).ToArray();
        var images = tensor(image, [1, 2, 4, 4]);

        net.Forward(images, true);
        net.Forward(images, true);

        // m <- 0.9 m + 0.1 mean from 0, v <- 0.9 v + 0.1 variance from 1, twice.
        var mean = weights.Statistic("x.running_mean").data<float>().ToArray();
        var variance = weights.Statistic("x.running_var").data<float>().ToArray();
        Assert.Equal(0.19 * 2, mean[0], 6);
        Assert.Equal(0.19 * 5, mean[1], 6);
        Assert.Equal(0.81 + (0.19 * 16 / 15), variance[0], 6);
        Assert.Equal(0.81, variance[1], 6);

        var judged = net.Forward(images, false).data<float>().ToArray();
        Assert.Equal((1 - 0.38) / Math.Sqrt(0.81 + (0.19 * 16 / 15)), judged[0], 5);
        Assert.Equal((5 - 0.95) / Math.Sqrt(0.81), judged[31], 5);
        Assert.Equal(mean, weights.Statistic("x.running_mean").data<float>().ToArray());
    }

    [Fact]
    public void BatchNormRefusesOneValuePerChannelInTraining()
    {
        using var scope = NewDisposeScope();
        Node[] nodes =
        [
            Input,
            TestNets.Node("pool", Operation.GlobalPool, [0], 2),
            TestNets.Node("bn", Operation.NewBatchNorm(1e-5, 0.1), [1], 2),
        ];
        var net = Executor(nodes);

        var error = Assert.Throws<RunException>(() => net.Forward(ones([1, 2, 4, 4]), true));

        Assert.Contains("batch size", error.Advice, StringComparison.Ordinal);
        Assert.Equal([1, 2], net.Forward(ones([1, 2, 4, 4]), false).shape);
    }

    [Fact]
    public void ALayerWithoutBiasHasNone()
    {
        using var scope = NewDisposeScope();
        var net = new Net(Then(Operation.NewConv(5, 3, 3, 1, 1, 1, false, 1, 1), 5, 4, 4), []);

        Assert.Equal(["x.weight"], NetModule.weights(net).Select(weight => weight.Name));
        Assert.All(
            Executor(net.Nodes).Forward(zeros([1, 2, 4, 4]), false).data<float>().ToArray(),
            value => Assert.Equal(0, value));
    }

    internal static Node[] Then(Operation operation, params int[] shape) =>
        [Input, TestNets.Node("x", operation, operation.IsAdd || operation.IsConcat ? [0, 0] : [0], shape)];

    internal static Tensor Forward(Node[] nodes)
    {
        using var still = no_grad();
        return Executor(nodes).Forward(ones([3, 2, 4, 4]), training: true);
    }

    private static NetExecutor Executor(Node[] nodes)
    {
        var recipe = new TestRecipe(new Net(nodes, []));
        return new NetExecutor(recipe.Build(), new WeightTable(recipe.Build()));
    }
}
