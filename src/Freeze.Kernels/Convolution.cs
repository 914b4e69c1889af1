using static TorchSharp.torch;

namespace Freeze.Kernels;

/// <summary>A convolution by the native kernels: the forward pass, and all gradients that are requested.</summary>
internal sealed class Convolution
{
    private readonly Way way;
    private readonly ValueType type;
    // Without history. With `indices`, these are the only references kept for the backward pass.
    private readonly Tensor x;
    private readonly Tensor kernel;
    private readonly Tensor? by;
    private readonly ConvShape shape;
    private int dimension;
    private Tensor? indices;

    private Convolution(Way way, Tensor x, Norm? norm, Tensor kernel, ConvShape shape)
    {
        (this.way, this.x, this.kernel, this.shape) = (way, x.detach(), kernel.detach(), shape);
        type = Memory.TypeOf(x)!.Value;
        by = norm is null ? null : BatchNorm.Begin(x, norm);
    }

    /// <summary>The output [n, filters, …], recorded; null, with nothing done, if the kernels do not support the case.</summary>
    /// <param name="graph">Records it for the backward pass.</param>
    /// <param name="x">[n, channels, height, width]; with a norm, on return the tensor that other readers must use.</param>
    /// <param name="norm">Applied to x first, or null.</param>
    /// <param name="kernel">[filters, channels, height, width]; with its history, unless a slice of it learns.</param>
    /// <param name="slice">The only trainable slice, or null.</param>
    /// <param name="bias">[filters], or null.</param>
    /// <param name="shape">The geometry.</param>
    public static Tensor? Try(
        Graph graph, ref Tensor x, Norm? norm, Tensor kernel, KernelSlice? slice, Tensor? bias, ConvShape shape)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(shape);
        if (!graph.HasKernels || !shape.IsPlain || !Memory.AreFloats(kernel) ||
            (bias is not null && (!Memory.AreFloats(bias) || bias.numel() != kernel.shape[0])) ||
            Memory.TypeOf(x) is not (ValueType.Floats or ValueType.BFloats) ||
            (norm is not null && !(norm.Relu && BatchNorm.Serves(x, norm))))
        {
            return null;
        }

        Way? way = norm is not null && IsPointwise(x, kernel, shape) ? Way.Pointwise
            : shape.Winograd && ServesWinograd(x, kernel, shape) ? Way.Winograd
            : ServesPlanes(x, kernel, shape) ? Way.Planes
            : null;
        return way is { } chosen
            ? new Convolution(chosen, x, norm, kernel, shape).Record(graph, ref x, norm, slice?.Leaf ?? kernel, slice, bias)
            : null;
    }

    // Matrix products, Winograd's tiles, or plane by plane.
    private enum Way
    {
        Pointwise,
        Winograd,
        Planes,
    }

    /// <summary>The addresses of a norm's scale and shift; 0 without a norm.</summary>
    public static (nint Scale, nint Shift) ScaleAndShift(Tensor? by)
    {
        if (by is null)
        {
            return (0, 0);
        }

        // They follow mean and 1 / deviation: see BatchNorm.Begin.
        var row = (nint)(by.shape[1] * sizeof(float));
        return (by.Data() + (2 * row), by.Data() + (3 * row));
    }

    /// <summary>The gradient [filters] of a bias in single precision.</summary>
    /// <param name="gradient">The gradient of the output [n, filters, …], as rows of channels.</param>
    public static Tensor BiasGradient(Tensor gradient)
    {
        var made = empty([gradient.shape[1]], ScalarType.Float32);
        Native.Check(Native.freeze_channel_sums(
            Memory.TypeOf(gradient)!.Value, gradient.Data(), gradient.numel() / gradient.shape[1], gradient.shape[1], made.Data()));
        return made;
    }

    private static bool IsPointwise(Tensor x, Tensor kernel, ConvShape shape) =>
        x.ndim == 4 && kernel.shape[1] == x.shape[1] && kernel.shape[2..] is [1, 1] && shape.Strides is [1, 1] &&
        shape.Padding is [0, 0];

    private static bool ServesWinograd(Tensor x, Tensor kernel, ConvShape shape)
    {
        var (padding, side) = (shape.Padding[0], kernel.shape[2]);
        if (kernel.shape[2..] is not ([3, 3] or [5, 5]) || shape.Strides is not [1, 1] || shape.Padding[1] != padding ||
            padding >= side || Memory.TryPixels(x) is not { } pixels || kernel.shape[1] != pixels.Channels)
        {
            return false;
        }

        // Measured: with fewer channels or tiles the transforms cost what the products save.
        const long tile = 4, leastTiles = 128, leastWeights = 160;
        var (inputs, outputs, more) = (pixels.Channels, kernel.shape[0], (2 * padding) + 1 - side);
        var (height, width) = (pixels.Height + more, pixels.Width + more);
        if (inputs < 8 || outputs < 8 || inputs * outputs < leastWeights || height <= 0 || width <= 0)
        {
            return false;
        }

        // For 5x5 kernels the number of images has no say: so what a fixed front makes of many images at once has the bits that it
        // has in each step.
        return side == 5
            ? height >= tile && width >= tile
            : pixels.Images * ((height + tile - 1) / tile) * ((width + tile - 1) / tile) >= leastTiles;
    }

    // A few filters do not fill a register of sixteen, and libtorch pads them.
    private static bool ServesPlanes(Tensor x, Tensor kernel, ConvShape shape)
    {
        // Measured: libtorch is faster for LeNet's 20 and 50 filters.
        const long most = 7;
        var (padding, side) = (shape.Padding[0], kernel.shape[2]);
        return kernel.shape[0] <= most && side is > 1 and <= 7 && kernel.shape[3] == side &&
            shape.Strides is [1, 1] && shape.Padding[1] == padding && padding < side &&
            Memory.TryPixels(x) is { } pixels && kernel.shape[1] == pixels.Channels &&
            pixels.Height + (2 * padding) >= side && pixels.Width + (2 * padding) >= side;
    }

    private static PointwiseShape Shape(Tensor rows, long outputs) =>
        new() { Rows = rows.numel() / rows.shape[1], Inputs = rows.shape[1], Outputs = outputs, Stride = Memory.TryMatrix(rows)!.Value.Stride };

    private Tensor Record(Graph graph, ref Tensor input, Norm? norm, Tensor learning, KernelSlice? slice, Tensor? bias)
    {
        var y = way == Way.Pointwise ? ForwardPointwise(bias) : Convolved(x, bias, turned: false, by);
        (dimension, indices) = (slice?.Dimension ?? 0, slice?.Indices.alias());
        Tensor[] weights =
        [
            learning, .. norm is null ? Array.Empty<Tensor>() : [norm.Weight, norm.Bias],
            .. bias is null ? Array.Empty<Tensor>() : [bias],
        ];
        bool[] wants = [input.requires_grad, .. weights.Select(tensor => tensor.requires_grad)];
        var hasBias = bias is not null;
        if (norm is null)
        {
            return graph.Record(y, [input, .. weights], gradient => Gradients(gradient, null, wants, hasBias, default), x, kernel, indices);
        }

        var normWants = new NormWants(input, norm);
        return graph.RecordBeside(
            y, ref input, weights, (gradient, others) => Gradients(gradient, others, wants, hasBias, normWants), x, kernel, by, indices);
    }

    private Tensor ForwardPointwise(Tensor? bias)
    {
        var y = Memory.EmptyMaps(x.shape[0], kernel.shape[0], x.shape[2], x.shape[3], x.dtype);
        Native.Check(Native.freeze_pointwise_convolve(
            type, x.Data(), Shape(x, kernel.shape[0]), by!.Data(), kernel.Data(), bias.DataOrNull(), y.Data()));
        return y;
    }

    // `turned` computes the input's gradient from the output's.
    private Tensor Convolved(Tensor from, Tensor? bias, bool turned, Tensor? normaliser)
    {
        var side = kernel.shape[2];
        // Padding below side - 1 cuts rows off; the backward pass pads by as much more.
        var padding = turned ? side - 1 - shape.Padding[0] : shape.Padding[0];
        var more = (2 * padding) + 1 - side;
        var y = Memory.EmptyMaps(
            from.shape[0], kernel.shape[turned ? 1 : 0], from.shape[2] + more, from.shape[3] + more, from.dtype);
        var (scale, shift) = ScaleAndShift(normaliser);
        var (read, written) = (Memory.TryPixels(from)!.Value, Memory.TryPixels(y)!.Value);
        Native.Check(way == Way.Winograd
            ? Native.freeze_winograd_convolve(
                type, read, kernel.Data(), bias.DataOrNull(), side, padding, turned ? 1 : 0, scale, shift, written)
            : Native.freeze_planes_convolve(
                type, read, kernel.Data(), bias.DataOrNull(), side, padding, turned ? 1 : 0, scale, shift, written));
        return y;
    }

    // In the order of the inputs: x, the trainable part of the kernel, the norm's weight and bias, the bias.
    private Tensor?[] Gradients(Tensor gradient, Tensor? others, bool[] wants, bool hasBias, NormWants normWants)
    {
        var of = Memory.Rows(gradient);
        var toKernel = wants[1] ? ToKernel(of) : null;
        var toBias = hasBias ? new[] { wants[^1] ? BiasGradient(of) : null } : [];
        if (by is null)
        {
            return [wants[0] ? Convolved(of, null, turned: true, null) : null, toKernel, .. toBias];
        }

        var (toInput, toWeight, toShift) = normWants.Any ? ThroughNorm(of, others, by, normWants) : default;
        return [toInput, toKernel, toWeight, toShift, .. toBias];
    }

    private (Tensor? Input, Tensor? Weight, Tensor? Bias) ThroughNorm(
        Tensor gradient, Tensor? others, Tensor normaliser, NormWants wants)
    {
        if (way != Way.Pointwise)
        {
            using var back = Convolved(gradient, null, turned: true, null);
            return BatchNorm.Gradients(back, x, normaliser, wants, others);
        }

        var made = wants.Empty(x, normaliser, others);
        Native.Check(Native.freeze_pointwise_backward(
            type, x.Data(), Shape(x, kernel.shape[0]), normaliser.Data(), gradient.Data(), kernel.Data(), wants.Into(made)));
        return made.Finish();
    }

    private Tensor ToKernel(Tensor gradient) => (indices, dimension) switch
    {
        (null, _) => ByKernel(gradient, x, by),
        (_, 0) when way == Way.Winograd && Filters.Serves(x, indices.numel(), kernel.shape, shape) => Filters.Gradient(
            x, by, relu: true, SliceGradient.Entries(gradient, 1, indices), kernel.shape, shape.Padding[0]),
        (_, 0) => ByKernel(SliceGradient.Entries(gradient, 1, indices), x, by),
        // The norm's scale and shift, of the trainable channels.
        (_, 1) => ByKernel(
            gradient, SliceGradient.Entries(x, 1, indices), by is null ? null : SliceGradient.Entries(by, 1, indices).contiguous()),
        _ => SliceGradient.Entries(ByKernel(gradient, x, by), dimension, indices).contiguous(),
    };

    private Tensor ByKernel(Tensor gradient, Tensor input, Tensor? normaliser)
    {
        var made = empty([gradient.shape[1], input.shape[1], kernel.shape[2], kernel.shape[3]], ScalarType.Float32);
        if (way == Way.Pointwise)
        {
            using var rows = Memory.Rows(gradient);
            using var inputs = Memory.Maps(input);
            Native.Check(Native.freeze_pointwise_kernel_gradient(
                type, inputs.Data(), Shape(inputs, rows.shape[1]), normaliser!.Data(), rows.Data(), made.Data()));
            return made;
        }

        using var pixels = Memory.Maps(gradient);
        using var inputPixels = Memory.Maps(input);
        var (scale, shift) = ScaleAndShift(normaliser);
        var (read, from) = (Memory.TryPixels(inputPixels)!.Value, Memory.TryPixels(pixels)!.Value);
        Native.Check(way == Way.Winograd
            ? Native.freeze_winograd_kernel_gradient(
                type, read, from, kernel.shape[2], shape.Padding[0], scale, shift, made.Data())
            : Native.freeze_planes_kernel_gradient(
                type, read, from, kernel.shape[2], shape.Padding[0], scale, shift, made.Data()));
        return made;
    }
}
