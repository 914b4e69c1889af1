using System.Diagnostics;

namespace Freeze.Runtime.Optimization;

/// <summary>The factor of the learning rate in each step, by a recipe's schedule and warm-up.</summary>
/// <param name="recipe">Schedule, warm-up and epochs.</param>
/// <param name="steps">The number of steps in an epoch.</param>
/// <param name="records">The completed epochs, which grow during training.</param>
internal sealed class RateSchedule(Recipe recipe, int steps, IReadOnlyList<EpochRecord> records)
{
    /// <summary>The factor of the learning rate in a step (from 0) of an epoch (from 1).</summary>
    public double Factor(int epoch, int step)
    {
        var done = (epoch - 1) + ((double)step / steps);
        var scheduled = recipe.Schedule switch
        {
            { IsConstant: true } => 1,
            Schedule.Step fall => Math.Pow(fall.Factor, fall.Epochs.Count(after => epoch > after)),
            { IsCosine: true } => (1 + Math.Cos(Math.PI * done / recipe.Epochs)) / 2,
            Schedule.Exponential fall => Math.Pow(fall.Factor, epoch - 1),
            Schedule.Polynomial fall => Math.Pow(1 - (done / recipe.Epochs), fall.Power),
            Schedule.OneCycle cycle => OneCycle(cycle, ((epoch - 1) * (long)steps) + step, recipe.Epochs * (long)steps),
            Schedule.Plateau plateau => Math.Pow(plateau.Factor, Falls(plateau)),
            _ => throw new UnreachableException($"no schedule for plan case {recipe.Schedule}"),
        };
        // Warm-up begins with a small step; the first step after it is full-sized.
        return epoch > recipe.Warmup
            ? scheduled
            : scheduled * (((epoch - 1) * (double)steps) + step + 1) / (recipe.Warmup * (double)steps);
    }

    // PyTorch's OneCycleLR: the peak may fall between two steps. Without steps there is no rise.
    private static double OneCycle(Schedule.OneCycle cycle, long step, long steps)
    {
        var peak = Math.Max(0, (cycle.Rise * steps) - 1);
        return step < peak
            ? HalfCosine(cycle.Start, 1, step / peak)
            : HalfCosine(1, cycle.End, step > peak ? (step - peak) / (steps - 1 - peak) : 0);
    }

    private static double HalfCosine(double from, double to, double done) =>
        to + ((from - to) / 2 * (1 + Math.Cos(Math.PI * done)));

    // How often that number of consecutive epochs did not beat the best before them. It follows from the records, so no further
    // state is needed.
    private int Falls(Schedule.Plateau plateau)
    {
        var (best, worse, falls) = (double.NegativeInfinity, 0, 0);
        foreach (var accuracy in records.Select(epoch => epoch.ValidationAccuracy))
        {
            worse = accuracy > best ? 0 : worse + 1;
            best = Math.Max(best, accuracy);
            if (worse == plateau.Epochs)
            {
                (worse, falls) = (0, falls + 1);
            }
        }

        return falls;
    }
}
