using Freeze.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Training;

/// <summary>Mean loss in nats and the fraction of correctly classified images.</summary>
internal readonly record struct Judgement(double Loss, double Accuracy);

/// <summary>
/// Sums losses and correct predictions on the device; a number is read only on request, because reading waits for the
/// computation. The tensors belong to the scope that creates this.
/// </summary>
internal sealed class Tally
{
    private readonly Tensor loss = zeros([], ScalarType.Float64);
    private readonly Tensor right = zeros([], ScalarType.Int64);

    /// <summary>The number of images counted.</summary>
    public int Images { get; private set; }

    /// <summary>Adds a batch of <paramref name="count"/> images: its mean loss and the number of correct predictions.</summary>
    public void Add(Tensor batchLoss, Tensor batchRight, int count)
    {
        loss.PlusInPlace(batchLoss.detach().to(float64), count);
        right.PlusInPlace(batchRight);
        Images += count;
    }

    /// <summary>Continues from sums that were read before.</summary>
    public void Set(double lossSum, long rightSum, int images)
    {
        using var scope = NewDisposeScope();
        loss.copy_(tensor(new[] { lossSum }, []));
        right.copy_(tensor(new[] { rightSum }, []));
        Images = images;
    }

    /// <summary>The sums so far.</summary>
    public (double Loss, long Right) Sums => (loss.item<double>(), right.item<long>());

    /// <summary>The means so far.</summary>
    public Judgement Read() => new(loss.item<double>() / Images, (double)right.item<long>() / Images);
}
