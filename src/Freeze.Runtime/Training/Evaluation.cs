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
        for (var start = 0; start < places.Length; start += Batch)
        {
            cancel.ThrowIfCancellationRequested();
            using var step = NewDisposeScope();
            var some = places.AsSpan(start, Math.Min(Batch, places.Length - start));
            var batch = batches.Take(part, some);
            var logits = net.Forward(batch.Images, training: false);
            tally.Add(F.cross_entropy(logits, batch.Labels), logits, batch.Labels, some.Length);
        }

        return tally.Read();
    }
}
