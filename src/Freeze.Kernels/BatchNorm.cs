using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Kernels;

/// <summary>
/// Batch norm and relu. Statistics, values, sums of gradients, and gradients each take one pass over memory. The backward pass
/// needs only the input.
/// </summary>
public static class BatchNorm
{
    /// <summary>relu(batch_norm(x)), or batch_norm(x) alone.</summary>
    /// <param name="graph">Records it for the backward pass.</param>
    /// <param name="x">[n, channels] or [n, channels, height, width]; on return, the tensor that other readers must use.</param>
    /// <param name="norm">Weights, statistics and mode.</param>
    public static Tensor Of(Graph graph, ref Tensor x, Norm norm)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(norm);
        return graph.HasKernels && Serves(x, norm) ? ByKernel(graph, ref x, norm) : Plain(x, norm);
    }

    /// <summary>The same in TorchSharp's own operations.</summary>
    public static Tensor Plain(Tensor x, Norm norm)
    {
        ArgumentNullException.ThrowIfNull(norm);
        if (norm.Split is { } split)
        {
            var live = norm.At(split.Live);
            var y = Plain(x, live);
            MoveStatistics(norm, live, split);
            return y;
        }

        var normalised = F.batch_norm(
            x, norm.RunningMean, norm.RunningVar, norm.Weight, norm.Bias, norm.Training, norm.Momentum, norm.Eps);
        if (!norm.Relu)
        {
            return normalised;
        }

        using (normalised)
        {
            return F.relu(normalised);
        }
    }

    private static void MoveStatistics(Norm norm, Norm live, NormSplit split)
    {
        if (!norm.Training)
        {
            return;
        }

        using var still = no_grad();
        var (all, rest) = (cat([split.Live, split.Constant]), 1 - norm.Momentum);
        var mean = norm.RunningMean.index_select(0, split.Constant).Times(rest)
            .PlusInPlace(split.Constants.detach().to(norm.RunningMean.dtype), norm.Momentum);
        var variance = norm.RunningVar.index_select(0, split.Constant).Times(rest);
        norm.RunningMean.index_copy_(0, all, cat([live.RunningMean, mean]));
        norm.RunningVar.index_copy_(0, all, cat([live.RunningVar, variance]));
    }

    /// <summary>Whether the kernels can compute it: over one value a channel, contiguous channels, contiguous weights.</summary>
    internal static bool Serves(Tensor x, Norm norm)
    {
        if (Memory.TypeOf(x) is not { } type || Memory.TryMatrix(x) is null || x.numel() <= x.shape[1])
        {
            return false;
        }

        var ofWeights = type == ValueType.Doubles ? ScalarType.Float64 : ScalarType.Float32;
        var channels = norm.Split is { } split ? split.Live.numel() + split.Constant.numel() : x.shape[1];
        bool Fits(Tensor weight) =>
            weight.dtype == ofWeights && weight.device_type == DeviceType.CPU && weight.is_contiguous() &&
            weight.numel() == channels;
        return Fits(norm.Weight) && Fits(norm.Bias) && Fits(norm.RunningMean) && Fits(norm.RunningVar);
    }

    /// <summary>
    /// The normaliser of x, [4, channels]: mean, 1 / deviation, scale and shift. Updates the running statistics in training.
    /// </summary>
    internal static Tensor Begin(Tensor x, Norm norm)
    {
        var channels = x.shape[1];
        var by = empty([4, channels], norm.Weight.dtype);
        var weights = new NormWeights
        {
            Weight = norm.Weight.Data(),
            Bias = norm.Bias.Data(),
            RunningMean = norm.RunningMean.Data(),
            RunningVariance = norm.RunningVar.Data(),
            Momentum = norm.Momentum,
            Epsilon = norm.Eps,
            Training = norm.Training ? 1 : 0,
        };
        using var values = norm.Split?.Constants.detach().to(norm.Weight.dtype).contiguous();
        if (norm.Split is { } split)
        {
            (weights.Live, weights.Constant) = (split.Live.Data(), split.Constant.Data());
            (weights.Constants, weights.Values) = (split.Constant.numel(), values!.Data());
        }

        var growth = norm.Training && norm.Growth is { } found && found.Holds(x) ? found : null;
        growth?.Give(ref weights);
        Native.Check(Native.freeze_norm_begin(Memory.TypeOf(x)!.Value, x.Data(), Memory.TryMatrix(x)!.Value, weights, by.Data()));
        growth?.MomentsAreKnown(channels);
        return by;
    }

    /// <summary>The gradients of a norm's input, weight and bias; null for those that are not requested.</summary>
    /// <param name="gradient">The gradient of the norm's output, of x's shape.</param>
    /// <param name="x">The norm's input.</param>
    /// <param name="by">The result of <see cref="Begin"/>.</param>
    /// <param name="wants">Which gradients are wanted.</param>
    /// <param name="others">The gradient of x's other readers, to be added; or null.</param>
    internal static (Tensor? Input, Tensor? Weight, Tensor? Bias) Gradients(
        Tensor gradient, Tensor x, Tensor by, NormWants wants, Tensor? others)
    {
        using var rows = Memory.Rows(gradient);
        var made = wants.Empty(x, by, others);
        Native.Check(Native.freeze_norm_backward(
            Memory.TypeOf(x)!.Value, rows.Data(), x.Data(), Memory.TryMatrix(x)!.Value, by.Data(), wants.Into(made)));
        return made.Finish();
    }

    private static Tensor ByKernel(Graph graph, ref Tensor x, Norm norm)
    {
        var by = Begin(x, norm);
        var y = Memory.EmptyLike(x);
        Native.Check(Native.freeze_norm_apply(
            Memory.TypeOf(x)!.Value, x.Data(), Memory.TryMatrix(x)!.Value, by.Data(), norm.Relu ? 1 : 0, y.Data()));
        var (input, wants) = (x.detach(), new NormWants(x, norm));
        return graph.RecordBeside(
            y,
            ref x,
            [norm.Weight, norm.Bias],
            (gradient, others) =>
            {
                var (ofInput, ofWeight, ofBias) = Gradients(gradient, input, by, wants, others);
                return [ofInput, ofWeight, ofBias];
            },
            input,
            by);
    }
}
