namespace Freeze.Report.Maps;

/// <summary>Points of equal dimension, stored consecutively.</summary>
/// <param name="Values">Count times Dimension coordinates.</param>
/// <param name="Count">The number of points.</param>
/// <param name="Dimension">The number of coordinates of a point.</param>
public sealed record Points(float[] Values, int Count, int Dimension)
{
    /// <summary>The coordinates of a point.</summary>
    public ReadOnlySpan<float> this[int point] => Values.AsSpan(point * Dimension, Dimension);
}
