using Freeze.Language;
using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using Freeze.Runtime.Training;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Nets;

public sealed class PassTests(PassTests.Pictures pictures) : IClassFixture<PassTests.Pictures>
{
    // conv, bn, relu, pool; a second relu that two read; a relu whose input another reads.
    private static readonly Net Net = new(
    [
        TestNets.Node("input", Operation.Input, [], 3, 8, 8),
        TestNets.Node("conv1", Operation.NewConv(4, 3, 3, 1, 1, 1, true, 1, 1), [0], 4, 8, 8),
        TestNets.Node("bn1", Operation.NewBatchNorm(1e-5, 0.1), [1], 4, 8, 8),
        TestNets.Node("relu1", Operation.Relu, [2], 4, 8, 8),
        TestNets.Node("conv2", Operation.NewConv(4, 3, 3, 1, 1, 1, true, 1, 1), [3], 4, 8, 8),
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

    // Each has something for the passes: convolutions that are fixed in front, that learn in slices of either side, norms
    // and relus, relus and pools, sums.
    public static TheoryData<string, string> Cases => new MatrixTheoryData<string, string>(
        [.. PassModule.all.Select(PassModule.name)],
        [
            "net blog; conv1: fixed; conv2: train 0.4 filters; conv3: train 3 inputs",
            "net wrn(depth 10, widen 1); conv: train 0.3 filters; rest: zero; bn: train; last layer: train",
            "net wrn(depth 10, widen 1); conv1, block1: fixed; block2.unit1.bn1: train from epoch 2; last layer: train",
            "net lenet; conv1: fixed; conv2: train 5 filters; rest: zero",
            // Layers of which nothing is left, with biases and norms that learn, and a block that is its shortcut.
            "net lenet; conv1.weight: zero; rest: train",
            "net wrn(depth 10, widen 1); block2: zero; block2.unit1.shortcut, block2.unit1.bn2: train; rest: train",
            // What a convolution takes along with its norm is read by another one later; 1x1 kernels, whole and sliced.
            """
            net own {
                conv1: conv 6 3x3
                residual { bn; relu; conv2: conv 8 1x1; bn; relu; conv3: conv 8 3x3 } shortcut { conv4: conv 8 1x1 }
                bn; relu; conv5: conv 8 1x1; globalpool; fc: linear classes
            }
            net own; conv5: train 3 filters; conv2: train 2 inputs
            """,
            // Activations of constants, 0 and others, with and without padding behind them; norms that mix them; kernels in groups and
            // dilated that read them and have zero filters of their own.
            """
            net own {
                conv1: conv 8 3x3; sigmoid; conv2: conv 8 3x3; gelu; maxpool 2
                conv3: conv 8 3x3 dilation 2; tanh; conv4: conv 8 3x3 dilation 2 pad none; leakyrelu 0.3; groupnorm 4
                conv5: conv 8 3x3; conv6: conv 8 3x3 groups 2; bn; relu; conv7: conv 8 3x3 groups 8
                conv8: conv 6 1x1; layernorm; gelu; conv9: conv 8 1x1; bn; sigmoid; globalpool; fc: linear classes
            }
            net own; conv: train 3 filters; rest: zero; conv8, norm, linear, conv1.bias: train
            """,
            """
            net own {
                conv1: conv 6 3x3; bn; relu6; padchannels 8; conv2: conv channels 3x3 groups channels; bn; relu6; conv3: conv 8 1x1
                globalpool; fc: linear classes
            }
            net own; conv: train 3 filters; rest: zero; bn, linear, conv1.bias: train
            """,
            "net own { conv1: conv 6 3x3; sigmoid; conv2: conv 4 3x3; layernorm; fc: linear classes }; net own; conv1: zero; conv2.bias: zero; rest: train",
        ]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void WithoutAPassTheNumbersAreTheSame(string pass, string text)
    {
        var recipe = Planned($"""
            data synthetic; images 20; batch 8; validate 6; epochs 2; precision fp64
            optimizer sgd(lr 0.02, momentum 0.9)
            {text}
            """);

        var (expected, records) = pictures.WithAll(text, () => Trained(recipe, PassSet.All));
        var (found, others) = Trained(recipe, PassSet.AllBut([PassModule.tryFind(pass).Value]));

        Assert.Equal(expected.Keys, found.Keys);
        foreach (var (name, values) in expected)
        {
            var norm = Math.Sqrt(values.Sum(value => value * value));
            var distance = Math.Sqrt(values.Zip(found[name], (a, b) => (a - b) * (a - b)).Sum());
            Assert.True(distance <= 1e-9 * norm, $"{name} is off by {distance / norm:e1}");
        }

        Assert.Equal(records[^1].TrainingLoss, others[^1].TrainingLoss, 1e-9);
        Assert.Equal(records[^1].ValidationLoss, others[^1].ValidationLoss, 1e-9);
    }

    [Fact]
    public void WithoutThePrefixPassHistoryBeginsBehindTheFirstLayer()
    {
        using var scope = NewDisposeScope();
        var recipe = new TestRecipe(TestNets.LeNet) { Rule = weight => weight.Layer == "fc2" ? Treatment.Trained : TestNets.Fixed }.Build();
        var weights = new WeightTable(recipe);
        bool IsRecorded(PassSet passes, int node) =>
            new NetExecutor(recipe, weights, passes).Forward(zeros([2, 1, 28, 28]), training: true, node).requires_grad;

        Assert.All([1, 2, 9], node => Assert.False(IsRecorded(PassSet.All, node)));
        Assert.All([1, 2, 9], node => Assert.True(IsRecorded(PassSet.AllBut([Pass.Prefix]), node)));
        Assert.True(IsRecorded(PassSet.All, 10));
    }

    [Fact]
    public void WithoutChannelsLastAPixelsChannelsLieApart()
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var recipe = new TestRecipe(new Net(Net.Nodes[..2], [])).Build();
        var weights = new WeightTable(recipe);
        bool IsInOrder(PassSet passes)
        {
            var output = new NetExecutor(recipe, weights, passes).Forward(zeros([2, 3, 8, 8]), training: false, 1);
            try
            {
                // Only values that lie in the order of their shape can be read.
                return output.bytes.Length > 0;
            }
            catch (InvalidOperationException)
            {
                return false;
            }
        }

        Assert.False(IsInOrder(PassSet.All));
        Assert.True(IsInOrder(PassSet.AllBut([Pass.ChannelsLast])));
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

    private static Recipe Planned(string text)
    {
        var analysis = Compile.analyse(Compile.defaults, new Source("test.frz", text, 0));
        Assert.DoesNotContain(analysis.Diagnostics, found => found.Severity.IsError);
        return Assert.Single(analysis.Runs).Recipe;
    }

    private Outcome Trained(Recipe recipe, PassSet passes)
    {
        using var scope = NewDisposeScope();
        var trainer = new Trainer(recipe, pictures.Images, passes);
        while (!trainer.IsDone)
        {
            trainer.Epoch(_ => { }, TestContext.Current.CancellationToken);
        }

        return new Outcome(
            trainer.Weights.State().ToDictionary(entry => entry.Name, entry => entry.Value.detach().data<double>().ToArray()),
            trainer.Records);
    }

    /// <summary>What a training comes to.</summary>
    internal sealed record Outcome(Dictionary<string, double[]> State, IReadOnlyList<EpochRecord> Records);

    /// <summary>The synthetic set, drawn once, and what comes of each case's training on it with all passes.</summary>
    public sealed class Pictures : IDisposable
    {
        private readonly Folder cache = new();
        private readonly Dictionary<string, Outcome> trained = [];

        public Pictures() => Images = new DataCatalog(null, cache.Path).Load("synthetic", _ => { });

        internal ImageSet Images { get; }

        internal Outcome WithAll(string text, Func<Outcome> train) =>
            trained.TryGetValue(text, out var known) ? known : trained[text] = train();

        public void Dispose()
        {
            Images.Dispose();
            cache.Dispose();
        }
    }
}
