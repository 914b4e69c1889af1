using System.Diagnostics;
using Freeze.Kernels;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Runtime.Nets;

/// <summary>Computes a net: walks its nodes in order and applies each one's operation.</summary>
/// <param name="recipe">The net, and in what precision it computes.</param>
/// <param name="weights">Its weights.</param>
/// <param name="passesInForce">How it may compute less, or faster; null for all passes.</param>
internal sealed partial class NetExecutor(Recipe recipe, WeightTable weights, PassSet? passesInForce = null)
{
    private readonly Net net = recipe.Net;
    private readonly PassSet passes = passesInForce ?? PassSet.All;
    private readonly Graph graph = new((passesInForce ?? PassSet.All).Has(Pass.Kernels));
    private readonly HashSet<string> frozen = [.. recipe.FrozenStatistics];

    private readonly ScalarType precise = Precisions.OfWeights(recipe);
    private readonly ScalarType activations = Precisions.OfActivations(recipe);

    // By the node that does the work of two: the relu of a norm is done with it, that of a pool behind it.
    private readonly Dictionary<int, int> reluOfNorm =
        Passes.cutNorms(passesInForce ?? PassSet.All, recipe.Net).ToDictionary(pair => pair.First, pair => pair.Second);
    private readonly Dictionary<int, int> poolOfRelu =
        Passes.pooledRelus(passesInForce ?? PassSet.All, recipe.Net).ToDictionary(pair => pair.First, pair => pair.Second);

    // Of each node, which channels are constant; null where none is.
    private readonly ChannelSplit?[] splits = Splits(recipe, weights, passesInForce ?? PassSet.All);

    // By the node that reads them, whether constants are nothing while they do not learn.
    private readonly Dictionary<int, bool> nothing = [];

    // By the convolution that does the work of a norm and its relu too.
    private readonly Dictionary<int, int> normOfConv =
        Passes.convolvedNorms(passesInForce ?? PassSet.All, recipe.Net).ToDictionary(pair => pair.Second, pair => pair.First);

    /// <summary>Whether the net draws random numbers while training.</summary>
    public bool HasDropout { get; } = recipe.Net.Nodes.Any(node => node.Operation is Operation.Dropout);

    /// <summary>Logits [batch, classes] of images [batch, channels, height, width].</summary>
    /// <param name="images">Normalised images; or features [batch, …] where the net begins at those of a stage.</param>
    /// <param name="training">
    /// Whether batch norms use (and move) the batch's statistics and dropout drops: decided at each call, so that
    /// nothing can be left in the wrong mode.
    /// </param>
    /// <param name="key">What dropout draws by in training.</param>
    public Tensor Forward(Tensor images, bool training, ulong key = 0) => Forward(images, training, net.Nodes.Length - 1, key);

    /// <summary>Whether native kernels compute where they can.</summary>
    public bool HasKernels => graph.HasKernels;

    /// <summary>Adds the gradient of a loss that this net has led to, to all that learns.</summary>
    public void Backward(Tensor loss) => graph.Run(loss);

    /// <summary>The output [batch, …] of a node, of which only what is in front of it is computed.</summary>
    /// <inheritdoc cref="Forward(Tensor, bool, ulong)"/>
    public Tensor Forward(Tensor images, bool training, int upTo, ulong key = 0)
    {
        var outputs = new Channels[upTo + 1];
        images = As(images);
        images = passes.Has(Pass.ChannelsLast) ? ChannelsLast(images) : images;
        var done = DoneByOthers(upTo);
        // Where the output of a node lies: one that is done by another passes on what it is given.
        int Source(int node) => done.Contains(node) ? Source(net.Nodes[node].Inputs[0]) : node;
        var lastReader = new int[outputs.Length];
        for (var i = 0; i < outputs.Length; i++)
        {
            foreach (var input in net.Nodes[i].Inputs)
            {
                lastReader[Source(input)] = i;
            }
        }

        for (var i = 0; i < outputs.Length; i++)
        {
            var node = net.Nodes[i];
            if (done.Contains(i))
            {
                outputs[i] = outputs[node.Inputs[0]];
                continue;
            }

            outputs[i] = node.Operation.IsInput ? new(images, null)
                : Recorded(Apply(i, [.. node.Inputs.Select(input => outputs[input])], training, done, key));
            // After that, only what gradients need lives on.
            foreach (var input in node.Inputs.Select(Source).Where(input =>
                lastReader[input] == i && input > 0 && !ReferenceEquals(outputs[input].Live, outputs[i].Live)))
            {
                outputs[input].Live.Dispose();
            }
        }

        var last = Whole(upTo, outputs[^1]);
        return activations == precise ? last : last.to(precise);
    }

    // The nodes whose work another one does, if that is computed.
    private HashSet<int> DoneByOthers(int upTo) =>
    [
        .. reluOfNorm.Values.Where(relu => relu <= upTo),
        .. poolOfRelu.Where(pair => pair.Value <= upTo).Select(pair => pair.Key),
        .. normOfConv.Where(pair => pair.Key <= upTo && splits[pair.Value] is null).Select(pair => pair.Value),
    ];

    // In memory a pixel's channels lie side by side, and so they stay: libtorch's and our loops are fastest so. Features
    // behind a linear layer have no pixels.
    private static Tensor ChannelsLast(Tensor values) => values.shape switch
    {
        // Both orders are one, and libtorch takes it for the other unless the strides say which.
        [var images, 1, var height, var width] => values.reshape(images, height, width, 1).permute(0, 3, 1, 2),
        [_, _, _, _] => values.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2),
        _ => values,
    };

    // Without the prefix pass gradients reach back to the first layer though it is fixed, as they do where fixed weights'
    // gradients are masked: its output is where they end.
    private Channels Recorded(Channels output) =>
        !passes.Has(Pass.Prefix) && !output.Live.requires_grad && is_grad_enabled() && weights.Leaves.Count > 0
            ? output with { Live = output.Live.requires_grad_() }
            : output;

    /// <summary>A value in the precision of the activations; gradients come back in that of the value.</summary>
    private Tensor As(Tensor value) => activations == precise ? value : value.to(activations);

    private Tensor? AsOrNull(Tensor? value) => value is null ? null : As(value);

    // All channels of a node's output.
    private Tensor Whole(int place, Channels values) => splits[place] is { } split ? split.Whole(values) : values.Live;

    private Channels Apply(int place, Channels[] inputs, bool training, HashSet<int> done, ulong key)
    {
        var node = net.Nodes[place];
        var input = inputs[0];
        return node.Operation switch
        {
            Operation.Conv conv => Convolve(
                place, conv, input,
                normOfConv.TryGetValue(place, out var first) && done.Contains(first)
                    ? NormOf(first, (Operation.BatchNorm)net.Nodes[first].Operation, input.Live, training, relu: true)
                    : null),
            Operation.Linear linear => new(Multiply(node, linear, input), null),
            Operation.BatchNorm norm => Normalise(
                place, norm, input, training, reluOfNorm.TryGetValue(place, out var relu) && done.Contains(relu)),
            { IsRelu: true } => Relu(input),
            Operation.MaxPool pool => Pool(node, pool, input, done),
            Operation.AvgPool pool when splits[place] is null => new(
                F.avg_pool2d(Whole(node.Inputs[0], input), pool.Size, pool.Stride, pool.Padding), null),
            Operation.AvgPool pool => input with { Live = F.avg_pool2d(input.Live, pool.Size, pool.Stride, pool.Padding) },
            { IsGlobalPool: true } => input with { Live = input.Live.mean([2, 3]) },
            { IsFlatten: true } when splits[place] is null => new(input.Live.flatten(1), null),
            { IsFlatten: true } => ConstantChannels.Flatten(input),
            Operation.Dropout dropout => new(Drop(node, Whole(node.Inputs[0], input), dropout.Probability, training, key), null),
            { IsAdd: true } => Sum(place, inputs),
            { IsConcat: true } when splits[place] is null => new(
                cat([.. inputs.Select((each, i) => Whole(node.Inputs[i], each))], 1), null),
            { IsConcat: true } => ConstantChannels.Concat(inputs),
            _ => throw new UnreachableException($"no computation for plan case {node.Operation}"),
        };
    }

    // Each layer draws numbers of its own, by its name: in a part of the net it has another place.
    private Tensor Drop(Node node, Tensor input, double fraction, bool training, ulong key) => training && fraction > 0
        ? Dropout.Of(graph, input, fraction, key ^ RandomStream.Key(0, node.Name))
        : input.alias();

    // Equal splits are one, so that nodes with the same channels are seen to have them.
    private static ChannelSplit?[] Splits(Recipe recipe, WeightTable weights, PassSet passes)
    {
        var known = new List<ChannelSplit>();
        var live = LiveChannels.ofNet(passes, recipe.Net, [.. weights.Planned.Select(weight => weight.Plan)]);
        return [.. live.Select((channels, place) =>
        {
            if (channels is null)
            {
                return null;
            }

            var node = recipe.Net.Nodes[place];
            var all = node.Shape[0];
            var same = known.Find(split => split.Equals(channels) && split.Lives + split.Constants == all);
            if (same is null)
            {
                known.Add(same = new(channels, all));
            }

            return same;
        })];
    }
}
