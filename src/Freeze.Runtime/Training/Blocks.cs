using Freeze.Runtime.Data;
using static TorchSharp.torch;

namespace Freeze.Runtime.Training;

/// <summary>Images block by block, for nets that do not learn from them.</summary>
internal static class Blocks
{
    /// <summary>Where the first images of a part are; all of them unless so many are asked for.</summary>
    public static long[] Places(this ImagePart part, int? count = null) =>
        [.. Enumerable.Range(0, count ?? part.Count).Select(i => (long)i)];

    /// <summary>
    /// The images of a part at some places, one block after the other. The tensors of a block, and what is made of them
    /// without a scope of its own, are gone when the next one is asked for.
    /// </summary>
    public static IEnumerable<Batch> InBlocks(
        this Batches batches, ImagePart part, long[] places, int size, CancellationToken cancel) =>
        batches.InBlocks(some => batches.Prepare(part, some), places, size, cancel);

    /// <summary>The same of images that are prepared in another way.</summary>
    public static IEnumerable<Batch> InBlocks(
        this Batches batches,
        Func<ReadOnlySpan<long>, PreparedBatch> prepare,
        long[] places,
        int size,
        CancellationToken cancel)
    {
        var steps = (places.Length + size - 1) / size;
        using var ahead = new Prefetcher<PreparedBatch>(
            steps,
            step => prepare(places.AsSpan(step * size, Math.Min(size, places.Length - (step * size)))),
            cancel);
        for (var step = 0; step < steps; step++)
        {
            cancel.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            yield return batches.Take(ahead.Next());
        }
    }
}
