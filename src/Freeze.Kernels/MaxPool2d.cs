using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Kernels;

/// <summary>
/// Max pooling and relu in one pass over memory. For the backward pass it keeps one byte per output; libtorch keeps the input and
/// eight bytes per output.
/// </summary>
public static class MaxPool2d
{
    // A place in a window is one byte, and one value of it means "cut off".
    private const long MostPlaces = 255;

    /// <summary>relu(max_pool2d(x)), or max_pool2d(x) alone.</summary>
    /// <param name="graph">Records it for the backward pass.</param>
    /// <param name="x">[n, channels, height, width].</param>
    /// <param name="size">The side of a window, in pixels.</param>
    /// <param name="stride">From one window to the next.</param>
    /// <param name="padding">The padding of x.</param>
    /// <param name="relu">Whether a relu follows, or precedes, which gives the same.</param>
    public static Tensor Of(Graph graph, Tensor x, long size, long stride, long padding, bool relu)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(x);
        return graph.HasKernels && Serves(x, size, stride, padding)
            ? ByKernel(graph, x, size, relu)
            : Plain(x, size, stride, padding, relu);
    }

    /// <summary>The same in TorchSharp's operations.</summary>
    public static Tensor Plain(Tensor x, long size, long stride, long padding, bool relu)
    {
        var greatest = F.max_pool2d(x, size, stride, padding);
        return relu ? F.relu(greatest) : greatest;
    }

    // Windows must touch and not overlap, in channels-last order.
    private static bool Serves(Tensor x, long size, long stride, long padding) =>
        Memory.TypeOf(x) is ValueType.Floats or ValueType.BFloats && x.ndim == 4 && Memory.IsChannelsLast(x) && x.numel() > 0 &&
        padding == 0 && stride == size && size > 1 && size * size < MostPlaces && x.shape[2] >= size && x.shape[3] >= size;

    private static Tensor ByKernel(Graph graph, Tensor x, long size, bool relu)
    {
        var (type, shape) = (Memory.TypeOf(x)!.Value, x.shape);
        var windows = new Windows { Height = shape[2], Width = shape[3], Channels = shape[1], Size = size };
        var y = Memory.EmptyMaps(shape[0], shape[1], shape[2] / size, shape[3] / size, x.dtype);
        var places = empty([y.numel()], ScalarType.Byte);
        Native.Check(Native.freeze_pool_forward(type, x.Data(), shape[0], windows, relu ? 1 : 0, y.Data(), places.Data()));
        return graph.Record(
            y,
            [x],
            gradient =>
            {
                using var rows = Memory.Rows(gradient);
                var made = Memory.EmptyMaps(shape[0], shape[1], shape[2], shape[3], gradient.dtype);
                Native.Check(Native.freeze_pool_backward(type, rows.Data(), places.Data(), shape[0], windows, made.Data()));
                return [made];
            },
            places);
    }
}
