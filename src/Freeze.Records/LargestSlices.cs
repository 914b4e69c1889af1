namespace Freeze.Records;

/// <summary>
/// Resolves rules such as `train 5 filters largest`: only the runtime knows the initial values, so it turns the count into
/// indices here. After that the slice is like any other.
/// </summary>
internal static class LargestSlices
{
    /// <summary>The plans of a recipe's weights, each slice with its indices.</summary>
    public static WeightPlan[] Resolve(Recipe recipe, StartFiles files) =>
        Array.ConvertAll(recipe.Weights, plan => plan.Treatment is Treatment.Largest largest
            ? new WeightPlan(
                plan.Weight,
                plan.Start,
                Treatment.NewSlice(largest.Dimension, Choose(recipe, plan.Weight.Layer, largest, files), largest.Rest),
                plan.Update)
            : plan);

    // Ranks by a layer's weight, for its bias too; of equal norms the first.
    private static int[] Choose(Recipe recipe, string layer, Treatment.Largest largest, StartFiles files)
    {
        var weight = recipe.Weights.First(plan => plan.Weight.Layer == layer && !plan.Weight.IsBias);
        var values = Initializer.Start(weight, recipe.Seed, files);
        var extent = weight.Weight.Shape[largest.Dimension];
        var stride = weight.Weight.Shape[(largest.Dimension + 1)..].Aggregate(1, (product, size) => product * size);
        var norms = new double[extent];
        for (var i = 0; i < values.Length; i++)
        {
            norms[i / stride % extent] += (double)values[i] * values[i];
        }

        return [.. Enumerable.Range(0, extent).OrderByDescending(i => norms[i]).Take(largest.Count).Order()];
    }
}
