using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Kernels;

/// <summary>The gradient of a slice of a convolution's kernel, without the gradient of any other entry.</summary>
internal static class SliceGradient
{
    /// <summary>
    /// Returns a convolution's output unchanged. The backward pass forwards its gradient to the convolution and computes the
    /// slice's gradient from it.
    /// </summary>
    /// <param name="graph">Records it for the backward pass.</param>
    /// <param name="output">[n, filters, …], of the whole kernel, which has no history.</param>
    /// <param name="x">[n, channels, …]: the convolution's input.</param>
    /// <param name="slice">The slice that learns.</param>
    /// <param name="bias">[filters], which the convolution added without history; or null.</param>
    /// <param name="shape">The convolution's geometry.</param>
    public static Tensor Behind(Graph graph, Tensor output, Tensor x, KernelSlice slice, Tensor? bias, ConvShape shape)
    {
        var (sliceLearns, biasLearns) = (slice.Leaf.requires_grad, bias is { requires_grad: true });
        if (!sliceLearns && !biasLearns)
        {
            return output;
        }

        var (input, whole, indices) = (x.detach(), slice.Whole.detach(), slice.Indices.alias());
        var (dimension, passesOn) = (slice.Dimension, output.requires_grad);
        // From here on, only the graph keeps it alive.
        using var convolved = output;
        return graph.Record(
            output.detach(),
            bias is null ? [output, slice.Leaf] : [output, slice.Leaf, bias],
            gradient =>
            [
                passesOn ? gradient.alias() : null,
                sliceLearns ? Of(graph, gradient, input, whole, dimension, indices, shape) : null,
                // Not through the convolution: for its bias alone libtorch would compute the whole kernel's gradient.
                .. bias is null ? Array.Empty<Tensor?>() : [biasLearns ? OfBias(graph, gradient, whole.dtype) : null],
            ],
            input,
            whole,
            indices);
    }

    private static Tensor OfBias(Graph graph, Tensor gradient, ScalarType type)
    {
        if (!graph.HasKernels || Memory.TypeOf(gradient) is not (ValueType.Floats or ValueType.BFloats))
        {
            return gradient.to(type).sum([0, 2, 3]);
        }

        using var rows = Memory.Rows(gradient);
        return Convolution.BiasGradient(rows);
    }

    /// <summary>The gradient [entries of the slice], in single or double precision.</summary>
    /// <param name="graph">Tells whether native kernels are used.</param>
    /// <param name="gradient">The gradient of the output [n, filters, …].</param>
    /// <param name="x">[n, channels, …].</param>
    /// <param name="whole">[filters, channels, height, width].</param>
    /// <param name="dimension">0: the slice consists of filters; 1: of channels.</param>
    /// <param name="indices">Their indices.</param>
    /// <param name="shape">The convolution's geometry.</param>
    private static Tensor Of(
        Graph graph, Tensor gradient, Tensor x, Tensor whole, int dimension, Tensor indices, ConvShape shape)
    {
        using var scope = NewDisposeScope();
        if (dimension == 0 && graph.HasKernels && Filters.Serves(x, indices.numel(), whole.shape, shape))
        {
            return Filters.Gradient(x, by: null, relu: false, Entries(gradient, 1, indices), whole.shape, shape.Padding[0])
                .MoveToOuterDisposeScope();
        }

        var (of, input) = dimension == 0 ? (Entries(gradient, 1, indices), x) : (gradient, Entries(x, 1, indices));
        using var recording = enable_grad();
        var kernel = Entries(whole, dimension, indices).detach().requires_grad_();
        var output = Conv2d.Plain(input, Conv2d.As(kernel, input), null, shape);
        // Not autograd.grad: its errors would cross into .NET as C++ exceptions.
        autograd.backward([output], [of], inputs: [kernel]);
        return kernel.grad!.MoveToOuterDisposeScope();
    }

    /// <summary>The entries at some indices along a dimension; a view if they are contiguous.</summary>
    public static Tensor Entries(Tensor tensor, int dimension, Tensor indices)
    {
        var count = indices.numel();
        if (indices.device_type == DeviceType.CPU)
        {
            var values = indices.data<long>();
            if (values[count - 1] - values[0] == count - 1)
            {
                return tensor.narrow(dimension, values[0], count);
            }
        }

        if (tensor.ndim != 4 || Memory.TryPixels(tensor) is null || tensor.is_contiguous())
        {
            return tensor.index_select(dimension, indices);
        }

        // In the tensor's own memory order.
        using var pixels = tensor.permute(0, 2, 3, 1);
        using var selected = pixels.index_select(dimension == 0 ? 0 : dimension == 1 ? 3 : dimension - 1, indices);
        return selected.permute(0, 3, 1, 2);
    }
}
