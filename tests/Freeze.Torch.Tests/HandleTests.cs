using System.Runtime.InteropServices;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Torch.Tests;

public sealed class HandleTests
{
    [Fact]
    public void ADisposedTensorIsRefusedByName()
    {
        var gone = zeros([2]);
        gone.Dispose();
        Assert.True(gone.IsInvalid);
        Assert.Equal(nameof(Tensor), Assert.Throws<ObjectDisposedException>(() => gone.add(1)).ObjectName);
        Assert.Equal("disposed tensor", gone.ToString());
        gone.Dispose();
    }

    [Theory]
    [InlineData(0L)]
    [InlineData(-1L)]
    [InlineData(1L)]
    [InlineData(0x1234_5678_9ABC_DEF0L)]
    [InlineData((1L << 32) | 0x00FF_FFFFL)]
    public void AForeignHandleIsAnErrorAndNoCrash(long foreign)
    {
        Assert.Equal(1, NativeMethods.freeze_dim(foreign, out _));
        Assert.Equal(1, NativeMethods.freeze_release(foreign));
        var error = Assert.Throws<ExternalException>(() => NativeMethods.Check(NativeMethods.freeze_backward(foreign)));
        Assert.Contains("no live tensor", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFreedHandleIsRefusedThoughItsPlaceIsTakenAgain()
    {
        using var first = zeros([2]);
        var handle = first.Handle;
        first.Dispose();
        using var second = zeros([3]);
        // The same slot, another generation.
        Assert.Equal(handle & 0xFFFF_FFFF, second.Handle & 0xFFFF_FFFF);
        Assert.Equal(1, NativeMethods.freeze_dim(handle, out _));
        Assert.Equal(1, NativeMethods.freeze_release(handle));
        Assert.Equal([3L], second.shape);
    }

    [Fact]
    public void FreeingWhileAnotherThreadUsesIsAnErrorOrAnAnswerButNoCrash()
    {
        for (var round = 0; round < 200; round++)
        {
            using var shared = ones([64, 64]);
            var handle = shared.Handle;
            var user = new Thread(() =>
            {
                for (var i = 0; i < 50 && NativeMethods.freeze_mul(handle, handle, out var made) == 0; i++)
                {
                    _ = NativeMethods.freeze_release(made);
                }
            });
            user.Start();
            shared.Dispose();
            user.Join();
            Assert.Equal(1, NativeMethods.freeze_dim(handle, out _));
        }
    }

    [Fact]
    public void WhatLibtorchRefusesComesWithItsMessage()
    {
        using var a = zeros([2, 3]);
        using var b = zeros([2, 4]);
        var error = Assert.Throws<ExternalException>(() => a.add(b));
        Assert.Contains("size of tensor a (3) must match", error.Message, StringComparison.Ordinal);
        // No C++ backtrace.
        Assert.DoesNotContain("frame #", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatDoesNotFitIntoMemoryIsAnOutOfMemoryException() =>
        Assert.Throws<OutOfMemoryException>(() => zeros([1L << 46]));

    [Fact]
    public void AnArrayThatDoesNotFillItsTensorIsRefused() =>
        Assert.Throws<ExternalException>(() => tensor(new float[5], [2, 3]));
}
