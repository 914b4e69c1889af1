using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Torch.Tests;

public sealed class DisposeScopeTests
{
    [Fact]
    public void AScopeDisposesWhatWasMadeInItAndNothingElse()
    {
        var before = Tensor.TotalCount;
        using var outside = zeros([1]);
        Tensor inside;
        using (NewDisposeScope())
        {
            inside = outside.add(1).mul(2);
            Assert.Equal(before + 3, Tensor.TotalCount);
        }

        Assert.True(inside.IsInvalid);
        Assert.False(outside.IsInvalid);
        Assert.Equal(before + 1, Tensor.TotalCount);
    }

    [Fact]
    public void MovedTensorsBelongToTheOuterScopeAndDetachedOnesToNobody()
    {
        Tensor moved, detached, movedOut;
        using (NewDisposeScope())
        {
            using (var inner = NewDisposeScope())
            {
                moved = zeros([1]).MoveToOuterDisposeScope();
                detached = zeros([1]).DetachFromDisposeScope();
                movedOut = zeros([1]).MoveToOuterDisposeScope().MoveToOuterDisposeScope();
                Assert.Equal(0, inner.DisposablesCount);
            }

            Assert.False(moved.IsInvalid);
        }

        Assert.True(moved.IsInvalid);
        Assert.False(detached.IsInvalid);
        Assert.False(movedOut.IsInvalid);
        detached.Dispose();
        movedOut.Dispose();
    }

    [Fact]
    public void AnExceptionDisposesToo()
    {
        var before = Tensor.TotalCount;
        try
        {
            using var scope = NewDisposeScope();
            zeros([1]).add(zeros([2, 0]).reshape(7));
        }
        catch (System.Runtime.InteropServices.ExternalException)
        {
            Assert.Equal(before, Tensor.TotalCount);
            return;
        }

        Assert.Fail("nothing was thrown");
    }

    [Fact]
    public void AnOuterScopeThatEndsFirstEndsItsInnerOnes()
    {
        var outer = NewDisposeScope();
        var inner = NewDisposeScope();
        var made = zeros([1]);
        outer.Dispose();
        Assert.True(made.IsInvalid);
        inner.Dispose();
        using var free = zeros([1]);
        Assert.False(free.IsInvalid);
    }

    [Fact]
    public void InPlaceOperationsMakeNoSecondTensor()
    {
        using var scope = NewDisposeScope();
        var weights = zeros([2]);
        Assert.Same(weights, weights.add_(1).mul_(2).sub_(1).div_(2).zero_().requires_grad_());
        Assert.Equal(1, scope.DisposablesCount);
    }

    [Fact]
    public void ScopesOfThreadsAreApart()
    {
        using var scope = NewDisposeScope();
        var count = 0;
        var thread = new Thread(() =>
        {
            using var own = NewDisposeScope();
            zeros([1]);
            count = own.DisposablesCount;
        });
        thread.Start();
        thread.Join();
        Assert.Equal(1, count);
        Assert.Equal(0, scope.DisposablesCount);
    }
}
