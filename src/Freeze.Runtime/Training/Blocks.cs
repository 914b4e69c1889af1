using Freeze.Runtime.Data;
using static TorchSharp.torch;

namespace Freeze.Runtime.Training;

/// <summary>Reads images block by block, for nets that are not training on them.</summary>
internal static class Blocks
{
    /// <summary>The indices of a part's first images, or of all.</summary>
    public static long[] Places(this ImagePart part, int? count = null) =>
        [.. Enumerable.Range(0, count ?? part.Count).Select(i => (long)i)];

    /// <summary>
    /// The images of a part at some indices, one block after another. The tensors of a block, and tensors computed from them
    /// without a scope of their own, are disposed when the next block is requested.
    /// </summary>
    public static IEnumerable<Batch> InBlocks(
        this Batches batches, ImagePart part, long[] places, int size, CancellationToken cancel) =>
        batches.InBlocks(some => batches.Prepare(part, some), places, size, cancel);

    /// <summary>As above, for images that are prepared in another way.</summary>
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
