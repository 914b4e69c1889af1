using static TorchSharp.torch;

namespace Freeze.Kernels;

/// <summary>
/// The gradient of a few filters of a convolution at stride 1, summed tap by tap. The other algorithms prepare the image or the
/// whole kernel, at a cost that does not depend on how many filters are trained.
/// </summary>
internal static class Filters
{
    // Measured: with more filters or smaller kernels, the other algorithms are faster.
    private const long MostFilters = 8, LeastTaps = 9;

    /// <summary>Whether this algorithm supports the convolution's shape and is the fastest.</summary>
    public static bool Serves(Tensor x, long filters, long[] kernel, ConvShape shape) =>
        Memory.TypeOf(x) is ValueType.Floats or ValueType.BFloats && filters <= MostFilters && x.ndim == 4 &&
        kernel[1] == x.shape[1] && kernel[2] * kernel[3] >= LeastTaps &&
        shape.IsPlain && shape.Strides is [1, 1] && shape.Padding[0] == shape.Padding[1] && Memory.TryPixels(x) is not null;

    /// <summary>The gradient [filters, channels, height, width] in single precision.</summary>
    /// <param name="x">[n, channels, …].</param>
    /// <param name="by">The normaliser of x, [4, channels]; null if x itself was convolved.</param>
    /// <param name="relu">Whether the norm had a relu.</param>
    /// <param name="gradient">The gradient of the filters' outputs, [n, filters, …].</param>
    /// <param name="kernel">The shape of the whole kernel.</param>
    /// <param name="padding">The padding of x.</param>
    public static Tensor Gradient(Tensor x, Tensor? by, bool relu, Tensor gradient, long[] kernel, long padding)
    {
        using var rows = Memory.Maps(gradient);
        var made = empty([gradient.shape[1], x.shape[1], kernel[2], kernel[3]], ScalarType.Float32);
        var (scale, shift) = Convolution.ScaleAndShift(by);
        Native.Check(Native.freeze_filters_gradient(
            Memory.TypeOf(x)!.Value, Memory.TryPixels(x)!.Value, Memory.TryPixels(rows)!.Value, kernel[2], kernel[3], padding,
            scale, shift, relu ? 1 : 0, made.Data()));
        return made;
    }
}
