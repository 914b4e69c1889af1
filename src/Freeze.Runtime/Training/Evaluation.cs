using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using static TorchSharp.torch;

namespace Freeze.Runtime.Training;

/// <summary>Judges a net on images that it does not learn from: running statistics, no dropout, no history.</summary>
internal sealed class Evaluation(Batches batches, NetExecutor net, Recipe recipe)
{
    // Twice those trained on at a time, since no activation is kept; enough to keep the cores busy.
    private readonly int batch = Math.Clamp(2 * recipe.Batch, 100, 500);

    /// <summary>Loss and accuracy over the images of a part at the given places.</summary>
    public Judgement Judge(ImagePart part, long[] places, CancellationToken cancel)
    {
        using var whole = NewDisposeScope();
        using var still = no_grad();
        var tally = new Tally();
        var steps = (places.Length + batch - 1) / batch;
        using var ahead = new Prefetcher<PreparedBatch>(
            steps,
            step => batches.Prepare(part, places.AsSpan(step * batch, Math.Min(batch, places.Length - (step * batch)))),
            cancel);
        for (var step = 0; step < steps; step++)
        {
            cancel.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var prepared = ahead.Next();
            var taken = batches.Take(prepared);
            var output = net.Forward(taken.Images, training: false);
            tally.Add(
                Objective.Of(recipe.Loss, output, taken, training: false),
                Objective.Right(recipe.Loss, output, taken),
                prepared.Labels.Length);
        }

        return tally.Read();
    }
}
