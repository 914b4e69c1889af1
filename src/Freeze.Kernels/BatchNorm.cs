using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Kernels;

/// <summary>
/// Batch norm and relu in one pass over memory each for statistics, values, sums of gradients and gradients. Only the
/// input is kept for the backward pass.
/// </summary>
public static class BatchNorm
{
    /// <summary>relu(batch_norm(x)), or batch_norm(x) alone.</summary>
    /// <param name="graph">Records it for the backward pass.</param>
    /// <param name="x">[n, channels] or [n, channels, height, width].</param>
    /// <param name="norm">Weights, statistics and mode.</param>
    public static Tensor Of(Graph graph, Tensor x, Norm norm)
    {
        var read = x;
        var y = Of(graph, ref read, norm);
        if (!ReferenceEquals(read, x))
        {
            read.Dispose();
        }

        return y;
    }

    /// <summary>As above of an x that others read too: from here on they have to read what is put in its place.</summary>
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

    /// <summary>Whether the kernels can compute it: more than one value a channel, in channels-last order, with contiguous weights.</summary>
    internal static bool Serves(Tensor x, Norm norm)
    {
        if (Memory.TypeOf(x) is not { } type || !Memory.AreRows(x) || x.numel() <= x.shape[1])
        {
            return false;
        }

        var ofWeights = type == ValueType.Doubles ? ScalarType.Float64 : ScalarType.Float32;
        bool Fits(Tensor weight) =>
            weight.dtype == ofWeights && weight.device_type == DeviceType.CPU && weight.is_contiguous() &&
            weight.numel() == x.shape[1];
        return Fits(norm.Weight) && Fits(norm.Bias) && Fits(norm.RunningMean) && Fits(norm.RunningVar);
    }

    /// <summary>
    /// What x is normalised by [4, channels]: mean, 1 / deviation, scale and shift. Moves the running statistics in training.
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
        Native.Check(Native.freeze_norm_begin(Memory.TypeOf(x)!.Value, x.Data(), x.numel() / channels, channels, weights, by.Data()));
        return by;
    }

    /// <summary>The gradients of a norm's input, weight and bias; null for those that are not requested.</summary>
    /// <param name="gradient">That of the norm's output, of x's shape.</param>
    /// <param name="x">The norm's input.</param>
    /// <param name="by">What <see cref="Begin"/> gave.</param>
    /// <param name="wants">Which gradients are wanted.</param>
    /// <param name="others">The gradient of x's other readers, which is added; or null.</param>
    internal static (Tensor? Input, Tensor? Weight, Tensor? Bias) Gradients(
        Tensor gradient, Tensor x, Tensor by, NormWants wants, Tensor? others)
    {
        using var rows = Memory.Rows(gradient);
        using var added = others is null ? null : Memory.Maps(others);
        var made = wants.Empty(x, by);
        var channels = x.shape[1];
        Native.Check(Native.freeze_norm_backward(
            Memory.TypeOf(x)!.Value, rows.Data(), x.Data(), x.numel() / channels, channels, by.Data(), wants.Into(made, added)));
        return made;
    }

    private static Tensor ByKernel(Graph graph, ref Tensor x, Norm norm)
    {
        var by = Begin(x, norm);
        var y = Memory.EmptyLike(x);
        var channels = x.shape[1];
        Native.Check(Native.freeze_norm_apply(
            Memory.TypeOf(x)!.Value, x.Data(), x.numel() / channels, channels, by.Data(), norm.Relu ? 1 : 0, y.Data()));
        var (input, wants) = (x.detach(), new NormWants(x.requires_grad, norm));
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

/// <summary>Which gradients of a norm are wanted, and in which mode it was.</summary>
/// <param name="Input">Whether that of its input is.</param>
/// <param name="Weight">Whether that of its weight is.</param>
/// <param name="Bias">Whether that of its bias is.</param>
/// <param name="Training">Whether the batch's own statistics were used, through which gradients flow.</param>
/// <param name="Relu">Whether a relu followed.</param>
internal readonly record struct NormWants(bool Input, bool Weight, bool Bias, bool Training, bool Relu)
{
    public NormWants(bool input, Norm norm)
        : this(input, norm.Weight.requires_grad, norm.Bias.requires_grad, norm.Training, norm.Relu)
    {
    }

    public bool Any => Input || Weight || Bias;

    /// <summary>Tensors for the wanted gradients, whose values are not set.</summary>
    public (Tensor? Input, Tensor? Weight, Tensor? Bias) Empty(Tensor x, Tensor by) => (
        Input ? Memory.EmptyLike(x) : null,
        Weight ? empty([x.shape[1]], by.dtype) : null,
        Bias ? empty([x.shape[1]], by.dtype) : null);

    /// <summary>Where the kernels write them.</summary>
    /// <param name="made">What <see cref="Empty"/> gave.</param>
    /// <param name="others">The gradient of the input's other readers, as <see cref="Memory.Maps"/> gives it; or null.</param>
    public NormGradients Into((Tensor? Input, Tensor? Weight, Tensor? Bias) made, Tensor? others) => new()
    {
        Input = made.Input.DataOrNull(),
        Weight = made.Weight.DataOrNull(),
        Bias = made.Bias.DataOrNull(),
        Training = Training ? 1 : 0,
        Relu = Relu ? 1 : 0,
        Others = others.DataOrNull(),
        OthersStride = others is null ? 0 : Memory.TryPixels(others)?.Stride ?? others.shape[1],
    };
}
