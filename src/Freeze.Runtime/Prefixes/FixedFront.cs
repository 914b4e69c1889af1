using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Prefixes;

/// <summary>
/// The front of a net that does not learn: batch norms use their running statistics, dropout drops nothing, there is no
/// history.
/// </summary>
internal sealed class FixedFront : IFeatures
{
    private readonly NetExecutor net;
    private readonly FoldedNorms norms;
    private readonly int block;

    /// <param name="front">The recipe whose net ends with the features.</param>
    /// <param name="weights">Its weights, among others it may be.</param>
    /// <param name="passes">How it may be computed.</param>
    public FixedFront(Recipe front, WeightTable weights, PassSet passes)
    {
        net = new NetExecutor(front, weights, passes);
        // Nothing in front moves any more.
        norms = net.Fold();
        block = front.Batch;
        Shape = front.Net.Nodes[^1].Shape;
    }

    public int[] Shape { get; }

    /// <remarks>
    /// Libraries may sum up in another order where there are more images or fewer. So it is always as many at once as a
    /// batch has, and what lacks is filled up: what an image becomes does not depend on those beside it.
    /// </remarks>
    public Tensor Of(Tensor images)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var made = new List<Tensor>();
        for (var start = 0L; start < images.shape[0]; start += block)
        {
            var count = Math.Min(block, images.shape[0] - start);
            var some = images.narrow(0, start, count);
            var filled = count == block ? some : cat([some, zeros([block - count, .. images.shape[1..]], images.dtype)]);
            made.Add(net.Forward(filled, norms).narrow(0, 0, count));
        }

        return cat(made).MoveToOuterDisposeScope();
    }
}
