using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using TorchSharp;
using static TorchSharp.torch;

namespace Freeze.Runtime.Stagewise;

/// <summary>
/// The stages of a net that have learned and are fixed from then on: batch norms use their running statistics, dropout
/// drops nothing, there is no history. Its tensors belong to the scope that it was made in.
/// </summary>
internal sealed class FixedStages : IFeatures
{
    private readonly NetExecutor net;
    private readonly int block;

    /// <param name="recipe">That of the whole net.</param>
    /// <param name="stages">What the first of its stages have learned.</param>
    /// <param name="passes">How they may be computed.</param>
    public FixedStages(Recipe recipe, IReadOnlyList<StageOutcome> stages, PassSet passes)
    {
        var fixedPart = Stages.upTo(recipe, stages.Count);
        var weights = new WeightTable(fixedPart);
        StageWeights.Restore(weights, name => name, stages);
        net = new NetExecutor(fixedPart, weights, passes);
        block = recipe.Batch;
        Shape = fixedPart.Net.Nodes[^1].Shape;
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
            made.Add(net.Forward(filled, training: false).narrow(0, 0, count));
        }

        return cat(made).MoveToOuterDisposeScope();
    }
}
