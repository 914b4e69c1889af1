using System.Runtime.InteropServices;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Torch.Tests;

/// <summary>Where tensors lie. Of a GPU only what can be seen without one, and what must hold with one.</summary>
public sealed class DeviceTests
{
    [Fact]
    public void TensorsLieInMainMemoryUnlessToldOtherwise()
    {
        using var scope = NewDisposeScope();

        Assert.Equal(DeviceType.CPU, get_default_device().type);
        Assert.Equal("cpu", zeros([2]).device.ToString());
        Assert.Equal("cuda:1", new Device(DeviceType.CUDA, 1).ToString());
    }

    [Fact]
    public void ATensorIsCopiedToWhereItLiesOnlyIfAsked()
    {
        using var scope = NewDisposeScope();
        var one = zeros([2]);

        var same = one.to(CPU);
        var other = one.to(CPU, copy: true);
        one.add_(1);

        Assert.Equal([1f, 1], same.data<float>().ToArray());
        Assert.Equal([0f, 0], other.data<float>().ToArray());
        Assert.True(one.to(CPU, copy: true, disposeAfter: true).numel() == 2 && one.IsInvalid);
    }

    [Fact]
    public void WithoutAGpuNothingGoesThereAndMemoryIsPinnedForNobody()
    {
        Assert.SkipWhen(cuda.is_available(), "there is a GPU");
        using var scope = NewDisposeScope();
        var values = ones([3]);

        Assert.Equal(0, cuda.device_count());
        Assert.ThrowsAny<ExternalException>(() => values.to(new Device(DeviceType.CUDA)));
        Assert.ThrowsAny<ExternalException>(() => zeros([2], device: new Device(DeviceType.CUDA)));
        Assert.False(values.pin_memory().is_pinned());
        Assert.Equal([1f, 1, 1], values.pin_memory().data<float>().ToArray());
    }

    [Fact]
    public void AGpuHasTheValuesOfMainMemory()
    {
        Assert.SkipUnless(cuda.is_available(), "there is no GPU");
        using var scope = NewDisposeScope();
        var pinned = tensor(new[] { 1f, 2, 3 }, [3]).pin_memory();

        var there = pinned.to(new Device(DeviceType.CUDA), non_blocking: true);

        Assert.True(pinned.is_pinned());
        Assert.Equal(DeviceType.CUDA, there.device.type);
        Assert.Equal([2f, 4, 6], there.add(there).data<float>().ToArray());
        Assert.Throws<InvalidOperationException>(() => { _ = there.bytes; });
    }

    [Fact]
    public void RoundingOfFactorsCanBeAllowedAndForbidden()
    {
        var (products, convolutions) = (backends.cuda.matmul.allow_tf32, backends.cudnn.allow_tf32);
        try
        {
            foreach (var allowed in new[] { true, false })
            {
                backends.cuda.matmul.allow_tf32 = allowed;
                backends.cudnn.allow_tf32 = allowed;
                Assert.Equal(allowed, backends.cuda.matmul.allow_tf32);
                Assert.Equal(allowed, backends.cudnn.allow_tf32);
            }
        }
        finally
        {
            backends.cuda.matmul.allow_tf32 = products;
            backends.cudnn.allow_tf32 = convolutions;
        }
    }

    [Fact]
    public void EyeHasAsManyColumnsAsAsked()
    {
        using var scope = NewDisposeScope();
        Assert.Equal([1f, 0, 0, 0, 1, 0], eye(2, 3).data<float>().ToArray());
    }
}
