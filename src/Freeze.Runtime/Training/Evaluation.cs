using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Runtime.Training;

/// <summary>Judges a net on images that it does not learn from: running statistics, no dropout, no history.</summary>
internal sealed class Evaluation(Batches batches, NetExecutor net)
{
    // Large enough to keep the cores busy, small enough for the activations of deep nets.
    private const int Batch = 500;

    /// <summary>Loss and accuracy over the images of a part at the given places.</summary>
    public Judgement Judge(ImagePart part, long[] places, CancellationToken cancel)
    {
        using var whole = NewDisposeScope();
        using var still = no_grad();
        var tally = new Tally();
        var steps = (places.Length + Batch - 1) / Batch;
        using var ahead = new Prefetcher<PreparedBatch>(
            steps,
            step => batches.Prepare(part, places.AsSpan(step * Batch, Math.Min(Batch, places.Length - (step * Batch)))),
            cancel);
        for (var step = 0; step < steps; step++)
        {
            cancel.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var prepared = ahead.Next();
            var batch = batches.Take(prepared);
            var logits = net.Forward(batch.Images, training: false);
            tally.Add(F.cross_entropy(logits, batch.Labels), logits, batch.Labels, prepared.Labels.Length);
        }

        return tally.Read();
    }
}
