using System.Globalization;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Torch.Tests;

public sealed class AutogradTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void RequiresGradReadsBackAsSet()
    {
        var weights = zeros([1]).requires_grad_();
        Assert.True(weights.requires_grad);
        Assert.False(weights.requires_grad_(false).requires_grad);
    }

    [Fact]
    public void GradientsAgreeWithFiniteDifferences()
    {
        double[] Numbers(int count, double scale) =>
            [.. Enumerable.Range(0, count).Select(i => scale * Math.Sin(1 + (7.3 * i)))];
        var image = tensor(Numbers(2 * 2 * 6 * 6, 1), [2, 2, 6, 6]);
        var labels = tensor([1L, 0], [2]);
        var kernel = Numbers(3 * 2 * 3 * 3, 0.5);
        var matrix = Numbers(3 * 12, 0.5);

        Tensor Loss(Tensor kernels, Tensor weights)
        {
            var hidden = F.max_pool2d(F.relu(F.conv2d(image, kernels)), 2);
            return F.cross_entropy(F.linear(hidden.flatten(1), weights), labels);
        }

        double At(double[] kernels, double[] weights) =>
            Loss(tensor(kernels, [3, 2, 3, 3]), tensor(weights, [3, 12])).item<double>();

        var kernelLeaf = tensor(kernel, [3, 2, 3, 3]).requires_grad_();
        var matrixLeaf = tensor(matrix, [3, 12]).requires_grad_();
        Loss(kernelLeaf, matrixLeaf).backward();

        double[] Moved(double[] values, int place, double by)
        {
            var moved = (double[])values.Clone();
            moved[place] += by;
            return moved;
        }

        const double h = 1e-6;
        var kernelGradient = kernelLeaf.grad!.data<double>().ToArray();
        for (var i = 0; i < kernel.Length; i += 5)
        {
            var slope = (At(Moved(kernel, i, h), matrix) - At(Moved(kernel, i, -h), matrix)) / (2 * h);
            Assert.Equal(slope, kernelGradient[i], 7);
        }

        var matrixGradient = matrixLeaf.grad!.data<double>().ToArray();
        for (var i = 0; i < matrix.Length; i += 5)
        {
            var slope = (At(kernel, Moved(matrix, i, h)) - At(kernel, Moved(matrix, i, -h))) / (2 * h);
            Assert.Equal(slope, matrixGradient[i], 7);
        }
    }

    [Fact]
    public void ASliceGetsTheGradientOfItsOwnEntriesAlone()
    {
        var constant = ones([4, 2]);
        var leaf = zeros([2, 2]).requires_grad_();
        constant.index_copy(0, tensor([3L, 1], [2]), leaf).mul(tensor([1f, 2, 3, 4, 5, 6, 7, 8], [4, 2])).sum().backward();
        Assert.Equal([7f, 8, 3, 4], leaf.grad!.data<float>().ToArray());
        Assert.Null(constant.grad);
    }

    [Fact]
    public void WithoutGradNothingKeepsHistory()
    {
        var leaf = ones([1]).requires_grad_();
        using (no_grad())
        {
            Assert.False(is_grad_enabled());
            Assert.False(leaf.mul(2).requires_grad);
        }

        Assert.True(is_grad_enabled());
        Assert.True(leaf.mul(2).requires_grad);
        Assert.False(leaf.mul(2).detach().requires_grad);
    }

    [Fact]
    public void AThousandStepsGrowNeitherTensorsNorMemory()
    {
        var conv1 = Leaf(8, 1, 5, 5);
        var conv2 = Leaf(16, 8, 5, 5);
        var fc1 = Leaf(64, 16 * 4 * 4);
        var fc2 = Leaf(10, 64);
        Tensor[] leaves = [conv1, conv2, fc1, fc2];
        var images = ones([16, 1, 28, 28]);
        var labels = tensor(new long[16], [16]);

        void Steps(int count)
        {
            for (var i = 0; i < count; i++)
            {
                using var step = NewDisposeScope();
                var hidden = F.max_pool2d(F.relu(F.conv2d(images, conv1)), 2);
                hidden = F.max_pool2d(F.relu(F.conv2d(hidden, conv2)), 2);
                var loss = F.cross_entropy(F.linear(F.relu(F.linear(hidden.flatten(1), fc1)), fc2), labels);
                loss.backward();
                using var still = no_grad();
                foreach (var leaf in leaves)
                {
                    leaf.add_(leaf.grad!, -0.001);
                    leaf.grad = null;
                }
            }
        }

        Steps(200);
        var tensors = Tensor.TotalCount;
        var memory = ResidentMegabytes();
        Steps(1000);
        Assert.Equal(tensors, Tensor.TotalCount);
        Assert.InRange(ResidentMegabytes(), 0, memory + 16);
    }

    private static Tensor Leaf(params long[] shape)
    {
        var count = shape.Aggregate(1L, (product, extent) => product * extent);
        var values = Enumerable.Range(0, (int)count).Select(i => 0.1f * MathF.Sin(i));
        return tensor([.. values], shape).requires_grad_();
    }

    private static long ResidentMegabytes()
    {
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmRSS", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }
}
