using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Freeze.Runtime.Data;

/// <summary>Turns bytes into the net's input, as a recipe says.</summary>
internal abstract class Normalizer
{
    /// <summary>Turns the bytes of images [count, channels, height, width] into singles, or doubles for precision fp64.</summary>
    /// <param name="images">Bytes of pixels, or of features.</param>
    /// <param name="numbers">The output, as bytes.</param>
    public abstract void Normalize(ReadOnlySpan<byte> images, Span<byte> numbers);

    /// <summary>The normaliser of a recipe for its images.</summary>
    public static Normalizer Of(Recipe recipe, ImageSet set) =>
        recipe.Precision.IsFp64 ? Of<double>(recipe, set) : Of<float>(recipe, set);

    private static Normalizer Of<T>(Recipe recipe, ImageSet set)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        if (set.HoldsFeatures)
        {
            return new OfFeatures<T>(recipe.Precision.IsBf16);
        }

        var image = ResizeModule.described(recipe.Resize, set.Set).Image;
        var plane = image[1] * image[2];
        return recipe.Normalisation switch
        {
            { IsOwn: true } => new ByChannel<T>(set.Mean, set.Deviation, plane),
            Normalisation.By by => new ByChannel<T>(InBytes(by.Mean), InBytes(by.Deviation), plane),
            { IsMeanImage: true } => new ByPixel<T>(set.MeanImage(View.Of(recipe, set))),
            _ => throw new UnreachableException($"no input for plan case {recipe.Normalisation}"),
        };
    }

    private static double[] InBytes(double[] shares) => Array.ConvertAll(shares, share => share * byte.MaxValue);
}

/// <summary>Features that a net computed from images: bytes in main memory that are numbers already.</summary>
/// <param name="isBf16">Whether they are bfloat16, the upper halves of singles.</param>
internal sealed class OfFeatures<T>(bool isBf16) : Normalizer
    where T : struct
{
    public override void Normalize(ReadOnlySpan<byte> images, Span<byte> numbers)
    {
        if (isBf16)
        {
            Widen(images, numbers);
        }
        else
        {
            images.CopyTo(numbers);
        }
    }

    private static void Widen(ReadOnlySpan<byte> images, Span<byte> numbers)
    {
        var halves = MemoryMarshal.Cast<byte, ushort>(images);
        var bits = MemoryMarshal.Cast<byte, uint>(numbers);
        var i = 0;
        for (; i <= halves.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(halves[i..]), out var low, out var high);
            (low << 16).CopyTo(bits[i..]);
            (high << 16).CopyTo(bits[(i + Vector<uint>.Count)..]);
        }

        for (; i < halves.Length; i++)
        {
            bits[i] = (uint)halves[i] << 16;
        }
    }
}

/// <summary>
/// (byte - mean) / deviation, with the mean and the deviation of the byte's channel. Each channel has a table for the 256 values.
/// The byte minus the mean is multiplied by the inverse of the deviation; both steps round to the type.
/// </summary>
/// <param name="plane">The number of pixels in a channel.</param>
internal sealed class ByChannel<T>(double[] mean, double[] deviation, int plane) : Normalizer
    where T : struct, IBinaryFloatingPointIeee754<T>
{
    private readonly T[][] tables = [.. mean.Zip(deviation, Table)];

    public override void Normalize(ReadOnlySpan<byte> images, Span<byte> numbers)
    {
        var normalised = MemoryMarshal.Cast<byte, T>(numbers);
        for (var start = 0; start < images.Length; start += plane)
        {
            var table = tables[start / plane % tables.Length];
            var from = images.Slice(start, plane);
            var to = normalised.Slice(start, plane);
            for (var i = 0; i < from.Length; i++)
            {
                to[i] = table[from[i]];
            }
        }
    }

    private static T[] Table(double mean, double deviation) =>
    [
        .. Enumerable.Range(0, 256).Select(value =>
            (T.CreateChecked(value) - T.CreateChecked(mean)) * T.CreateChecked(1 / deviation)),
    ];
}

/// <summary>byte - mean, with the mean of the byte's pixel over all images.</summary>
internal sealed class ByPixel<T>(double[] mean) : Normalizer
    where T : struct, IBinaryFloatingPointIeee754<T>
{
    private readonly T[] mean = Array.ConvertAll(mean, T.CreateChecked);

    public override void Normalize(ReadOnlySpan<byte> images, Span<byte> numbers)
    {
        var normalised = MemoryMarshal.Cast<byte, T>(numbers);
        for (var start = 0; start < images.Length; start += mean.Length)
        {
            for (var i = 0; i < mean.Length; i++)
            {
                normalised[start + i] = T.CreateTruncating(images[start + i]) - mean[i];
            }
        }
    }
}
