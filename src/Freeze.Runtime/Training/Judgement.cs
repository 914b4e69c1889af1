using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Runtime.Training;

/// <summary>Mean loss in nats and the share of images classified right.</summary>
internal readonly record struct Judgement(double Loss, double Accuracy);

/// <summary>
/// Sums losses and right answers where they are computed; a number is read only when asked for, since reading
/// waits for the computation. Its tensors belong to the scope that it was made in.
/// </summary>
internal sealed class Tally
{
    private readonly Tensor loss = zeros([], ScalarType.Float64);
    private readonly Tensor right = zeros([], ScalarType.Int64);

    /// <summary>Images counted.</summary>
    public int Images { get; private set; }

    /// <summary>Adds a batch of <paramref name="count"/> images, its mean loss and its logits.</summary>
    public void Add(Tensor batchLoss, Tensor logits, Tensor labels, int count)
    {
        loss.add_(batchLoss.detach().to(float64), count);
        right.add_(logits.detach().argmax(1).eq(labels).sum());
        Images += count;
    }

    /// <summary>The means so far.</summary>
    public Judgement Read() => new(loss.item<double>() / Images, (double)right.item<long>() / Images);

    /// <summary>Judges a net on batches, without history; <paramref name="forward"/> gives logits in evaluation mode.</summary>
    public static Judgement Judge(
        IEnumerable<(Tensor Images, Tensor Labels)> batches,
        Func<Tensor, Tensor> forward,
        CancellationToken cancel)
    {
        using var whole = NewDisposeScope();
        using var still = no_grad();
        var tally = new Tally();
        using var each = batches.GetEnumerator();
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            // Opened before the batch is made, so that the batch dies with its step.
            using var step = NewDisposeScope();
            if (!each.MoveNext())
            {
                return tally.Read();
            }

            var (images, labels) = each.Current;
            var logits = forward(images);
            tally.Add(F.cross_entropy(logits, labels), logits, labels, (int)labels.numel());
        }
    }
}
