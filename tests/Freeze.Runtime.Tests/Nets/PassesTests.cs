using Freeze.Runtime.Nets;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Nets;

public sealed class PassesTests
{
    // conv, bn, relu, pool; a second relu that two read; a relu whose input another reads.
    private static readonly Net Net = new(
    [
        TestNets.Node("input", Operation.Input, [], 3, 8, 8),
        TestNets.Node("conv1", Operation.NewConv(4, 3, 3, 1, 1, 1, true), [0], 4, 8, 8),
        TestNets.Node("bn1", Operation.NewBatchNorm(1e-5, 0.1), [1], 4, 8, 8),
        TestNets.Node("relu1", Operation.Relu, [2], 4, 8, 8),
        TestNets.Node("conv2", Operation.NewConv(4, 3, 3, 1, 1, 1, true), [3], 4, 8, 8),
        TestNets.Node("relu2", Operation.Relu, [4], 4, 8, 8),
        TestNets.Node("pool2", Operation.NewMaxPool(2, 2, 0), [5], 4, 4, 4),
        TestNets.Node("bn3", Operation.NewBatchNorm(1e-5, 0.1), [6], 4, 4, 4),
        TestNets.Node("relu3", Operation.Relu, [7], 4, 4, 4),
        TestNets.Node("add", Operation.Add, [8, 7], 4, 4, 4),
        TestNets.Node("relu4", Operation.Relu, [9], 4, 4, 4),
        TestNets.Node("pool4", Operation.NewMaxPool(2, 2, 0), [10], 4, 2, 2),
        TestNets.Node("pool5", Operation.NewMaxPool(2, 2, 0), [9], 4, 2, 2),
        TestNets.Node("sum", Operation.Add, [11, 12], 4, 2, 2),
        TestNets.Node("fc", Operation.NewLinear(2, true), [13], 2),
    ], []);

    [Fact]
    public void ANormAndItsOnlyReaderAreOne() => Assert.Equal([(2, 3)], Passes.CutNorms(Net));

    [Fact]
    public void AReluMovesBehindAPoolWhereNothingElseReadsEitherSide() => Assert.Equal([(5, 6)], Passes.PooledRelus(Net));

    [Fact]
    public void AReluThatIsDoneWithItsNormIsNotDoneAgainBehindAPool()
    {
        var net = new Net(
        [
            .. Net.Nodes[..4],
            TestNets.Node("pool1", Operation.NewMaxPool(2, 2, 0), [3], 4, 4, 4),
        ], []);

        Assert.Equal([(2, 3)], Passes.CutNorms(net));
        Assert.Empty(Passes.PooledRelus(net));
    }

    [Fact]
    public void EveryNodesOutputIsItsOwnWhereItIsAskedFor()
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var nodes = Net.Nodes[..9];
        var recipe = new TestRecipe(new Net(nodes, [])) { Precision = Precision.Fp64 }.Build();
        var executor = new NetExecutor(recipe, new WeightTable(recipe));
        var key = RandomStream.Key(1, "pixels");
        var pixels = Enumerable.Range(0, 2 * 3 * 8 * 8).Select(i => (double)RandomStream.Unit(key, i) - 0.5).ToArray();
        double[] Output(int node) => executor.Forward(tensor(pixels, [2, 3, 8, 8]), training: false, node)
            .contiguous().data<double>().ToArray();

        // Norm and relu, relu and pool: each alone, though they are computed together further on.
        Assert.Contains(Output(2), value => value < 0);
        Assert.Equal(Output(2).Select(value => Math.Max(value, 0)), Output(3));
        Assert.Contains(Output(4), value => value < 0);
        Assert.Equal(Output(4).Select(value => Math.Max(value, 0)), Output(5));
        Assert.All(Output(6), value => Assert.True(value >= 0));
    }
}
