namespace Freeze.Runtime.Nets;

/// <summary>
/// What the language can plan and this runtime cannot train yet. Such a run is refused before it starts: nothing that
/// a plan says is ever passed over.
/// </summary>
internal static class Capabilities
{
    /// <summary>Demands that all that the recipe says can be done.</summary>
    /// <exception cref="RunException">Something cannot.</exception>
    public static void Demand(Recipe recipe)
    {
        Check(!recipe.Device.IsCuda, "training on a GPU");
    }

    private static void Check(bool possible, string what)
    {
        if (!possible)
        {
            throw new RunException($"this Freeze plans {what}, and cannot train it yet", "leave it out, or wait for a later version");
        }
    }
}
