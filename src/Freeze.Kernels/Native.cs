using System.Runtime.InteropServices;

namespace Freeze.Kernels;

/// <summary>The type of the values in memory, as native/api.h numbers them.</summary>
internal enum ValueType
{
    Floats = 0,
    BFloats = 1,
    Doubles = 2,
}

/// <summary>Maps [images, height, width, channels] in memory; pixels lie <c>Stride</c> numbers apart.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Pixels
{
    public nint Data;
    public long Images, Height, Width, Channels, Stride;

    public readonly bool IsAsLargeAs(in Pixels other) =>
        (Images, Height, Width) == (other.Images, other.Height, other.Width);
}

/// <summary>Values [rows, channels] in memory; rows lie <c>Stride</c> numbers apart.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Matrix
{
    public long Rows, Channels, Stride;
}

/// <summary>
/// A batch norm's tensors of one number per channel, and its mode. Also the batch's means and variances [2, room] or 0, of which
/// the first <c>Known</c> channels are set; the indices of the input's channels, 0 for all; and the other channels, which have
/// <c>Values</c> everywhere.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NormWeights
{
    public nint Weight, Bias, RunningMean, RunningVariance;
    public double Momentum, Epsilon;
    public int Training;
    public nint Moments;
    public long Known, Room;
    public nint Live, Constant;
    public long Constants;
    public nint Values;
}

/// <summary>
/// Where to write a batch norm's gradients, 0 for those not requested. Also the gradient of the input's other readers, which may
/// share memory with the input's. Weight and bias have <c>All</c> channels; the input has those at <c>Live</c>, 0 for all.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NormGradients
{
    public nint Input, Weight, Bias;
    public int Training, Relu;
    public nint Others;
    public long OthersStride;
    public nint Live;
    public long All;
}

/// <summary>A convolution by 1x1 kernels from [rows, inputs] with rows <c>Stride</c> numbers apart to [rows, outputs].</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PointwiseShape
{
    public long Rows, Inputs, Outputs, Stride;
}

/// <summary>Maps, and the side of their pooling windows.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Windows
{
    public long Height, Width, Channels, Size;
}

/// <summary>The settings of a step of gradient descent.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SgdRule
{
    public double Rate, Momentum, Decay;
    public int Nesterov;
}

/// <summary>The C interface of the kernels (native/). Every function returns a status for <see cref="Check"/>.</summary>
internal static unsafe partial class Native
{
    private const string Library = TorchLibraries.KernelsName;

    /// <summary>Throws the exception that a status stands for.</summary>
    /// <exception cref="OutOfMemoryException">The kernel could not allocate memory.</exception>
    public static void Check(int status)
    {
        const int fine = 0, outOfMemory = 2;
#pragma warning disable CA2201 // TorchSharp throws it too, so callers need not know which of the two computed.
        if (status != fine)
        {
            throw status == outOfMemory
                ? new OutOfMemoryException("a kernel found no memory")
                : new ExternalException("a kernel failed");
        }
#pragma warning restore CA2201
    }

    /// <summary>The interface version of this file, which freeze_kernels_interface must return.</summary>
    public const int Interface = 7;

    [LibraryImport(Library)]
    public static partial int freeze_kernels_version();

    [LibraryImport(Library)]
    public static partial nint freeze_kernels_instructions();

    [LibraryImport(Library)]
    public static partial int freeze_keep_tensors(out int done);

    [LibraryImport(Library)]
    public static partial int freeze_trim();

    [LibraryImport(Library)]
    public static partial int freeze_norm_begin(ValueType type, nint x, in Matrix of, in NormWeights weights, nint by);

    [LibraryImport(Library)]
    public static partial int freeze_norm_apply(ValueType type, nint x, in Matrix of, nint by, int relu, nint y);

    [LibraryImport(Library)]
    public static partial int freeze_norm_backward(
        ValueType type, nint gradient, nint x, in Matrix of, nint by, in NormGradients to);

    [LibraryImport(Library)]
    public static partial int freeze_channel_sums(ValueType type, nint x, long rows, long channels, nint to);

    [LibraryImport(Library)]
    public static partial int freeze_winograd_convolve(
        ValueType type, in Pixels x, nint kernel, nint bias, long side, long padding, int turned, nint scale, nint shift,
        in Pixels y);

    [LibraryImport(Library)]
    public static partial int freeze_winograd_kernel_gradient(
        ValueType type, in Pixels x, in Pixels gradient, long side, long padding, nint scale, nint shift, nint to);

    [LibraryImport(Library)]
    public static partial int freeze_filters_gradient(
        ValueType type, in Pixels x, in Pixels gradient, long height, long width, long padding, nint scale, nint shift, int relu,
        nint to);

    [LibraryImport(Library)]
    public static partial int freeze_planes_convolve(
        ValueType type, in Pixels x, nint kernel, nint bias, long side, long padding, int turned, nint scale, nint shift,
        in Pixels y);

    [LibraryImport(Library)]
    public static partial int freeze_planes_kernel_gradient(
        ValueType type, in Pixels x, in Pixels gradient, long side, long padding, nint scale, nint shift, nint to);

    [LibraryImport(Library)]
    public static partial int freeze_pointwise_convolve(
        ValueType type, nint x, in PointwiseShape shape, nint norm, nint kernel, nint bias, nint y);

    [LibraryImport(Library)]
    public static partial int freeze_pointwise_kernel_gradient(
        ValueType type, nint x, in PointwiseShape shape, nint norm, nint gradient, nint to);

    [LibraryImport(Library)]
    public static partial int freeze_pointwise_backward(
        ValueType type, nint x, in PointwiseShape shape, nint norm, nint gradient, nint kernel, in NormGradients to);

    [LibraryImport(Library)]
    public static partial int freeze_pool_forward(
        ValueType type, nint x, long images, in Windows by, int relu, nint y, nint places);

    [LibraryImport(Library)]
    public static partial int freeze_pool_backward(
        ValueType type, nint gradient, nint places, long images, in Windows by, nint to);

    [LibraryImport(Library)]
    public static partial int freeze_concatenate(ValueType type, ReadOnlySpan<Pixels> maps, int count, in Pixels to);

    [LibraryImport(Library)]
    public static partial int freeze_sgd_step(
        ValueType type, nint weight, nint gradient, nint buffer, long count, in SgdRule rule);

    [LibraryImport(Library)]
    public static partial int freeze_dropout(ValueType type, nint x, long count, ulong key, double fraction, nint y);
}
