using Freeze.Kernels;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Runtime.Nets;

/// <summary>
/// A node's output: the live channels [batch, live channels, …], and one number [constant channels] for each channel that is the
/// same at every pixel of every image, with the split between the two; null if there are no constant channels.
/// </summary>
internal readonly record struct Channels(Tensor Live, Tensor? Constants = null, ChannelSplit? Split = null)
{
    /// <summary>All channels [batch, channels, …], constants written out.</summary>
    public Tensor Whole() => Split is null ? Live : Split.Whole(Live, Constants!);
}

/// <summary>
/// Which channels of a node are live and which are constant, as index tensors; <c>Back</c> restores the original order from live
/// channels followed by constant ones.
/// </summary>
internal sealed class ChannelSplit
{
    private readonly int[] live;

    /// <param name="live">Ascending.</param>
    /// <param name="channels">The number of all channels.</param>
    public ChannelSplit(int[] live, int channels)
    {
        this.live = live;
        int[] constant = [.. Enumerable.Range(0, channels).Except(live)];
        int[] both = [.. live, .. constant];
        int[] back = [.. Enumerable.Range(0, channels)];
        Array.Sort(both, back);
        (Live, Constant, Back) = (Index(live), Index(constant), Index(back));
    }

    public Tensor Live { get; }

    public Tensor Constant { get; }

    public Tensor Back { get; }

    public long Lives => Live.shape[0];

    public long Constants => Constant.shape[0];

    /// <summary>Whether another node's channels are split in the same way.</summary>
    public bool Equals(int[]? other) => other is not null && live.SequenceEqual(other);

    /// <summary>All channels [batch, channels, …], constants written out.</summary>
    public Tensor Whole(Tensor live, Tensor constants) => cat([live, Spread(constants, live)], 1).index_select(1, Back);

    /// <summary>The numbers [channels] of all channels, from those of the live and of the constant ones.</summary>
    public Tensor Joined(Tensor live, Tensor constants) => cat([live, constants]).index_select(0, Back);

    // [batch, constant channels, …], in the type of the live channels.
    private Tensor Spread(Tensor constants, Tensor like)
    {
        long[] shape = [like.shape[0], Constants, .. like.shape[2..]];
        long[] one = [1, Constants, .. like.shape[2..].Select(_ => 1L)];
        return zeros(shape, like.dtype).Plus(constants.to(like.dtype).reshape(one));
    }

    private static Tensor Index(int[] places) => tensor(Array.ConvertAll(places, place => (long)place), [places.Length]);
}

/// <summary>
/// Operations on partly constant channels: live channels are computed for each image, constants once for a batch. The caller
/// computes anything else on all channels, with constants written out.
/// </summary>
internal static class ConstantChannels
{
    /// <summary>Joins inputs [batch, live, …] along the channels; the split is the concatenation of theirs.</summary>
    public static Channels Concat(Graph graph, Channels[] inputs, ChannelSplit split, Growth? growth)
    {
        Tensor[] constants = [.. inputs.Select(input => input.Constants).OfType<Tensor>()];
        return new(Concatenation.Of(graph, [.. inputs.Select(input => input.Live)], growth), cat(constants), split);
    }

    /// <summary>Entries [batch, live · places] of channels [batch, live, …].</summary>
    public static Channels Flatten(Channels input, ChannelSplit split)
    {
        var places = input.Live.shape[2..].Aggregate(1L, (product, extent) => product * extent);
        var constants = input.Constants!;
        return new(
            input.Live.flatten(1),
            constants.reshape(-1, 1).Plus(zeros([constants.shape[0], places], constants.dtype)).flatten(),
            split);
    }

    /// <summary>
    /// The contribution [outputs] of the constants, plus the bias, to a linear layer or a convolution without padding.
    /// </summary>
    /// <param name="constants">[constant channels].</param>
    /// <param name="kernel">[outputs, constant channels, …].</param>
    /// <param name="bias">[outputs].</param>
    public static Tensor Share(Tensor constants, Tensor kernel, Tensor? bias)
    {
        var places = kernel.shape[2..].Aggregate(1L, (product, extent) => product * extent);
        var spread = constants.reshape(1, -1, 1).Plus(zeros([1, constants.shape[0], places], constants.dtype));
        return F.linear(spread.flatten(1), kernel.flatten(1), bias).flatten();
    }

    /// <summary>
    /// The contribution of the constants to a convolution with padding, where they end at the border: a map [1, outputs, …] for
    /// all images.
    /// </summary>
    /// <inheritdoc cref="Share"/>
    public static Tensor Map(Tensor constants, Tensor kernel, Tensor? bias, long height, long width, ConvShape shape)
    {
        var spread = zeros([1, height, width, constants.shape[0]], constants.dtype).Plus(constants);
        return Conv2d.Plain(spread.permute(0, 3, 1, 2), kernel, bias, shape);
    }

    /// <summary>Whether all constants are 0.</summary>
    public static bool AreNothing(Tensor constants) =>
        constants.mul(constants).sum().to(ScalarType.Float32).item<float>() == 0;

    /// <summary>
    /// A batch norm of the constant channels: with the batch's statistics, a channel's mean is its value and its variance is 0.
    /// </summary>
    public static Tensor Normalise(NormSplit split, Norm by)
    {
        var normalised = by.Training ? by.Bias.index_select(0, split.Constant) : OfStatistics(split.Constants, by.At(split.Constant));
        return by.Relu ? F.relu(normalised) : normalised;
    }

    private static Tensor OfStatistics(Tensor constants, Norm by) =>
        constants.sub(by.RunningMean).div(by.RunningVar.Plus(by.Eps).sqrt()).mul(by.Weight).Plus(by.Bias);
}
