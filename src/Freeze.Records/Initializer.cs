using System.Diagnostics;

namespace Freeze.Records;

/// <summary>
/// Initial weights, from random numbers that depend only on the seed and the weight's name. So runs that differ in their rules
/// start alike, and a start can be recomputed for comparison.
/// </summary>
internal static class Initializer
{
    /// <summary>The initial values of one weight, in row-major order.</summary>
    public static float[] Start(WeightPlan plan, long seed) => Start(plan, seed, new StartFiles());

    /// <summary>As above, for one of several weights that share their start files.</summary>
    public static float[] Start(WeightPlan plan, long seed, StartFiles files)
    {
        var values = new float[WeightModule.size(plan.Weight)];
        var key = RandomStream.Key(seed, $"start of {plan.Weight.Name}");
        switch (plan.Start)
        {
            case Start.Constant constant:
                Array.Fill(values, (float)constant.Value);
                break;
            case Start.Uniform uniform:
                FillUniform(values, key, (float)uniform.Bound);
                break;
            case Start.Normal normal:
                FillNormal(values, key, normal.Deviation);
                break;
            case { IsOrthogonal: true }:
                FillNormal(values, key, 1);
                Matrices.Orthonormalise(values, plan.Weight.Shape[0]);
                break;
            case { IsHadamard: true }:
                Matrices.FillHadamard(values, plan.Weight.Shape[0], key);
                break;
            case Start.File file:
                return files.Read(file, plan.Weight);
            case { IsBase: true }:
                throw new RunException(
                    "the weights of the run that this one starts from are not in the store", "train that run again with freeze run");
            default:
                throw new UnreachableException($"no values for plan case {plan.Start}");
        }

        return values;
    }

    private static void FillUniform(float[] values, ulong key, float bound)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = ((2 * RandomStream.Unit(key, i)) - 1) * bound;
        }
    }

    // Box and Muller 1958: two values from two random numbers.
    private static void FillNormal(float[] values, ulong key, double deviation)
    {
        for (var i = 0; i < values.Length; i += 2)
        {
            // 1 - u lies in (0, 1], so the logarithm is finite.
            var radius = deviation * Math.Sqrt(-2 * Math.Log(1 - (double)RandomStream.Unit(key, i)));
            var (sine, cosine) = Math.SinCos(2 * Math.PI * RandomStream.Unit(key, i + 1));
            values[i] = (float)(radius * cosine);
            if (i + 1 < values.Length)
            {
                values[i + 1] = (float)(radius * sine);
            }
        }
    }
}
