using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Kernels;

/// <summary>The geometry of a convolution, in pixels.</summary>
/// <param name="Strides">From one output to the next: down, across.</param>
/// <param name="Padding">Zeros around the input: above and below, left and right.</param>
/// <param name="Winograd">
/// Whether 3x3 and 5x5 kernels may use Winograd's algorithm, which rounds by about 2e-6 and 4e-6 of a value.
/// </param>
/// <param name="Groups">The number of groups that channels and filters are divided into.</param>
/// <param name="Dilation">The distance between the pixels that neighbouring kernel entries read.</param>
public sealed record ConvShape(long[] Strides, long[] Padding, bool Winograd, long Groups = 1, long Dilation = 1)
{
    /// <summary>Whether the kernel has neither groups nor dilation, as our own loops require.</summary>
    public bool IsPlain => Groups == 1 && Dilation == 1;
}

/// <summary>A trainable slice of a kernel.</summary>
/// <param name="Leaf">Its entries.</param>
/// <param name="Whole">The kernel [filters, channels, height, width] that contains them, without history.</param>
/// <param name="Dimension">The dimension that it is a slice along.</param>
/// <param name="Indices">The indices of its entries, ascending: a tensor [entries] of 64-bit integers.</param>
public sealed record KernelSlice(Tensor Leaf, Tensor Whole, int Dimension, Tensor Indices);

/// <summary>
/// Convolutions of an input, or of relu(batch norm(input)), that compute only the requested gradients. 3x3 and 5x5 kernels at
/// stride 1 use Winograd's algorithm, or work plane by plane if they have few filters; 1x1 kernels after a norm are matrix
/// products that compute the normalised side on the fly. All of them read the norm's input, so its output is not kept.
/// </summary>
public static class Conv2d
{
    /// <summary>conv2d(x, kernel, bias), or of norm(x), in x's type.</summary>
    /// <param name="graph">Records it for the backward pass.</param>
    /// <param name="x">[n, channels, height, width]; with a norm, on return the tensor that other readers must use.</param>
    /// <param name="norm">Applied to x first, or null.</param>
    /// <param name="kernel">[filters, channels, height, width].</param>
    /// <param name="bias">[filters], or null.</param>
    /// <param name="shape">The geometry.</param>
    public static Tensor Of(Graph graph, ref Tensor x, Norm? norm, Tensor kernel, Tensor? bias, ConvShape shape)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(kernel);
        if (Convolution.Try(graph, ref x, norm, kernel, slice: null, bias, shape) is { } ours)
        {
            return ours;
        }

        using var normalised = norm is null ? null : BatchNorm.Of(graph, ref x, norm);
        return Plain(normalised ?? x, null, kernel, bias, shape);
    }

    /// <summary>As above, for a kernel that is trained only in a slice: gradients of other entries are not computed.</summary>
    public static Tensor Of(Graph graph, ref Tensor x, Norm? norm, KernelSlice slice, Tensor? bias, ConvShape shape)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(slice);
        if (Convolution.Try(graph, ref x, norm, slice.Whole, slice, bias, shape) is { } ours)
        {
            return ours;
        }

        using var normalised = norm is null ? null : BatchNorm.Of(graph, ref x, norm);
        var input = normalised ?? x;
        // libtorch computes a slice's gradient by a convolution with that slice alone, forward and back; from half of the kernel
        // on, the whole kernel's gradient costs less. With groups, a slice is not a convolution.
        return shape.Groups > 1 || 2 * slice.Indices.numel() > slice.Whole.shape[slice.Dimension] || slice.Dimension > 1
            ? Plain(input, null, slice, bias, shape)
            : SliceGradient.Behind(graph, Plain(input, null, slice.Whole, bias?.detach(), shape), input, slice, bias, shape);
    }

    /// <summary>The same in TorchSharp's operations.</summary>
    public static Tensor Plain(Tensor x, Norm? norm, Tensor kernel, Tensor? bias, ConvShape shape)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(kernel);
        ArgumentNullException.ThrowIfNull(shape);
        using var normalised = norm is null ? null : BatchNorm.Plain(x, norm);
        x = normalised ?? x;
        return Plain(x, As(kernel, x), bias is null ? null : As(bias, x), shape);
    }

    /// <summary>libtorch's own convolution.</summary>
    public static Tensor Plain(Tensor x, Tensor kernel, Tensor? bias, ConvShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return F.conv2d(x, kernel, bias, shape.Strides, shape.Padding, [shape.Dilation, shape.Dilation], shape.Groups);
    }

    /// <summary>The same in TorchSharp's operations: gradients reach the slice through its place in the kernel.</summary>
    public static Tensor Plain(Tensor x, Norm? norm, KernelSlice slice, Tensor? bias, ConvShape shape)
    {
        ArgumentNullException.ThrowIfNull(slice);
        return Plain(x, norm, slice.Whole.index_copy(slice.Dimension, slice.Indices, slice.Leaf), bias, shape);
    }

    internal static Tensor As(Tensor value, Tensor like) => value.dtype == like.dtype ? value : value.to(like.dtype);
}
