using Freeze.Runtime.Data;
using Freeze.Runtime.Training;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Training;

/// <summary>The error of an input that is made again from blocks of pixels.</summary>
public sealed class ObjectiveTests
{
    [Fact]
    public void ChannelsAreThePixelsOfABlockInTheOrderChannelRowColumn()
    {
        using var scope = NewDisposeScope();
        // Two channels of 4 x 6 from blocks of 2 x 2: entry (channel, row in block, column in block, block's row, block's column).
        var image = Enumerable.Range(0, 2 * 4 * 6).Select(i => (float)i).ToArray();
        var blocks = new float[image.Length];
        for (var i = 0; i < blocks.Length; i++)
        {
            var (channel, y, x, row, column) = (i / 24, i / 12 % 2, i / 6 % 2, i / 3 % 2, i % 3);
            blocks[i] = image[(channel * 24) + (((2 * row) + y) * 6) + (2 * column) + x];
        }

        var batch = new Batch(tensor(image, [1, 2, 4, 6]), tensor([0L], [1]));

        Assert.Equal(0, Objective.Of(Loss.Reconstruction, tensor(blocks, [1, 8, 2, 3]), batch, true).item<float>());
        blocks[0] += 3;
        Assert.Equal(9f / 48, Objective.Of(Loss.Reconstruction, tensor(blocks, [1, 8, 2, 3]), batch, true).item<float>(), 1e-6);
    }

    [Fact]
    public void WhatBlocksHoldBeyondTheImageDoesNotCount()
    {
        using var scope = NewDisposeScope();
        // 3 x 3 of blocks of 2 x 2 in 2 x 2 places: the last row and column are none of the image's.
        var blocks = tensor(Enumerable.Range(0, 16).Select(i => i < 4 ? 1f : 7f).ToArray(), [1, 4, 2, 2]);
        var image = new float[] { 1, 7, 1, 7, 7, 7, 1, 7, 1 };

        var error = Objective.Of(Loss.Reconstruction, blocks, new Batch(tensor(image, [1, 1, 3, 3]), tensor([0L], [1])), true);

        Assert.Equal(0, error.item<float>());
    }

    [Theory]
    [InlineData(new[] { 12, 14, 14 }, new[] { 3, 28, 28 }, 2)]
    [InlineData(new[] { 16, 7, 7 }, new[] { 1, 28, 28 }, 4)]
    [InlineData(new[] { 36, 5, 5 }, new[] { 4, 13, 13 }, 3)]
    [InlineData(new[] { 12, 13, 14 }, new[] { 3, 28, 28 }, 0)]
    [InlineData(new[] { 13, 14, 14 }, new[] { 3, 28, 28 }, 0)]
    [InlineData(new[] { 48 }, new[] { 3, 4, 4 }, 1)]
    [InlineData(new[] { 47 }, new[] { 3, 4, 4 }, 0)]
    public void OutputsThatDoNotHoldTheInputAreNone(int[] output, int[] input, int block) =>
        Assert.Equal(block, Objective.Block(output, input));
}
