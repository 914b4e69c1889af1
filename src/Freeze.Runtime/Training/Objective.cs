using Freeze.Kernels;
using System.Diagnostics;
using Freeze.Runtime.Data;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Freeze.Runtime.Training;

/// <summary>What a training makes small, as its recipe says, and what is counted beside it.</summary>
internal static class Objective
{
    /// <summary>The mean loss of a batch while it is trained on, or while it is judged: that is without smoothing.</summary>
    /// <param name="loss">That of the recipe.</param>
    /// <param name="output">The net's output [batch, …].</param>
    /// <param name="batch">What it read.</param>
    /// <param name="training">Whether it is trained on.</param>
    public static Tensor Of(Loss loss, Tensor output, Batch batch, bool training) => loss switch
    {
        Loss.CrossEntropy entropy => F.cross_entropy(output, batch.Labels, label_smoothing: training ? entropy.Smoothing : 0),
        { IsReconstruction: true } => Error(output, batch.Images),
        _ => throw new UnreachableException($"no objective for plan case {loss}"),
    };

    /// <summary>How many images are classified right: none where nothing is classified.</summary>
    public static Tensor Right(Loss loss, Tensor output, Batch batch) => loss.IsReconstruction
        ? zeros([], ScalarType.Int64)
        : output.detach().argmax(1).eq(batch.Labels).sum();

    /// <summary>How many rows and columns of an input [channels, height, width] a channel block [channels · s · s, …] gives.</summary>
    /// <param name="output">The shape of the last node.</param>
    /// <param name="input">The shape of what is made again.</param>
    /// <returns>s, or 0 where the output does not hold the input.</returns>
    public static int Block(int[] output, int[] input)
    {
        if (output.Length == 1 || input.Length == 1)
        {
            return output.Length == 1 && output[0] == input.Aggregate((product, extent) => product * extent) ? 1 : 0;
        }

        var side = (int)Math.Sqrt(output[0] / input[0]);
        return input[0] * side * side == output[0] && output[1] * side >= input[1] && output[2] * side >= input[2] ? side : 0;
    }

    // What blocks hold beyond the last row and column is left out.
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
