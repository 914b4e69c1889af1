using Freeze.Runtime.Data;
using Xunit;

namespace Freeze.Runtime.Tests.Data;

public sealed class PrefetcherTests
{
    [Fact]
    public void ItemsComeInOrderAndThenNoMore()
    {
        using var ahead = new Prefetcher<int>(100, i => i * i, TestContext.Current.CancellationToken);

        Assert.Equal(Enumerable.Range(0, 100).Select(i => i * i), Enumerable.Range(0, 100).Select(_ => ahead.Next()));
        Assert.Throws<InvalidOperationException>(() => ahead.Next());
    }

    [Fact]
    public void AtMostTwoAreMadeAhead()
    {
        var made = 0;
        using var ahead = new Prefetcher<int>(
            100, i => Interlocked.Increment(ref made), TestContext.Current.CancellationToken);
        for (var taken = 1; taken <= 50; taken++)
        {
            Assert.Equal(taken, ahead.Next());
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref made) == taken + 2, TimeSpan.FromMinutes(1)));
        }

        Thread.Sleep(20);
        Assert.Equal(52, Volatile.Read(ref made));
    }

    [Fact]
    public void AFailureComesWithTheItemThatFailed()
    {
        using var ahead = new Prefetcher<int>(
            10,
            i => i < 3 ? i : throw new DataException("the disk is gone", "find it"),
            TestContext.Current.CancellationToken);

        Assert.Equal([0, 1, 2], Enumerable.Range(0, 3).Select(_ => ahead.Next()));
        Assert.Equal("the disk is gone", Assert.Throws<DataException>(() => ahead.Next()).Message);
        Assert.Equal("the disk is gone", Assert.Throws<DataException>(() => ahead.Next()).Message);
    }

    [Fact]
    public void CancellingEndsTheWork()
    {
        using var cancel = new CancellationTokenSource();
        using var ahead = new Prefetcher<int>(int.MaxValue, i => i, cancel.Token);
        Assert.Equal(0, ahead.Next());
        cancel.Cancel();

        Assert.ThrowsAny<OperationCanceledException>(() =>
        {
            for (var i = 0; i < 10; i++)
            {
                ahead.Next();
            }
        });
    }

    [Fact]
    public void ItsEndWaitsForTheWork()
    {
        var (running, most) = (0, 0);
        for (var round = 0; round < 20; round++)
        {
            using var ahead = new Prefetcher<int>(
                int.MaxValue,
                i =>
                {
                    most = Math.Max(most, Interlocked.Increment(ref running));
                    Thread.Sleep(1);
                    return Interlocked.Decrement(ref running);
                },
                TestContext.Current.CancellationToken);
            ahead.Next();
        }

        Assert.Equal((0, 1), (running, most));
    }

    [Fact]
    public void WaitingIsMeasured()
    {
        using var ahead = new Prefetcher<int>(
            2,
            i =>
            {
                Thread.Sleep(i == 0 ? 50 : 0);
                return i;
            },
            TestContext.Current.CancellationToken);
        ahead.Next();

        Assert.True(ahead.Waited >= TimeSpan.FromMilliseconds(20), $"{ahead.Waited}");
    }
}
