using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Prefixes;

/// <summary>
/// The fixed front of a net: batch norms use their running statistics, dropout drops nothing, and nothing is recorded for
/// gradients.
/// </summary>
internal sealed class FixedFront : IFeatures
{
    private readonly NetExecutor net;
    private readonly FoldedNorms norms;
    private readonly int block;

    /// <param name="front">The recipe whose net ends with the features.</param>
    /// <param name="weights">Its weights, perhaps among others.</param>
    /// <param name="passes">The passes to use.</param>
    public FixedFront(Recipe front, WeightTable weights, PassSet passes)
    {
        net = new NetExecutor(front, weights, passes);
        // Nothing in the front changes any more.
        norms = net.Fold();
        block = front.Batch;
        Shape = front.Net.Nodes[^1].Shape;
    }

    public int[] Shape { get; }

    /// <remarks>
    /// Libraries may sum in another order for more or fewer images. So each block has as many images as a batch, filled up if
    /// necessary, and an image's features do not depend on its neighbours.
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
