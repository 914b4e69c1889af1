using System.Diagnostics;
using Freeze.Kernels;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Runtime.Nets;

/// <content>The computation of each kind of node.</content>
internal sealed partial class NetExecutor
{
    // PyTorch checks this in Python. The variance of one value is 0 / 0, and the running variance would keep that.
    private static void DemandSpread(Node node, Tensor values)
    {
        if (values.numel() == values.shape[1])
        {
            throw new RunException(
                $"{node.Name} has one value per channel to normalise: the epoch's last batch is a single image",
                "choose another batch size, so that images are left over in number or not at all");
        }
    }

    private Norm NormOf(Node node, Channels input, bool training, bool relu)
    {
        var norm = (Operation.BatchNorm)node.Operation;
        // Given at each call, so that no earlier call can leave the wrong mode.
        var estimates = training && !frozen.Contains(node.Name);
        if (estimates)
        {
            DemandSpread(node, input.Live);
        }

        return new(
            weights.Statistic($"{node.Name}.running_mean"), weights.Statistic($"{node.Name}.running_var"),
            weights.Value($"{node.Name}.weight"), weights.Value($"{node.Name}.bias"), estimates, norm.Momentum, norm.Epsilon, relu,
            input.Split is { } split ? new(split.Live, split.Constant, input.Constants!) : null,
            growing.GetValueOrDefault(node.Inputs[0]));
    }

    // `read` is the input's live part; on return it is the tensor that the input's other readers must use. Convolve does the same
    // after a norm.
    private Channels Normalise(Node node, Channels input, ref Tensor read, bool training, bool relu)
    {
        var by = NormOf(node, input, training, relu);
        return new(
            BatchNorm.Of(graph, ref read, by), by.Split is { } split ? ConstantChannels.Normalise(split, by) : null, input.Split);
    }

    private Channels NormaliseAndConvolve(int place, Work.NormReluConv both, Channels input, ref Tensor read, bool training)
    {
        // These need all channels.
        if (input.Split is not null &&
            (((Operation.Conv)both.Conv.Operation).Groups > 1 || LearnsSlice(place, weights[$"{both.Conv.Name}.weight"])))
        {
            var normalised = Normalise(both.Norm, input, ref read, training, relu: true);
            using var made = normalised.Live;
            var live = made;
            return Convolve(place, both.Conv, normalised, ref live, null);
        }

        var by = NormOf(both.Norm, input, training, relu: true);
        var constants = by.Split is { } split ? ConstantChannels.Normalise(split, by) : null;
        return Convolve(place, both.Conv, input with { Constants = constants }, ref read, by);
    }

    // Whether a convolution uses its whole kernel forward, and backward only the trained slice.
    private bool LearnsSlice(int place, PlannedWeight weight) =>
        splits[place] is null && passes.Has(Pass.Slices) && is_grad_enabled() && weight.IsSlice;

    private Channels Convolve(int place, Node node, Channels input, ref Tensor read, Norm? norm)
    {
        var conv = (Operation.Conv)node.Operation;
        if (conv.Groups > 1 && input.Split is not null)
        {
            // A group's filters read their own channels, so constant ones are not separated.
            using var whole = input.Whole();
            var all = whole;
            return Convolve(place, node, new(all), ref all, norm);
        }

        var weight = weights[$"{node.Name}.weight"];
        var shape = new ConvShape(
            [conv.Stride, conv.Stride], [conv.PaddingHeight, conv.PaddingWidth], passes.Has(Pass.Winograd), conv.Groups, conv.Dilation);
        var own = folded?.TryFind(place);
        var bias = own?.Bias ?? (conv.Bias ? weights.Value($"{node.Name}.bias") : null);
        var split = splits[place];
        if (own is null && LearnsSlice(place, weight))
        {
            // After a norm there are no constants, so the whole input is read.
            var all = input.Whole();
            var output = Conv2d.Of(graph, ref all, norm, weight.Slice()!, bias, shape);
            read = norm is null ? read : all;
            return new(output);
        }

        // If filters are zero, only the trained slice is convolved with; if all are, the one filter that is computed.
        var kernel = own is not null ? own.Kernel
            : split is null ? weight.Value()
            : weight.Leaf ?? weight.Value().index_select(0, split.Live);
        var constants = split is null ? null
            : bias is null || AreZero($"{node.Name}.bias", split) ? zeros([split.Constants], precise)
            : bias.index_select(0, split.Constant);
        bias = split is null ? bias : bias?.index_select(0, split.Live);
        if (input.Split is not { } before || AreNothing(place, input.Constants!))
        {
            kernel = input.Split is { } cut ? kernel.index_select(1, cut.Live) : kernel;
            return new(Conv2d.Of(graph, ref read, norm, kernel, bias, shape), constants, split);
        }

        var ofConstants = kernel.index_select(1, before.Constant);
        var ofLive = kernel.index_select(1, before.Live);
        if (shape.Padding is [0, 0])
        {
            var share = ConstantChannels.Share(input.Constants!, ofConstants, bias);
            return new(Conv2d.Of(graph, ref read, norm, ofLive, share, shape), constants, split);
        }

        var map = ConstantChannels.Map(
            input.Constants!, ofConstants, bias, input.Live.shape[2], input.Live.shape[3], shape);
        return new(Conv2d.Of(graph, ref read, norm, ofLive, null, shape).Plus(As(map)), constants, split);
    }

    // Whether the constants that a node reads are zero, which stays so during training unless they are trained. Read once, since
    // reading makes a GPU wait; in evaluation, where nothing is trained, they may differ.
    private bool AreNothing(int place, Tensor constants)
    {
        if (!is_grad_enabled())
        {
            return ConstantChannels.AreNothing(constants);
        }

        if (constants.requires_grad)
        {
            nothing.Remove(place);
            return false;
        }

        if (!nothing.TryGetValue(place, out var known))
        {
            nothing[place] = known = ConstantChannels.AreNothing(constants);
        }

        return known;
    }

    // Whether a weight is zero in all constant channels, whatever is trained.
    private bool AreZero(string weight, ChannelSplit split) => weights[weight].Plan.Treatment switch
    {
        Treatment.Still still => still.Stillness.IsZero,
        Treatment.Slice slice => slice.Dimension == 0 && slice.Rest.IsZero && split.Equals(slice.Indices),
        _ => false,
    };

    private Tensor Multiply(Node node, Operation.Linear linear, Channels input)
    {
        var (weight, bias) = (weights.Value($"{node.Name}.weight"), linear.Bias ? weights.Value($"{node.Name}.bias") : null);
        if (input.Split is not { } split)
        {
            return F.linear(input.Live, As(weight), bias is null ? null : As(bias));
        }

        var share = ConstantChannels.Share(input.Constants!, weight.index_select(1, split.Constant), bias);
        return F.linear(input.Live, As(weight.index_select(1, split.Live)), As(share));
    }

    private Channels Pool(Operation.MaxPool pool, Channels input, bool relu) => input with
    {
        Live = MaxPool2d.Of(graph, input.Live, pool.Size, pool.Stride, pool.Padding, relu),
        Constants = relu && input.Constants is { } constants ? F.relu(constants) : input.Constants,
    };

    // Constants stay constants; zeros may become other constants.
    private static Channels Each(Channels input, Func<Tensor, Tensor> function) => input with
    {
        Live = function(input.Live),
        Constants = input.Constants is { } constants ? function(constants) : null,
    };

    // In the weights' precision: bfloat16 is too coarse for sums over a whole image.
    private Channels Normalise(Node node, Channels input)
    {
        var (weight, bias) = (weights.Value($"{node.Name}.weight"), weights.Value($"{node.Name}.bias"));
        var values = input.Whole().to(precise);
        var normalised = node.Operation switch
        {
            Operation.GroupNorm norm => F.group_norm(values, norm.Groups, weight, bias, norm.Epsilon),
            Operation.LayerNorm norm => F.layer_norm(values, weight.shape, weight, bias, norm.Epsilon),
            _ => throw new UnreachableException($"no norm for plan case {node.Operation}"),
        };
        return new(InOrder(As(normalised)));
    }

    private Channels Grow(int place, Work.Grow grow, Channels[] inputs)
    {
        var room = splits[grow.Last]?.Lives ?? net.Nodes[grow.Last].Shape[0];
        var growth = growing.GetValueOrDefault(grow.Concat.Inputs[0]) ?? new Growth(room);
        growing[place] = growth;
        return Join(place, inputs, growth);
    }

    private Channels Join(int place, Channels[] inputs, Growth? growth) => splits[place] is { } split
        ? ConstantChannels.Concat(graph, inputs, split, growth)
        : new(Concatenation.Of(graph, [.. inputs.Select(each => each.Whole())], growth));

    // Zeros in the memory order of the net's maps.
    private Tensor PadChannels(Tensor map, int channels)
    {
        using var nothing = InOrder(zeros([map.shape[0], channels - map.shape[1], map.shape[2], map.shape[3]], map.dtype));
        return Concatenation.Of(graph, [map, nothing]);
    }

    private Channels Sum(ChannelSplit? split, Channels[] inputs, bool overwrites)
    {
        var alike = inputs.Select(input =>
        {
            if (ReferenceEquals(input.Split, split))
            {
                return input;
            }

            // A channel of the sum is live if it is live in one input; the others' constants are expanded there.
            var whole = input.Whole();
            return split is null || input.Split is not { } own
                ? new(whole)
                : new Channels(
                    whole.index_select(1, split.Live),
                    own.Joined(zeros([own.Lives], precise), input.Constants!).index_select(0, split.Constant),
                    split);
        });
        return alike.Aggregate((a, b) => a with
        {
            Live = overwrites ? a.Live.PlusInPlace(b.Live) : a.Live.Plus(b.Live),
            Constants = a.Constants is { } constants ? constants.Plus(b.Constants!) : null,
        });
    }
}
