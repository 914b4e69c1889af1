using System.Diagnostics;

namespace Freeze.Runtime.Optimization;

/// <summary>What a recipe's schedule and warm-up make of the learning rate, step by step.</summary>
/// <param name="recipe">Schedule, warm-up and epochs.</param>
/// <param name="steps">Steps of an epoch.</param>
internal sealed class RateSchedule(Recipe recipe, int steps)
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
            _ => throw new UnreachableException($"no schedule for plan case {recipe.Schedule}"),
        };
        // The first step of warm-up is small, the first one behind it whole.
        return epoch > recipe.Warmup
            ? scheduled
            : scheduled * (((epoch - 1) * (double)steps) + step + 1) / (recipe.Warmup * (double)steps);
    }
}
