using static TorchSharp.torch;

namespace Freeze.Kernels;

/// <summary>A convolution that the native kernels compute: forward, and back to all that wants a gradient.</summary>
internal sealed class Convolution
{
    private readonly bool isPointwise;
    private readonly ValueType type;
    private readonly Tensor x;
    private readonly Norm? norm;
    private readonly Tensor? by;
    private readonly Tensor kernel;
    private readonly Tensor? bias;
    private readonly ConvShape shape;

    private Convolution(bool isPointwise, Tensor x, Norm? norm, Tensor kernel, Tensor? bias, ConvShape shape)
    {
        (this.isPointwise, this.x, this.norm, this.kernel, this.bias, this.shape) = (isPointwise, x, norm, kernel, bias, shape);
        type = Memory.TypeOf(x)!.Value;
        by = norm is null ? null : BatchNorm.Begin(x, norm);
    }

    /// <summary>The convolution, its norm already measured; null where the kernels do not serve, and then nothing is done.</summary>
    public static Convolution? TryBegin(Graph graph, Tensor x, Norm? norm, Tensor kernel, Tensor? bias, ConvShape shape)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(shape);
        if (!graph.HasKernels || !Memory.AreFloats(kernel) ||
            (bias is not null && (!Memory.AreFloats(bias) || bias.numel() != kernel.shape[0])) ||
            Memory.TypeOf(x) is not (ValueType.Floats or ValueType.BFloats) ||
            (norm is not null && !(norm.Relu && BatchNorm.Serves(x, norm))))
        {
            return null;
        }

        var isPointwise = norm is not null && IsPointwise(x, kernel, shape);
        return isPointwise || (shape.Winograd && ServesWinograd(x, kernel, shape))
            ? new Convolution(isPointwise, x, norm, kernel, bias, shape)
            : null;
    }

    /// <summary>Where a norm's scale and shift lie; 0 without a norm.</summary>
    public static (nint Scale, nint Shift) ScaleAndShift(Tensor? by)
    {
        if (by is null)
        {
            return (0, 0);
        }

        // Behind mean and 1 / deviation: see BatchNorm.Begin.
        var row = (nint)(by.shape[1] * sizeof(float));
        return (by.Data() + (2 * row), by.Data() + (3 * row));
    }

    /// <summary>The output [n, filters, …], recorded.</summary>
    /// <param name="graph">Records it for the backward pass.</param>
    /// <param name="learning">The kernel with its history, or the slice of it that learns.</param>
    /// <param name="slice">Where that slice is; null where the whole kernel learns or nothing of it.</param>
    public Tensor Record(Graph graph, Tensor learning, KernelSlice? slice)
    {
        var y = isPointwise ? ForwardPointwise() : Winograd(x, kernel, bias, turned: false, by);
        Tensor[] inputs =
        [
            x, learning, .. norm is null ? Array.Empty<Tensor>() : [norm.Weight, norm.Bias],
            .. bias is null ? Array.Empty<Tensor>() : [bias],
        ];
        var wants = Array.ConvertAll(inputs, input => input.requires_grad);
        var normWants = norm is null ? default : new NormWants(x.requires_grad, norm);
        var backward = new Saved(this, x.detach(), kernel.detach(), slice?.Dimension, slice?.Indices.alias());
        return graph.Record(
            y, inputs, gradient => backward.Gradients(gradient, wants, normWants), backward.X, backward.Kernel, by, backward.Indices);
    }

    /// <summary>The gradient [filters] of a bias in single precision.</summary>
    /// <param name="gradient">Of the output [n, filters, …], as rows of channels.</param>
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
        var padding = shape.Padding[0];
        if (kernel.shape[2..] is not [3, 3] || shape.Strides is not [1, 1] || shape.Padding[1] != padding || padding > 2 ||
            Memory.TryPixels(x) is not { } pixels || kernel.shape[1] != pixels.Channels)
        {
            return false;
        }

        // Measured: with fewer channels or tiles the transforms cost what the products save.
        const long side = 4, leastTiles = 128;
        var (inputs, outputs) = (pixels.Channels, kernel.shape[0]);
        var (height, width) = (pixels.Height + (2 * padding) - 2, pixels.Width + (2 * padding) - 2);
        return inputs >= 8 && outputs >= 8 && inputs * outputs >= 256 && height > 0 && width > 0 &&
            pixels.Images * ((height + side - 1) / side) * ((width + side - 1) / side) >= leastTiles;
    }

    private static PointwiseShape Shape(Tensor x, Tensor kernel) =>
        new() { Rows = x.numel() / x.shape[1], Inputs = x.shape[1], Outputs = kernel.shape[0] };

    private Tensor ForwardPointwise()
    {
        var y = Memory.EmptyMaps(x.shape[0], kernel.shape[0], x.shape[2], x.shape[3], x.dtype);
        Native.Check(Native.freeze_pointwise_convolve(
            type, x.Data(), Shape(x, kernel), by!.Data(), kernel.Data(), bias.DataOrNull(), y.Data()));
        return y;
    }

    // Turned: the gradient of an output back to the input.
    private Tensor Winograd(Tensor from, Tensor by3x3, Tensor? plus, bool turned, Tensor? normaliser)
    {
        // Back, what was cut off by little padding comes by more.
        var padding = turned ? 2 - shape.Padding[0] : shape.Padding[0];
        var y = Memory.EmptyMaps(
            from.shape[0], by3x3.shape[turned ? 1 : 0], from.shape[2] + (2 * padding) - 2, from.shape[3] + (2 * padding) - 2,
            from.dtype);
        var (scale, shift) = ScaleAndShift(normaliser);
        Native.Check(Native.freeze_winograd_convolve(
            type, Memory.TryPixels(from)!.Value, by3x3.Data(), plus.DataOrNull(), padding, turned ? 1 : 0, scale, shift,
            Memory.TryPixels(y)!.Value));
        return y;
    }

    // What the backward pass reads.
    private sealed record Saved(Convolution Of, Tensor X, Tensor Kernel, int? Dimension, Tensor? Indices)
    {
        // In the order of the inputs: x, what learns of the kernel, the norm's weight and bias, the bias.
        public Tensor?[] Gradients(Tensor gradient, bool[] wants, NormWants normWants)
        {
            var of = Memory.Rows(gradient);
            var toKernel = wants[1] ? ToKernel(of) : null;
            var toBias = Of.bias is not null && wants[^1] ? BiasGradient(of) : null;
            var ofBias = Of.bias is null ? Array.Empty<Tensor?>() : [toBias];
            if (Of.by is null)
            {
                return [wants[0] ? Of.Winograd(of, Kernel, null, turned: true, null) : null, toKernel, .. ofBias];
            }

            var (input, weight, bias) = normWants.Any ? ThroughNorm(of, normWants) : default;
            return [input, toKernel, weight, bias, .. ofBias];
        }

        private (Tensor? Input, Tensor? Weight, Tensor? Bias) ThroughNorm(Tensor gradient, NormWants wants)
        {
            if (!Of.isPointwise)
            {
                using var back = Of.Winograd(gradient, Kernel, null, turned: true, null);
                return BatchNorm.Gradients(back, X, Of.by!, wants);
            }

            var made = wants.Empty(X, Of.by!);
            Native.Check(Native.freeze_pointwise_backward(
                Of.type, X.Data(), Shape(X, Kernel), Of.by!.Data(), gradient.Data(), Kernel.Data(), wants.Into(made)));
            return made;
        }

        private Tensor ToKernel(Tensor gradient)
        {
            if (Dimension is not { } dimension)
            {
                return ByKernel(gradient, X, Of.by);
            }

            switch (dimension)
            {
                case 0 when !Of.isPointwise && Filters.Serves(X, Indices!.numel(), Kernel.shape, Of.shape):
                    return Filters.Gradient(
                        X, Of.by, relu: true, SliceGradient.Entries(gradient, 1, Indices), Kernel.shape, Of.shape.Padding[0]);
                case 0:
                    return ByKernel(SliceGradient.Entries(gradient, 1, Indices!), X, Of.by);
                case 1:
                    // Of the norm, scale and shift of the channels that learn.
                    return ByKernel(
                        gradient, SliceGradient.Entries(X, 1, Indices!),
                        Of.by is null ? null : SliceGradient.Entries(Of.by, 1, Indices!).contiguous());
                default:
                    return SliceGradient.Entries(ByKernel(gradient, X, Of.by), dimension, Indices!).contiguous();
            }
        }

        private Tensor ByKernel(Tensor gradient, Tensor input, Tensor? normaliser)
        {
            var made = empty([gradient.shape[1], input.shape[1], Kernel.shape[2], Kernel.shape[3]], ScalarType.Float32);
            if (Of.isPointwise)
            {
                using var rows = Memory.Rows(gradient);
                using var inputs = Memory.Rows(input);
                var shape = new PointwiseShape
                {
                    Rows = inputs.numel() / inputs.shape[1],
                    Inputs = inputs.shape[1],
                    Outputs = rows.shape[1],
                };
                Native.Check(Native.freeze_pointwise_kernel_gradient(
                    Of.type, inputs.Data(), shape, normaliser!.Data(), rows.Data(), made.Data()));
                return made;
            }

            using var pixels = AsPixels(gradient);
            using var inputPixels = AsPixels(input);
            var (scale, shift) = ScaleAndShift(normaliser);
            Native.Check(Native.freeze_winograd_kernel_gradient(
                Of.type, Memory.TryPixels(inputPixels)!.Value, Memory.TryPixels(pixels)!.Value, Of.shape.Padding[0], scale, shift,
                made.Data()));
            return made;
        }

        // Some channels of larger maps are read where they are.
        private static Tensor AsPixels(Tensor maps) => Memory.TryPixels(maps) is null ? Memory.Rows(maps) : maps.alias();
    }
}
