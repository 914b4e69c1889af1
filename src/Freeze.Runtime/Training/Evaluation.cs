using Freeze.Runtime.Data;
using Freeze.Runtime.Nets;
using static TorchSharp.torch;

namespace Freeze.Runtime.Training;

/// <summary>Evaluates a net: running statistics, no dropout, no gradients.</summary>
internal sealed class Evaluation(Batches batches, NetExecutor net, Recipe recipe)
{
    // Twice a training batch, since no activations are kept; enough to keep the cores busy.
    private readonly int size = Math.Clamp(2 * recipe.Batch, 100, 500);

    /// <summary>Loss and accuracy over the test images of the run.</summary>
    public Judgement JudgeTest(CancellationToken cancel, AnswerSheet? sheet = null) =>
        Judge(batches.Images.Test, batches.Test, cancel, sheet);

    /// <summary>Loss and accuracy over the images of a part at the given places.</summary>
    /// <param name="part">Training or test images.</param>
    /// <param name="places">Which of them.</param>
    /// <param name="cancel">Ends it after the current batch.</param>
    /// <param name="sheet">Receives the net's answer to each image; may be null.</param>
    public Judgement Judge(ImagePart part, long[] places, CancellationToken cancel, AnswerSheet? sheet = null)
    {
        using var whole = NewDisposeScope();
        using var still = no_grad();
        var tally = new Tally();
        var norms = net.Fold();
        foreach (var batch in batches.InBlocks(part, places, size, cancel))
        {
            var output = net.Forward(batch.Images, norms);
            sheet?.Add(output);
            tally.Add(
                Objective.Of(recipe.Loss, output, batch, training: false),
                Objective.Right(recipe.Loss, output, batch),
                (int)batch.Labels.shape[0]);
        }

        return tally.Read();
    }
}
