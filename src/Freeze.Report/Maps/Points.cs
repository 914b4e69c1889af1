namespace Freeze.Report.Maps;

/// <summary>Points of equal dimension, one behind the other.</summary>
/// <param name="Values">Count times Dimension coordinates.</param>
/// <param name="Count">How many points.</param>
/// <param name="Dimension">Coordinates of a point.</param>
public sealed record Points(float[] Values, int Count, int Dimension)
{
    /// <summary>The coordinates of a point.</summary>
    public ReadOnlySpan<float> this[int point] => Values.AsSpan(point * Dimension, Dimension);
}
