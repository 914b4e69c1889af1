using System.Collections.Concurrent;
using System.Diagnostics;

namespace Freeze.Runtime.Data;

/// <summary>
/// Makes the items of a sequence on a thread of its own while their consumer works, at most two ahead of it. What the
/// items are depends on their numbers alone; they come in order. To be used by one thread.
/// </summary>
/// <typeparam name="T">What may pass from thread to thread: no tensors that belong to a thread's scope.</typeparam>
internal sealed class Prefetcher<T> : IDisposable
{
    // One that is ready, and one in the making or waiting to be put down.
    private readonly BlockingCollection<T> ready = new(1);
    private readonly CancellationTokenSource stop;
    private readonly Task work;

    /// <param name="count">How many items there are.</param>
    /// <param name="prepare">Makes item 0, 1, …; called on one other thread, in order.</param>
    /// <param name="cancel">Ends the work; <see cref="Next"/> then throws.</param>
    public Prefetcher(int count, Func<int, T> prepare, CancellationToken cancel)
    {
        stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        work = Task.Factory.StartNew(
            () => Run(count, prepare), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>How long the consumer has waited for items altogether.</summary>
    public TimeSpan Waited { get; private set; }

    /// <summary>The next item; waits where it is not ready.</summary>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public T Next()
    {
        var start = Stopwatch.GetTimestamp();
        if (!ready.TryTake(out var item, Timeout.Infinite))
        {
            // Throws what the making of the item threw.
            work.GetAwaiter().GetResult();
            throw new InvalidOperationException("all items have been taken");
        }

        Waited += Stopwatch.GetElapsedTime(start);
        return item;
    }

    /// <summary>Ends the work and waits until it has ended; what is still ahead is disposed of.</summary>
    public void Dispose()
    {
        stop.Cancel();
        ((IAsyncResult)work).AsyncWaitHandle.WaitOne();
        while (ready.TryTake(out var item))
        {
            (item as IDisposable)?.Dispose();
        }

        // A failure behind the last item taken concerns nobody.
        _ = work.Exception;
        ready.Dispose();
        stop.Dispose();
    }

    private void Run(int count, Func<int, T> prepare)
    {
        try
        {
            for (var i = 0; i < count; i++)
            {
                stop.Token.ThrowIfCancellationRequested();
                Put(prepare(i));
            }
        }
        finally
        {
            // The consumer waits no longer, whatever ended the work.
            ready.CompleteAdding();
        }
    }

    private void Put(T item)
    {
        try
        {
            ready.Add(item, stop.Token);
        }
        catch (OperationCanceledException)
        {
            (item as IDisposable)?.Dispose();
            throw;
        }
    }
}
