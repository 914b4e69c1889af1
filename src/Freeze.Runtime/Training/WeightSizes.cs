using System.Numerics;
using System.Runtime.InteropServices;
using Freeze.Runtime.Nets;
using static TorchSharp.torch;

namespace Freeze.Runtime.Training;

/// <summary>The size of a net's trained weights, for each epoch's records.</summary>
internal static class WeightSizes
{
    /// <summary>For each layer with trained weights, in the order of the net, without biases.</summary>
    public static WeightRecord Of(WeightTable weights, int epoch)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        return new WeightRecord(
            epoch,
            [
                .. weights.Planned.Where(weight => !weight.Plan.Weight.IsBias && weight.Learned is not null)
                    .Select(weight => Of(weight.Plan.Weight.Layer, weight.Learned!)),
            ]);
    }

    private static LayerSize Of(string layer, Tensor learned)
    {
        using var here = learned.cpu();
        using var packed = here.contiguous();
        return packed.dtype == float64
            ? Of<double>(layer, MemoryMarshal.Cast<byte, double>(packed.bytes))
            : Of<float>(layer, MemoryMarshal.Cast<byte, float>(packed.bytes));
    }

    // One pass in double precision, in the order of the entries: the same bits on any number of threads.
    private static LayerSize Of<T>(string layer, ReadOnlySpan<T> values)
        where T : INumberBase<T>
    {
        var (absolute, sum, squares) = (0.0, 0.0, 0.0);
        foreach (var entry in values)
        {
            var value = double.CreateChecked(entry);
            absolute += Math.Abs(value);
            sum += value;
            squares += value * value;
        }

        var mean = sum / values.Length;
        return new LayerSize(
            layer, absolute / values.Length, Math.Max(0, (squares / values.Length) - (mean * mean)), Math.Sqrt(squares));
    }
}
