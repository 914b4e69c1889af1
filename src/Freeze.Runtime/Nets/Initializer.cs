namespace Freeze.Runtime.Nets;

/// <summary>
/// Where weights start: PyTorch's defaults, from random numbers that depend on the seed and the weight's name
/// alone. So runs that differ in their rules start alike, and a start can be made again to compare with.
/// </summary>
internal static class Initializer
{
    /// <summary>
    /// The start of a weight, in the order of its dimensions. Convolutions and linear layers: uniform within
    /// 1 / sqrt(fan-in) (He et al. 2015 with PyTorch's a = sqrt 5), their biases too. Batch norm: scale 1, shift 0.
    /// </summary>
    public static float[] Start(Weight weight, long seed)
    {
        var values = new float[WeightModule.size(weight)];
        if (weight.Kind.IsBatchNorm)
        {
            Array.Fill(values, weight.IsBias ? 0f : 1f);
            return values;
        }

        var bound = (float)(1 / Math.Sqrt(weight.FanIn));
        var key = RandomStream.Key(seed, $"start of {weight.Name}");
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = ((2 * RandomStream.Unit(key, i)) - 1) * bound;
        }

        return values;
    }
}
