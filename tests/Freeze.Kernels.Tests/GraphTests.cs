using System.Globalization;
using System.Runtime.InteropServices;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Kernels.Tests;

/// <summary>Operations recorded in libtorch's graph: when their backward functions run, what fails, and what is freed.</summary>
[Collection(Alone.Name)]
public sealed class GraphTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly Graph graph = new();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void AGradientComesFromTheBackwardFunction()
    {
        var x = Leaf(1, 2, 3);
        graph.Run(Times(x, 5).mul(tensor([1f, 10, 100], [3])).sum());

        Assert.Equal([5f, 50, 500], Values(x.grad!));
    }

    [Fact]
    public void GradientsOfAValueThatIsReadTwiceAreAdded()
    {
        var x = Leaf(1, 2, 3);
        var shared = Times(x, 2);
        graph.Run(Times(shared, 3).Plus(Times(shared, 5)).Plus(shared.Times(7)).Plus(Times(x, 11)).sum());

        Assert.Equal([41f, 41, 41], Values(x.grad!));
    }

    [Fact]
    public void GradientsOfTwoRunsAreAdded()
    {
        var x = Leaf(1, 2);
        graph.Run(Times(x, 2).sum());
        graph.Run(Times(x, 3).sum());

        Assert.Equal([5f, 5], Values(x.grad!));
    }

    // libtorch may add to a gradient in place: not in memory that somebody else reads.
    [Fact]
    public void AGradientThatIsPassedOnIsNotAddedToInPlace()
    {
        var (x, z) = (Leaf(1, 2), Leaf(3, 4));
        var both = graph.Record(x.detach() + z.detach(), [x, z], gradient => [gradient.alias(), gradient.alias()]);
        graph.Run(both.Plus(Times(x, 10)).sum());
        graph.Run(Times(x, 100).sum());

        Assert.Equal([111f, 111], Values(x.grad!));
        Assert.Equal([1f, 1], Values(z.grad!));
    }

    // Whoever else reads the input sends its gradient through the operation, once, whether that is used or not.
    [Fact]
    public void TheGradientOfOtherReadersComesToTheOperation()
    {
        var (x, used, unused) = (Leaf(1, 2), Leaf(0, 0), Leaf(0, 0));
        var calls = new List<bool>();
        Tensor Twice(ref Tensor input) => graph.RecordBeside(input.detach().Times(2), ref input, [], (gradient, others) =>
        {
            calls.Add(others is not null);
            return [others is null ? gradient.Times(2) : gradient.Times(2).Plus(others)];
        });

        var read = x;
        var y = Twice(ref read);
        Assert.NotSame(x, read);
        graph.Run(y.Plus(Times(read, 10)).Plus(Times(read, 100)).sum());
        Assert.Equal([112f, 112], Values(x.grad!));

        read = used;
        graph.Run(Twice(ref read).sum());
        Assert.Equal([2f, 2], Values(used.grad!));

        read = unused;
        _ = Twice(ref read);
        graph.Run(Times(read, 3).sum());
        Assert.Equal([3f, 3], Values(unused.grad!));
        Assert.Equal([true, false], calls);
    }

    [Fact]
    public void AnInputMayGetNoGradient()
    {
        var (x, z) = (Leaf(1, 2), Leaf(3, 4));
        var y = graph.Record(x.detach() * z.detach(), [x, z], gradient => [null, gradient.Times(2)]);
        graph.Run(y.sum());

        Assert.Null(x.grad);
        Assert.Equal([2f, 2], Values(z.grad!));
    }

    [Fact]
    public void WithoutGradNothingIsRecorded()
    {
        var x = Leaf(1, 2);
        var saved = zeros([1]);
        using (no_grad())
        {
            var y = graph.Record(x.detach().Times(2), [x], _ => throw new InvalidOperationException(), saved);
            Assert.False(y.requires_grad);
            Assert.True(saved.IsInvalid);
        }

        var constant = zeros([1]);
        Assert.False(graph.Record(constant.Times(2), [constant], _ => throw new InvalidOperationException()).requires_grad);
    }

    [Fact]
    public void TheBackwardFunctionRunsWithoutHistory()
    {
        var x = Leaf(1, 2);
        bool? recording = null;
        var y = graph.Record(x.detach().Times(2), [x], gradient =>
        {
            recording = is_grad_enabled();
            return [gradient.Times(2)];
        });
        graph.Run(y.sum());

        Assert.False(recording);
        Assert.True(is_grad_enabled());
        Assert.False(x.grad!.requires_grad);
    }

    [Fact]
    public void AnExceptionInABackwardFunctionComesOutOfRun()
    {
        var x = Leaf(1, 2);
        var before = Tensor.TotalCount;
        using (NewDisposeScope())
        {
            var ran = false;
            var first = graph.Record(x.detach().Times(2), [x], gradient =>
            {
                ran = true;
                return [gradient.Times(2)];
            });
            var failing = graph.Record(first.detach().Times(3), [first], _ => throw new InvalidTimeZoneException("thrown by a test"));
            var error = Assert.Throws<InvalidTimeZoneException>(() => graph.Run(Times(failing, 4).sum()));

            Assert.Equal("thrown by a test", error.Message);
            // Where it was thrown, not where it was caught.
            Assert.Contains(nameof(AnExceptionInABackwardFunctionComesOutOfRun), error.StackTrace, StringComparison.Ordinal);
            Assert.False(ran);
        }

        Assert.Null(x.grad);
        Assert.Equal(before, Tensor.TotalCount);

        graph.Run(Times(x, 3).sum());
        Assert.Equal([3f, 3], Values(x.grad!));
    }

    [Fact]
    public void GradientsThatComeAfterAnExceptionAreFreed()
    {
        var (x, z) = (zeros([1 << 20]).requires_grad_(), Leaf(1));
        void Fail(int times)
        {
            for (var i = 0; i < times; i++)
            {
                using var step = NewDisposeScope();
                var skipped = Times(x, 2);
                // Recorded last, so it runs first.
                var failing = graph.Record(z.detach().Times(2), [z], _ => throw new InvalidTimeZoneException());
                Assert.Throws<InvalidTimeZoneException>(() => graph.Run(skipped.mul(failing).sum()));
            }
        }

        Fail(10);
        var memory = ResidentMegabytes();
        Fail(50);

        // 4 MB each.
        Assert.InRange(ResidentMegabytes(), 0, memory + 100);
    }

    [Fact]
    public void AnErrorOfLibtorchComesOutOfRun()
    {
        var x = Leaf(1, 2);
        var before = Tensor.TotalCount;
        using (NewDisposeScope())
        {
            var y = graph.Record(x.detach().Times(2), [x], _ => [zeros([3])]);
            Assert.Throws<ExternalException>(() => graph.Run(y.sum()));
        }

        Assert.Equal(before, Tensor.TotalCount);
        graph.Run(Times(x, 3).sum());
        Assert.Equal([3f, 3], Values(x.grad!));
    }

    [Fact]
    public void AnErrorBesideAnExceptionDoesNotStayForTheNextRun()
    {
        var (x, z) = (Leaf(1, 2), Leaf(3, 4));
        // The one recorded last runs first.
        var wrong = graph.Record(z.detach().Times(2), [z], _ => [zeros([3])]);
        var failing = graph.Record(x.detach().Times(2), [x], _ => throw new InvalidTimeZoneException());
        Assert.ThrowsAny<Exception>(() => graph.Run(wrong.Plus(failing).sum()));

        graph.Run(Times(x, 3).sum());
        Assert.Equal([3f, 3], Values(x.grad!));
    }

    [Fact]
    public void ASecondBackwardPassIsRefused()
    {
        var x = Leaf(1, 2);
        var saved = tensor([2f], [1]);
        var loss = graph.Record(x.detach().Times(2), [x], gradient => [gradient.mul(saved)], saved).sum();
        graph.Run(loss);

        Assert.ThrowsAny<Exception>(() => graph.Run(loss));
        Assert.Equal([2f, 2], Values(x.grad!));
    }

    // The backward pass gives each value free as soon as it is read.
    [Fact]
    public void WhatABackwardFunctionReadsGoesWithIt()
    {
        var x = Leaf(1, 2);
        var (saved, live) = (zeros([1]), 0L);
        var first = graph.Record(x.detach().Times(2), [x], gradient =>
        {
            live = Tensor.TotalCount;
            Assert.True(saved.IsInvalid);
            return [gradient.Times(2)];
        });
        var second = graph.Record(first.detach().Times(2), [first], gradient => [gradient.Times(2)], saved);
        graph.Run(second.sum());

        Assert.NotEqual(0, live);
    }

    [Fact]
    public void NodesThatNeverRunAreFreed()
    {
        var x = Leaf(1, 2);
        var saved = zeros([1]);
        using (NewDisposeScope())
        {
            _ = graph.Record(Times(x, 2).detach(), [x], gradient => [gradient], saved);
            Assert.False(saved.IsInvalid);
        }

        Assert.True(saved.IsInvalid);
    }

    // What nobody disposes of is freed by the thread of the finalizers.
    [Fact]
    public void NodesThatTheCollectorFindsAreFreed()
    {
        var x = Leaf(1, 2);
        var saved = zeros([1]);
        Lose();
        GC.Collect();
        GC.WaitForPendingFinalizers();

        Assert.True(saved.IsInvalid);

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        void Lose()
        {
            var lost = graph.Record(ones([2]), [x], gradient => [gradient], saved);
            lost.DetachFromDisposeScope();
        }
    }

    [Fact]
    public void FortyThousandNodesLeaveNoMemoryBehind()
    {
        var x = Leaf(1, 2);
        void Nodes(int count)
        {
            for (var i = 0; i < count; i++)
            {
                using var step = NewDisposeScope();
                var y = Times(Times(x, 2), 3);
                if (i % 2 == 0)
                {
                    graph.Run(y.sum());
                    x.grad = null;
                }
            }
        }

        // Until then .NET's own memory grows.
        Nodes(30_000);
        Collect();
        var (tensors, memory) = (Tensor.TotalCount, ResidentMegabytes());
        Nodes(20_000);
        Collect();

        Assert.Equal(tensors, Tensor.TotalCount);
        // Some 100 bytes a node.
        Assert.InRange(ResidentMegabytes(), 0, memory + 4);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AThousandStepsGrowNeitherTensorsNorMemory(bool useKernels)
    {
        var ours = new Graph(useKernels);
        var net = new Net();

        void Steps(int count)
        {
            for (var i = 0; i < count; i++)
            {
                net.Step(ours, (ulong)i);
            }
        }

        // Memory is fetched from the system by 64 MB, of which the first steps touch more and more.
        Drawn.OnThreads(1, () => Steps(400));
        Collect();
        var (tensors, memory) = (Tensor.TotalCount, ResidentMegabytes());
        Drawn.OnThreads(1, () => Steps(600));
        Collect();

        Assert.Equal(tensors, Tensor.TotalCount);
        Assert.InRange(ResidentMegabytes(), 0, memory + 16);
    }

    // Of kernels alone: libtorch's own convolutions of small images depend on the number of threads.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AStepOfKernelsIsTheSameBitsOnEachThreadCount(bool bfloat16) => Drawn.SameOnThreads(() =>
    {
        using var inner = NewDisposeScope();
        var type = bfloat16 ? ScalarType.BFloat16 : float32;
        Tensor Drawn32(long[] shape, int seed) => Drawn.Values(shape, seed).to(float32).detach().requires_grad_();
        Norm NormOf(long channels) => new(
            zeros([channels]), ones([channels]), Drawn32([channels], 2), Drawn32([channels], 3), true, 0.1, 1e-5, Relu: true);
        var x = Drawn.ChannelsLast(Drawn.Values([32, 24, 12, 12], 1).to(type)).detach().requires_grad_();
        var (norm, second) = (NormOf(24), NormOf(40));
        var (kernel, slice, bias) = (Drawn32([40, 24, 3, 3], 4), Drawn32([3, 40, 3, 3], 5), Drawn32([40], 6));
        var whole = Drawn.Values([40, 40, 3, 3], 7).to(float32);
        var last = Drawn32([70, 40, 1, 1], 8);
        var h = Unshared.BatchNorm(graph, x, norm);
        h = Unshared.Conv2d(graph, h, null, kernel, bias, new([1, 1], [1, 1], Winograd: true));
        h = Conv2d.Of(
            graph, ref h, second, new KernelSlice(slice, whole, 0, tensor([1L, 2, 30], [3])), null, new([1, 1], [1, 1], Winograd: true));
        h = Unshared.Conv2d(graph, h, second, last, null, new([1, 1], [0, 0], Winograd: true));
        h = Dropout.Of(graph, MaxPool2d.Of(graph, h, 2, 2, 0, relu: true), 0.3, 5);
        graph.Run(h.mul(h).sum());
        var rule = new SgdStep(0.01, 0.9, 5e-4, Nesterov: true);
        using (no_grad())
        {
            rule.Apply(graph.HasKernels, kernel, kernel.grad!, zeros(kernel.shape));
        }

        Tensor[] read =
        [
            h, x.grad!, kernel, slice.grad!, last.grad!, bias.grad!, norm.Weight.grad!, norm.Bias.grad!, second.Weight.grad!,
            norm.RunningMean, norm.RunningVar, second.RunningVar,
        ];
        return [.. read.SelectMany(value => Values(value.to(float32)))];
    });

    [Fact]
    public void StepsByKernelsAreThoseOfTorchSharp()
    {
        var (found, expected) = (new Net(), new Net());
        var plain = new Graph(useKernels: false);
        Assert.False(plain.HasKernels);
        for (var i = 0; i < 5; i++)
        {
            found.Step(graph, (ulong)i);
            expected.Step(plain, (ulong)i);
        }

        Drawn.Close(tensor(expected.Read()), tensor(found.Read()), 1e-5, "weights");
    }

    [Fact]
    public async Task TwoThreadsWithAGraphEachDoNotDisturbEachOther()
    {
        float[] Trained()
        {
            using var inner = NewDisposeScope();
            var (own, net) = (new Graph(), new Net());
            for (var i = 0; i < 20; i++)
            {
                net.Step(own, (ulong)i);
            }

            return net.Read();
        }

        // The number of threads is one of each thread's own.
        float[] OnOne() => Drawn.OnThreads(1, Trained);
        var alone = OnOne();
        var together = await Task.WhenAll(Task.Run(OnOne), Task.Run(OnOne));

        Assert.Equal(alone, together[0]);
        Assert.Equal(alone, together[1]);
    }

    private Tensor Times(Tensor x, double factor) =>
        graph.Record(x.detach().Times(factor), [x], gradient => [gradient.Times(factor)]);

    private static Tensor Leaf(params float[] values) => tensor(values, [values.Length]).requires_grad_();

    private static float[] Values(Tensor values) => values.detach().contiguous().data<float>().ToArray();

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    private static long ResidentMegabytes()
    {
        if (!OperatingSystem.IsLinux())
        {
            return 0;
        }

        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmRSS", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    // One of each operation: a first convolution of three channels, a norm with relu, a Winograd convolution of which a slice
    // learns, a 1x1 convolution behind a norm, slices that libtorch convolves, pooling and dropout.
    private sealed class Net
    {
        private readonly Tensor x = Drawn.ChannelsLast(Drawn.Values([16, 3, 12, 12], 1).to(float32));
        private readonly Tensor labels = tensor([.. Enumerable.Range(0, 16).Select(i => i % 10L)], [16]);
        private readonly Tensor first = Leaf([32, 3, 3, 3], 2), second = Leaf([32, 32, 3, 3], 3), third = Leaf([40, 32, 1, 1], 4);
        private readonly Tensor fourth = Leaf([16, 40, 3, 3], 5), last = Leaf([10, 16 * 3 * 3], 6);
        private readonly Tensor some = tensor([1L, 4, 9], [3]), few = tensor([2L, 3], [2]);
        private readonly Tensor secondSlice = Leaf([3, 32, 3, 3], 7), fourthSlice = Leaf([16, 2, 3, 3], 8), bias = Leaf([40], 9);
        private readonly Norm[] norms = [NormOf(32), NormOf(32), NormOf(32)];

        private Tensor[] Leaves =>
        [
            first, third, last, secondSlice, fourthSlice, bias, .. norms.Select(norm => norm.Weight), .. norms.Select(norm => norm.Bias),
        ];

        public void Step(Graph graph, ulong key)
        {
            using var step = NewDisposeScope();
            var shape = new ConvShape([1, 1], [1, 1], Winograd: true);
            var h = Unshared.Conv2d(graph, x, null, first, null, shape);
            h = Unshared.BatchNorm(graph, h, norms[0]);
            h = Conv2d.Of(graph, ref h, null, new KernelSlice(secondSlice, second.detach(), 0, some), null, shape);
            h = Conv2d.Of(graph, ref h, norms[1], new KernelSlice(secondSlice, second.detach(), 0, some), null, shape);
            h = Unshared.Conv2d(graph, h, norms[2], third, bias, new([1, 1], [0, 0], Winograd: true));
            h = MaxPool2d.Of(graph, h, 2, 2, 0, relu: true);
            h = Dropout.Of(graph, h, 0.2, key);
            h = Conv2d.Of(graph, ref h, null, new KernelSlice(fourthSlice, fourth.detach(), 1, few), null, new([2, 2], [1, 1], Winograd: true));
            using var loss = F.cross_entropy(F.linear(h.flatten(1), last), labels);
            graph.Run(loss);
            var rule = new SgdStep(0.01, 0, 5e-4, Nesterov: false);
            foreach (var leaf in Leaves)
            {
                using (no_grad())
                {
                    rule.Apply(graph.HasKernels, leaf, leaf.grad!, null);
                }

                leaf.grad = null;
            }
        }

        public float[] Read() => [.. Leaves.SelectMany(Values)];

        private static Norm NormOf(long channels) => new(
            zeros([channels]), ones([channels]), ones([channels]).requires_grad_(), zeros([channels]).requires_grad_(), true, 0.1,
            1e-5, Relu: true);

        private static Tensor Leaf(long[] shape, int seed) => Drawn.Values(shape, seed).Plus(-0.3).Times(0.2).to(float32).detach().requires_grad_();
    }
}
