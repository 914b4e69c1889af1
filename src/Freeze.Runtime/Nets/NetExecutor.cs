using System.Diagnostics;
using Freeze.Torch;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Runtime.Nets;

/// <summary>Computes a net: walks its nodes in order and applies each one's operation.</summary>
/// <param name="recipe">The net, and in what precision it computes.</param>
/// <param name="weights">Its weights.</param>
/// <param name="passesInForce">How it may compute less, or faster; null for all passes.</param>
internal sealed class NetExecutor(Recipe recipe, WeightTable weights, PassSet? passesInForce = null)
{
    private readonly Net net = recipe.Net;
    private readonly PassSet passes = passesInForce ?? PassSet.All;
    private readonly HashSet<string> frozen = [.. recipe.FrozenStatistics];

    private readonly ScalarType precise = Precisions.OfWeights(recipe);
    private readonly ScalarType activations = Precisions.OfActivations(recipe);

    // By the node that does the work of two: the relu of a norm is done with it, that of a pool behind it.
    private readonly Dictionary<int, int> reluOfNorm =
        Passes.cutNorms(passesInForce ?? PassSet.All, recipe.Net).ToDictionary(pair => pair.First, pair => pair.Second);
    private readonly Dictionary<int, int> poolOfRelu =
        Passes.pooledRelus(passesInForce ?? PassSet.All, recipe.Net).ToDictionary(pair => pair.First, pair => pair.Second);

    // For each node the last node that reads it: after that, only what gradients need lives on.
    private readonly int[] lastReader = [.. recipe.Net.Nodes.Select((_, node) =>
        Array.FindLastIndex(recipe.Net.Nodes, reader => reader.Inputs.Contains(node)))];

    /// <summary>Whether the net draws random numbers while training.</summary>
    public bool HasDropout { get; } = recipe.Net.Nodes.Any(node => node.Operation is Operation.Dropout);

    /// <summary>Logits [batch, classes] of images [batch, channels, height, width].</summary>
    /// <param name="images">Normalised images; or features [batch, …] where the net begins at those of a stage.</param>
    /// <param name="training">
    /// Whether batch norms use (and move) the batch's statistics and dropout drops: decided at each call, so that
    /// nothing can be left in the wrong mode.
    /// </param>
    public Tensor Forward(Tensor images, bool training) => Forward(images, training, net.Nodes.Length - 1);

    /// <summary>The output [batch, …] of a node, of which only what is in front of it is computed.</summary>
    /// <inheritdoc cref="Forward(Tensor, bool)"/>
    public Tensor Forward(Tensor images, bool training, int upTo)
    {
        var outputs = new Tensor[upTo + 1];
        images = As(images);
        images = passes.Has(Pass.ChannelsLast) ? ChannelsLast(images) : images;
        // Done by another node, if that is computed.
        var done = reluOfNorm.Values.Where(relu => relu <= upTo)
            .Concat(poolOfRelu.Where(pair => pair.Value <= upTo).Select(pair => pair.Key))
            .ToHashSet();
        for (var i = 0; i < outputs.Length; i++)
        {
            var node = net.Nodes[i];
            outputs[i] = node.Operation.IsInput ? images
                : done.Contains(i) ? outputs[node.Inputs[0]]
                : Recorded(Apply(i, input => outputs[node.Inputs[input]], training, done));
            foreach (var input in node.Inputs.Where(input =>
                lastReader[input] == i && input > 0 && !ReferenceEquals(outputs[input], outputs[i])))
            {
                outputs[input].Dispose();
            }
        }

        return activations == precise ? outputs[^1] : outputs[^1].to(precise);
    }

    // In memory a pixel's channels lie side by side, and so they stay: libtorch's and our loops are fastest so. Features
    // behind a linear layer have no pixels.
    private static Tensor ChannelsLast(Tensor values) =>
        values.ndim == 4 ? values.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) : values;

    // Without the prefix pass gradients reach back to the first layer though it is fixed, as they do where fixed weights'
    // gradients are masked: its output is where they end.
    private Tensor Recorded(Tensor output) =>
        !passes.Has(Pass.Prefix) && !output.requires_grad && is_grad_enabled() && weights.Leaves.Count > 0
            ? output.requires_grad_()
            : output;

    /// <summary>A value in the precision of the activations; gradients come back in that of the value.</summary>
    private Tensor As(Tensor value) => activations == precise ? value : value.to(activations);

    private Tensor Weight(Node node) => As(weights.Value($"{node.Name}.weight"));

    private Tensor? Bias(Node node, bool has) => has ? As(weights.Value($"{node.Name}.bias")) : null;

    // PyTorch's own check of this is in its Python part. The variance of one value is 0 / 0, and the running
    // variance would keep it.
    private static void DemandSpread(Node node, Tensor values)
    {
        if (values.numel() == values.shape[1])
        {
            throw new RunException(
                $"{node.Name} has one value per channel to normalise: the epoch's last batch is a single image",
                "choose another batch size, so that images are left over in number or not at all");
        }
    }

    private Tensor Normalise(Node node, Operation.BatchNorm norm, Tensor values, bool training, bool relu)
    {
        // Decided at each call: no mode can be left wrong by what came before.
        var estimates = training && !frozen.Contains(node.Name);
        if (estimates)
        {
            DemandSpread(node, values);
        }

        return Fused.BatchNormRelu(
            values,
            weights.Statistic($"{node.Name}.running_mean"),
            weights.Statistic($"{node.Name}.running_var"),
            weights.Value($"{node.Name}.weight"),
            weights.Value($"{node.Name}.bias"),
            estimates,
            norm.Momentum,
            norm.Epsilon,
            relu);
    }

    private Tensor Convolve(Node node, Operation.Conv conv, Tensor input)
    {
        var weight = weights[$"{node.Name}.weight"];
        long[] strides = [conv.Stride, conv.Stride];
        long[] padding = [conv.PaddingHeight, conv.PaddingWidth];
        var bias = Bias(node, conv.Bias);
        var winograd = passes.Has(Pass.Winograd);
        return passes.Has(Pass.Slices) && weight.Slice is { } slice && is_grad_enabled()
            ? Fused.SlicedConv2d(
                input, slice.Leaf, As(slice.Whole()), bias, slice.Dimension, slice.Places, strides, padding, winograd)
            : Fused.Conv2d(input, Weight(node), bias, strides, padding, winograd);
    }

    private Tensor Pool(Node node, Operation.MaxPool pool, Tensor input, HashSet<int> done)
    {
        var greatest = F.max_pool2d(input, pool.Size, pool.Stride, pool.Padding);
        return poolOfRelu.ContainsKey(node.Inputs[0]) && done.Contains(node.Inputs[0]) ? F.relu(greatest) : greatest;
    }

    private Tensor Apply(int place, Func<int, Tensor> input, bool training, HashSet<int> done) =>
        Apply(net.Nodes[place], place, input, training, done);

    private Tensor Apply(Node node, int place, Func<int, Tensor> input, bool training, HashSet<int> done) => node.Operation switch
    {
        Operation.Conv conv => Convolve(node, conv, input(0)),
        Operation.Linear linear => F.linear(
            input(0),
            Weight(node),
            Bias(node, linear.Bias)),
        Operation.BatchNorm norm => Normalise(node, norm, input(0), training, reluOfNorm.TryGetValue(place, out var relu) && done.Contains(relu)),
        { IsRelu: true } => F.relu(input(0)),
        Operation.MaxPool pool => Pool(node, pool, input(0), done),
        Operation.AvgPool pool => F.avg_pool2d(input(0), pool.Size, pool.Stride, pool.Padding),
        { IsGlobalPool: true } => input(0).mean([2, 3]),
        { IsFlatten: true } => input(0).flatten(1),
        Operation.Dropout dropout => F.dropout(input(0), dropout.Probability, training),
        { IsAdd: true } => Enumerable.Range(1, node.Inputs.Length - 1).Aggregate(input(0), (sum, i) => sum.add(input(i))),
        { IsConcat: true } => cat([.. Enumerable.Range(0, node.Inputs.Length).Select(input)], 1),
        _ => throw new UnreachableException($"no computation for plan case {node.Operation}"),
    };
}
