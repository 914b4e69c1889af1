using Freeze.Kernels;
using System.Diagnostics;
using Freeze.Runtime.Data;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Runtime.Training;

/// <summary>The loss that a recipe minimises, and the count of correct predictions.</summary>
internal static class Objective
{
    /// <summary>The mean loss of a batch in training or in evaluation, which uses no smoothing.</summary>
    /// <param name="loss">The recipe's loss.</param>
    /// <param name="output">The net's output [batch, …].</param>
    /// <param name="batch">The net's input.</param>
    /// <param name="training">Whether this is training.</param>
    public static Tensor Of(Loss loss, Tensor output, Batch batch, bool training) => loss switch
    {
        Loss.CrossEntropy entropy when training && batch.Mixed is { } mixed => Mixed(output, batch.Labels, mixed, entropy.Smoothing),
        Loss.CrossEntropy entropy => F.cross_entropy(output, batch.Labels, label_smoothing: training ? entropy.Smoothing : 0),
        { IsReconstruction: true } => Error(output, batch.Images),
        _ => throw new UnreachableException($"no objective for plan case {loss}"),
    };

    /// <summary>
    /// The number of correctly classified images; 0 if the loss does not classify. For mixed images, the label with the greater
    /// fraction counts.
    /// </summary>
    public static Tensor Right(Loss loss, Tensor output, Batch batch)
    {
        if (loss.IsReconstruction)
        {
            return zeros([], ScalarType.Int64);
        }

        var labels = batch.Mixed is { } mixed
            ? where(mixed.Shares.round().to(ScalarType.Bool), batch.Labels, mixed.Labels)
            : batch.Labels;
        return output.detach().argmax(1).eq(labels).sum();
    }

    /// <summary>The rows and columns of an input [channels, height, width] in a channel block [channels · s · s, …].</summary>
    /// <param name="output">The shape of the last node.</param>
    /// <param name="input">The shape of the reconstructed input.</param>
    /// <returns>s, or 0 if the output cannot hold the input.</returns>
    public static int Block(int[] output, int[] input)
    {
        if (output.Length == 1 || input.Length == 1)
        {
            return output.Length == 1 && output[0] == input.Aggregate((product, extent) => product * extent) ? 1 : 0;
        }

        var side = (int)Math.Sqrt(output[0] / input[0]);
        return input[0] * side * side == output[0] && output[1] * side >= input[1] && output[2] * side >= input[2] ? side : 0;
    }

    // The cross-entropy with a target that holds each image's two labels in their fractions.
    private static Tensor Mixed(Tensor output, Tensor labels, (Tensor Labels, Tensor Shares) mixed, double smoothing)
    {
        Tensor Each(Tensor of) =>
            F.cross_entropy(output, of, reduction: TorchSharp.torch.nn.Reduction.None, label_smoothing: smoothing);
        var (own, other) = (Each(labels), Each(mixed.Labels));
        return other.Plus(own.sub(other).mul(mixed.Shares.to(own.dtype))).mean();
    }

    // Entries of blocks beyond the last row and column are ignored.
    private static Tensor Error(Tensor output, Tensor images)
    {
        var made = output.ndim == 2 ? output.reshape(images.shape) : Shuffled(output, images.shape);
        var difference = made.sub(images);
        return difference.mul(difference).sum().Over(images.numel());
    }

    // [batch, channels · s · s, rows, columns] to [batch, channels, height, width].
    private static Tensor Shuffled(Tensor output, long[] shape)
    {
        var (rows, columns) = (output.shape[2], output.shape[3]);
        var side = Block(
            [.. output.shape[1..].Select(extent => (int)extent)], [.. shape[1..].Select(extent => (int)extent)]);
        return output.reshape(shape[0], shape[1], side, side, rows, columns)
            .permute(0, 1, 4, 2, 5, 3)
            .reshape(shape[0], shape[1], rows * side, columns * side)
            .narrow(2, 0, shape[2])
            .narrow(3, 0, shape[3]);
    }
}
