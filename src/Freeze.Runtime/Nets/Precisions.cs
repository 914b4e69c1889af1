using static TorchSharp.torch;

namespace Freeze.Runtime.Nets;

/// <summary>The types that a recipe is computed in.</summary>
internal static class Precisions
{
    /// <summary>The type of weights, running statistics, optimizer state, logits and images.</summary>
    public static ScalarType OfWeights(Recipe recipe) =>
        recipe.Precision.IsFp64 ? ScalarType.Float64 : ScalarType.Float32;

    /// <summary>The type of the values between layers.</summary>
    public static ScalarType OfActivations(Recipe recipe) =>
        recipe.Precision.IsBf16 ? ScalarType.BFloat16 : OfWeights(recipe);
}
