using Xunit;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Kernels.Tests;

/// <summary>The gradient of a few filters alone, which is summed tap by tap, against libtorch's in double.</summary>
public sealed class FiltersTests
{
    private readonly Graph graph = new();

    // Images, inputs, height, width, filters that learn, kernel's height and width, padding.
    public static TheoryData<long, long, long, long, long, long, long, long> Shapes
    {
        get
        {
            var shapes = new TheoryData<long, long, long, long, long, long, long, long>
            {
                // Lanes of 16 channels, full and not.
                { 5, 3, 9, 8, 2, 3, 3, 1 },
                { 5, 16, 9, 8, 2, 3, 3, 0 },
                { 5, 37, 6, 7, 4, 3, 3, 2 },
                // So few channels that a row of the kernel is one tap, and just too many.
                { 4, 1, 28, 28, 2, 5, 5, 0 },
                { 4, 1, 10, 11, 3, 3, 3, 1 },
                { 4, 2, 7, 9, 1, 4, 8, 3 },
                { 4, 2, 9, 11, 1, 4, 9, 3 },
                // Taps by nine: 25 leave some over.
                { 4, 3, 12, 12, 2, 5, 5, 2 },
                { 4, 20, 8, 8, 3, 5, 5, 0 },
                { 3, 20, 8, 9, 3, 3, 5, 1 },
                // Bands of rows: more pixels than go together.
                { 2, 40, 70, 66, 3, 3, 3, 1 },
                { 1, 3, 9, 3000, 1, 3, 3, 1 },
                // Maps of one pixel; more images than parts.
                { 70, 16, 3, 3, 3, 3, 3, 0 },
                { 70, 16, 1, 1, 1, 3, 3, 1 },
            };
            for (var filters = 1; filters <= 8; filters++)
            {
                shapes.Add(3, 18, 7, 6, filters, 3, 3, 1);
            }

            return shapes;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void AsInDouble(
        long images, long inputs, long height, long width, long filters, long kernelHeight, long kernelWidth, long padding)
    {
        using var scope = NewDisposeScope();
        var start = Drawn.Values([20, inputs, kernelHeight, kernelWidth], 2).to(float32);
        // Side by side, and apart: one is a view of the gradient, the other a copy.
        foreach (var step in new[] { 1L, 2 })
        {
            var index = tensor([.. Enumerable.Range(0, (int)filters).Select(i => 1 + (i * step))], [filters]);
            Tensor Gradient(ScalarType type, bool exact)
            {
                // Rounded values: what is compared is the computation.
                var x = Drawn.ChannelsLast(Drawn.Values([images, inputs, height, width], 1).to(type));
                var numbers = exact ? float64 : float32;
                var whole = start.to(numbers);
                var slice = whole.index_select(0, index).detach().requires_grad_();
                var y = exact
                    ? F.conv2d(x.to(float64), whole.index_copy(0, index, slice), null, [1, 1], [padding, padding])
                    : Conv2d.Of(graph, ref x, null, new KernelSlice(slice, whole, 0, index), null, new([1, 1], [padding, padding], false));
                graph.Run(y.mul(Drawn.Values(y.shape, 4).to(type).to(y.dtype)).sum());
                return slice.grad!;
            }

            Drawn.Close(Gradient(float32, exact: true), Gradient(float32, exact: false), 1e-5, $"every {step}");
            Drawn.Close(Gradient(ScalarType.BFloat16, exact: true), Gradient(ScalarType.BFloat16, exact: false), 1e-5, $"bfloat16, every {step}");
        }
    }

    [Fact]
    public void TheNumberOfThreadsChangesNoBit()
    {
        using var scope = NewDisposeScope();
        Drawn.SameOnThreads(() =>
        {
            var x = Drawn.ChannelsLast(Drawn.Values([64, 24, 12, 12], 1).to(float32));
            var whole = Drawn.Values([40, 24, 3, 3], 2).to(float32);
            var index = tensor([1L, 2, 7], [3]);
            var slice = whole.index_select(0, index).detach().requires_grad_();
            var y = Conv2d.Of(graph, ref x, null, new KernelSlice(slice, whole, 0, index), null, new([1, 1], [1, 1], true));
            graph.Run(y.mul(y).sum());
            return slice.grad!.contiguous().data<float>().ToArray();
        });
    }
}
