using Freeze.Kernels;
using static TorchSharp.torch;

namespace Freeze.Runtime.Data;

/// <summary>
/// The images of a part as bytes where a net is computed, such as on a GPU: a batch then is a list of places instead of
/// pixels, and windows and sides are chosen there. The numbers are those of a batch that is made in main memory.
/// </summary>
internal sealed class ResidentImages : IDisposable
{
    // Images go over in lots of so many bytes.
    private const long Lot = 64 << 20;

    private readonly int[] image;
    // [count, channels, height + 1, width + 1] in one row: the last row and column are 0, for what lies outside.
    private readonly Tensor bytes;
    // Where each channel begins in an image, [1, channels, 1, 1].
    private readonly Tensor planes;

    private ResidentImages(Tensor bytes, Tensor planes, int[] image) =>
        (this.bytes, this.planes, this.image) = (bytes, planes, image);

    /// <summary>Bytes that images take up there.</summary>
    public static long Room(long count, int[] image) => count * image[0] * (image[1] + 1) * (image[2] + 1);

    /// <summary>Copies images to where this thread computes. They belong to no scope.</summary>
    public static ResidentImages Of(Pixels images, int[] image)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var (channels, height, width) = (image[0], image[1], image[2]);
        var all = zeros([images.Count, channels, height + 1, width + 1], ScalarType.Byte);
        var inside = all.narrow(2, 0, height).narrow(3, 0, width);
        var lot = Math.Max(1, Lot / images.Size);
        for (var first = 0L; first < images.Count; first += lot)
        {
            using var part = NewDisposeScope();
            var count = Math.Min(lot, images.Count - first);
            var some = GC.AllocateUninitializedArray<byte>((int)(count * images.Size));
            for (var i = 0; i < count; i++)
            {
                images.Of(first + i).CopyTo(some.AsSpan(i * images.Size));
            }

            inside.narrow(0, first, count).copy_(Tensors.Of(some, count, channels, height, width));
        }

        long[] planes = [.. Enumerable.Range(0, channels).Select(channel => channel * (height + 1L) * (width + 1))];
        return new ResidentImages(
            all.reshape(-1).DetachFromDisposeScope(),
            Tensors.Of(planes, 1, channels, 1, 1).DetachFromDisposeScope(),
            image);
    }

    /// <summary>
    /// Where the pixels of some images are, as they are seen: for each image the place of its first pixel, then those of
    /// the rows and those of the columns in it.
    /// </summary>
    public static long[] Table(ReadOnlySpan<long> places, int[] image, Func<long, Variation> variation)
    {
        var (height, width) = (image[1], image[2]);
        var table = new long[places.Length * (1 + height + width)];
        var next = 0;
        foreach (var place in places)
        {
            var seen = variation(place);
            table[next++] = Room(place, image);
            for (var y = 0; y < height; y++)
            {
                var row = y + seen.Down;
                table[next++] = (row >= 0 && row < height ? row : height) * (width + 1L);
            }

            for (var x = 0; x < width; x++)
            {
                var column = (seen.Flip ? width - 1 - x : x) + seen.Right;
                table[next++] = column >= 0 && column < width ? column : width;
            }
        }

        return table;
    }

    /// <summary>The bytes [batch, channels, height, width] of such a table [batch, …], which lies where the images do.</summary>
    public Tensor Take(Tensor table)
    {
        using var scope = NewDisposeScope();
        var (count, channels, height, width) = (table.shape[0], image[0], image[1], image[2]);
        Tensor Part(long first, long length, params long[] shape) => table.narrow(1, first, length).reshape(shape);
        var where = Part(0, 1, count, 1, 1, 1)
            .Plus(planes)
            .Plus(Part(1, height, count, 1, height, 1))
            .Plus(Part(1 + height, width, count, 1, 1, width));
        return bytes.index_select(0, where.reshape(-1)).reshape(count, channels, height, width).MoveToOuterDisposeScope();
    }

    /// <summary>Frees the images.</summary>
    public void Dispose()
    {
        bytes.Dispose();
        planes.Dispose();
    }
}
