using System.Diagnostics;
using Freeze.Kernels;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Runtime.Nets;

/// <summary>Computes a net by taking the steps of its program in order.</summary>
internal sealed partial class NetExecutor
{
    private readonly Net net;
    private readonly WeightTable weights;
    private readonly PassSet passes;
    private readonly Graph graph;
    private readonly HashSet<string> frozen;
    private readonly ScalarType precise;
    private readonly ScalarType activations;

    // For each node, which channels depend on the image and which are constant; null if all depend on it.
    private readonly ChannelSplit?[] splits;

    // Keyed by the node whose output they compute.
    private readonly Dictionary<int, Step[]> programs = [];

    // The norms that are folded in the current forward pass.
    private FoldedNorms? folded;

    // Keyed by the node that reads them: whether untrained constants are all zero.
    private readonly Dictionary<int, bool> nothing = [];

    // The growing maps of the current forward pass, keyed by the concatenation that appended their last channels.
    private readonly Dictionary<int, Growth> growing = [];

    /// <param name="recipe">Has the net and its precision.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="passes">The passes to use; null for all.</param>
    public NetExecutor(Recipe recipe, WeightTable weights, PassSet? passes = null)
    {
        (net, this.weights, this.passes) = (recipe.Net, weights, passes ?? PassSet.All);
        graph = new Graph(this.passes.Has(Pass.Kernels));
        frozen = [.. recipe.FrozenStatistics];
        (precise, activations) = (Precisions.OfWeights(recipe), Precisions.OfActivations(recipe));
        splits = Splits(LiveChannels.ofNet(this.passes, net, [.. weights.Planned.Select(weight => weight.Plan)]));
        HasDropout = net.Nodes.Any(node => node.Operation is Operation.Dropout);
    }

    /// <summary>Whether the net draws random numbers while training.</summary>
    public bool HasDropout { get; }

    /// <summary>Whether native kernels are used where they can be.</summary>
    public bool HasKernels => graph.HasKernels;

    /// <summary>Logits [batch, classes] of images [batch, channels, height, width].</summary>
    /// <param name="images">Normalised images, or features [batch, …] if the net begins at a stage's features.</param>
    /// <param name="training">
    /// Whether batch norms use (and update) the batch's statistics and dropout drops. Given at each call, so that no mode
    /// can be left wrong.
    /// </param>
    /// <param name="key">The random key of dropout in training.</param>
    public Tensor Forward(Tensor images, bool training, ulong key = 0) => Forward(images, training, net.Nodes.Length - 1, key);

    /// <summary>Adds the gradients of a loss that was computed from this net's output to all trained weights.</summary>
    public void Backward(Tensor loss) => graph.Run(loss);

    /// <summary>The output [batch, …] of a node; later nodes are not computed.</summary>
    /// <inheritdoc cref="Forward(Tensor, bool, ulong)"/>
    public Tensor Forward(Tensor images, bool training, int upTo, ulong key = 0) => Forward(images, training, upTo, key, null);

    /// <summary>The output [batch, …] of the node that norms were folded for, in evaluation mode.</summary>
    public Tensor Forward(Tensor images, FoldedNorms norms) => Forward(images, training: false, norms.UpTo, 0, norms);

    /// <summary>Folds norms into convolutions for computing the output of a node, by default the last one.</summary>
    public FoldedNorms Fold(int? upTo = null)
    {
        var last = upTo ?? net.Nodes.Length - 1;
        // In bfloat16 folding does not improve accuracy. Constant channels are not convolved, so their norms cannot be folded.
        var folds = activations == precise ? Programs.folds(passes, ProgramOf(last)) : [];
        return new(weights, last, folds.Where(fold => splits[fold.ConvOutput] is null && splits[fold.NormOutput] is null));
    }

    private Step[] ProgramOf(int upTo) => programs.TryGetValue(upTo, out var known)
        ? known
        : programs[upTo] = Programs.ofNet(passes, net, upTo);

    private Tensor Forward(Tensor images, bool training, int upTo, ulong key, FoldedNorms? norms)
    {
        var program = ProgramOf(upTo);
        var outputs = new Channels[upTo + 1];
        growing.Clear();
        folded = norms;
        images = InOrder(As(images));
        foreach (var step in program)
        {
            var inputs = Array.ConvertAll(step.Inputs, input => outputs[input]);
            var output = step.Output == 0 ? new(images) : Recorded(Compute(step, inputs, training, key));
            outputs[step.Output] = output;
            Replace(outputs, step.Inputs, inputs);
            // After that, only the tensors that gradients need stay alive.
            foreach (var input in step.LastRead.Where(input => !ReferenceEquals(outputs[input].Live, output.Live)))
            {
                outputs[input].Live.Dispose();
            }
        }

        var last = outputs[upTo].Whole();
        return activations == precise ? last : last.to(precise);
    }

    // The tensor that a norm has put in place of its input, for later readers of that input.
    private static void Replace(Channels[] outputs, int[] places, Channels[] inputs)
    {
        for (var i = 0; i < places.Length; i++)
        {
            if (!ReferenceEquals(outputs[places[i]].Live, inputs[i].Live))
            {
                outputs[places[i]].Live.Dispose();
                outputs[places[i]] = inputs[i];
            }
        }
    }

    private Tensor InOrder(Tensor values) => passes.Has(Pass.ChannelsLast) ? ChannelsLast(values) : values;

    // Keeps a pixel's channels side by side in memory: libtorch's loops and ours are fastest with this order. Features
    // after a linear layer have no pixels.
    private static Tensor ChannelsLast(Tensor values) => values.shape switch
    {
        // Both orders are the same here, and libtorch assumes the other one unless the strides say which.
        [var images, 1, var height, var width] => values.reshape(images, height, width, 1).permute(0, 3, 1, 2),
        [_, _, _, _] => values.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2),
        _ => values,
    };

    // Without the prefix pass, gradients reach back to the output of the first layer although it is fixed, as they do if
    // the gradients of fixed weights are masked.
    private Channels Recorded(Channels output) =>
        !passes.Has(Pass.Prefix) && !output.Live.requires_grad && is_grad_enabled() && weights.Leaves.Count > 0
            ? output with { Live = output.Live.requires_grad_() }
            : output;

    /// <summary>A value in the precision of the activations; its gradient has the precision of the value.</summary>
    private Tensor As(Tensor value) => activations == precise ? value : value.to(activations);

    private Channels Compute(Step step, Channels[] inputs, bool training, ulong key)
    {
        var overwrites = step.Overwrites && !Array.Exists(inputs, input => input.Live.requires_grad);
        if (folded?.Holds(step.Output) == true)
        {
            return step.Work.IsNormRelu ? inputs[0] with { Live = F.relu(inputs[0].Live, overwrites) } : inputs[0];
        }

        var read = inputs[0].Live;
        var output = step.Work switch
        {
            Work.NormReluConv both => NormaliseAndConvolve(step.Output, both, inputs[0], ref read, training),
            Work.NormRelu both => Normalise(both.Norm, inputs[0], ref read, training, relu: true),
            Work.ReluPool both => Pool((Operation.MaxPool)both.Pool.Operation, inputs[0], relu: true),
            Work.Grow grow => Grow(step.Output, grow, inputs),
            Work.Node alone => Compute(step.Output, alone.Node, inputs, ref read, overwrites, training, key),
            _ => throw new UnreachableException($"no computation for plan case {step.Work}"),
        };
        inputs[0] = inputs[0] with { Live = read };
        return output;
    }

    private Channels Compute(
        int place, Node node, Channels[] inputs, ref Tensor read, bool overwrites, bool training, ulong key)
    {
        var (input, split) = (inputs[0], splits[place]);
        return node.Operation switch
        {
            Operation.Conv => Convolve(place, node, input, ref read, null),
            Operation.Linear linear => new(Multiply(node, linear, input)),
            Operation.BatchNorm => Normalise(node, input, ref read, training, relu: false),
            Operation.GroupNorm or Operation.LayerNorm => Normalise(node, input),
            { IsRelu: true } => Each(input, values => F.relu(values, overwrites)),
            { IsRelu6: true } => Each(input, values => F.relu6(values, overwrites)),
            Operation.LeakyRelu leaky => Each(input, values => values.LeakyRelu(leaky.Slope)),
            { IsGelu: true } => Each(input, values => values.gelu()),
            { IsSigmoid: true } => Each(input, values => values.sigmoid()),
            { IsTanh: true } => Each(input, values => values.tanh()),
            Operation.MaxPool pool => Pool(pool, input, relu: false),
            Operation.AvgPool pool when split is null => new(F.avg_pool2d(input.Whole(), pool.Size, pool.Stride, pool.Padding)),
            Operation.AvgPool pool => input with { Live = F.avg_pool2d(input.Live, pool.Size, pool.Stride, pool.Padding) },
            { IsGlobalPool: true } => input with { Live = input.Live.mean([2, 3]) },
            { IsFlatten: true } => split is null ? new(input.Live.flatten(1)) : ConstantChannels.Flatten(input, split),
            Operation.Dropout dropout => new(Drop(node, input.Whole(), dropout.Probability, training, key)),
            { IsAdd: true } => Sum(split, inputs, overwrites),
            { IsConcat: true } => Join(place, inputs, null),
            Operation.PadChannels pad => new(PadChannels(input.Whole(), pad.Channels)),
            _ => throw new UnreachableException($"no computation for plan case {node.Operation}"),
        };
    }

    // Each layer draws its own numbers, by its name, because its index differs in a part of the net.
    private Tensor Drop(Node node, Tensor input, double fraction, bool training, ulong key) => training && fraction > 0
        ? Dropout.Of(graph, input, fraction, key ^ RandomStream.Key(0, node.Name))
        : input.alias();

    // Equal splits share one object, so that nodes with the same channels can be recognised.
    private ChannelSplit?[] Splits(int[]?[] live)
    {
        var known = new List<ChannelSplit>();
        return [.. live.Zip(net.Nodes, (channels, node) =>
        {
            if (channels is null)
            {
                return null;
            }

            var same = known.Find(split => split.Equals(channels) && split.Lives + split.Constants == node.Shape[0]);
            if (same is null)
            {
                known.Add(same = new(channels, node.Shape[0]));
            }

            return same;
        })];
    }
}
