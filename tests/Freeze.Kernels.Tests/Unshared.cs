using static TorchSharp.torch;

namespace Freeze.Kernels.Tests;

/// <summary>Operations on maps that nothing else reads: what is put in their place is dropped.</summary>
internal static class Unshared
{
    public static Tensor BatchNorm(Graph graph, Tensor x, Norm norm) => Kernels.BatchNorm.Of(graph, ref x, norm);

    public static Tensor Conv2d(Graph graph, Tensor x, Norm? norm, Tensor kernel, Tensor? bias, ConvShape shape) =>
        Kernels.Conv2d.Of(graph, ref x, norm, kernel, bias, shape);
}
