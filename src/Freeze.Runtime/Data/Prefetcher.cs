using System.Collections.Concurrent;
using System.Diagnostics;

namespace Freeze.Runtime.Data;

/// <summary>
/// Prepares the items of a sequence on its own thread while the consumer works, at most two ahead. An item depends only on its
/// number; items come in order. For use by one thread.
/// </summary>
/// <typeparam name="T">May pass between threads: no tensor of a thread's scope.</typeparam>
internal sealed class Prefetcher<T> : IDisposable
{
    // One item is ready; another is being prepared or waits for its place.
    private readonly BlockingCollection<T> ready = new(1);
    private readonly CancellationTokenSource stop;
    private readonly Task work;

    /// <param name="count">The number of items.</param>
    /// <param name="prepare">Prepares item 0, 1, …; called on one other thread, in order.</param>
    /// <param name="cancel">Stops the work; <see cref="Next"/> then throws.</param>
    public Prefetcher(int count, Func<int, T> prepare, CancellationToken cancel)
    {
        stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        work = Task.Factory.StartNew(
            () => Run(count, prepare), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>The total time that the consumer has waited for items.</summary>
    public TimeSpan Waited { get; private set; }

    /// <summary>The next item; waits until it is ready.</summary>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public T Next()
    {
        var start = Stopwatch.GetTimestamp();
        if (!ready.TryTake(out var item, Timeout.Infinite))
        {
            // Rethrows an exception from preparing the item.
            work.GetAwaiter().GetResult();
            throw new InvalidOperationException("all items have been taken");
        }

        Waited += Stopwatch.GetElapsedTime(start);
        return item;
    }

    /// <summary>Stops the work, waits for its end and disposes the items that were not taken.</summary>
    public void Dispose()
    {
        stop.Cancel();
        ((IAsyncResult)work).AsyncWaitHandle.WaitOne();
        while (ready.TryTake(out var item))
        {
            (item as IDisposable)?.Dispose();
        }

        // A failure after the last taken item does not matter.
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
            // Releases the consumer, whatever ended the work.
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
