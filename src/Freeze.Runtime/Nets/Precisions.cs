using static TorchSharp.torch;

namespace Freeze.Runtime.Nets;

/// <summary>In which types a recipe is computed.</summary>
internal static class Precisions
{
    /// <summary>Of weights, running statistics, optimizer state, logits and images.</summary>
    public static ScalarType OfWeights(Recipe recipe) =>
        recipe.Precision.IsFp64 ? ScalarType.Float64 : ScalarType.Float32;

    /// <summary>Of what flows between layers.</summary>
    public static ScalarType OfActivations(Recipe recipe) =>
        recipe.Precision.IsBf16 ? ScalarType.BFloat16 : OfWeights(recipe);
}
