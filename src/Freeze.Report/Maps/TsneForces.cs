namespace Freeze.Report.Maps;

/// <summary>
/// The forces on the points of a map: neighbours attract, all others repel (van der Maaten 2014, section 4). Each point's forces
/// are summed separately, then in the order of the points, so threads do not change a bit.
/// </summary>
internal sealed class TsneForces(Affinities affinities, TsneOptions options)
{
    private readonly int count = affinities.Starts.Length - 1;
    private readonly QuadTree? tree = options.Theta > 0 ? new QuadTree(affinities.Starts.Length - 1) : null;
    private readonly double[] sums = new double[affinities.Starts.Length - 1];
    private readonly double[] pushes = new double[2 * (affinities.Starts.Length - 1)];

    /// <summary>(1 + d²)⁻¹ of two points of a layout.</summary>
    public static double Nearness(double[] layout, int i, int j)
    {
        var (dx, dy) = (layout[2 * i] - layout[2 * j], layout[(2 * i) + 1] - layout[(2 * j) + 1]);
        return 1 / (1 + (dx * dx) + (dy * dy));
    }

    /// <summary>Writes the gradient of a layout and returns the sum of (1 + d²)⁻¹ over all pairs, each both ways.</summary>
    /// <param name="layout">x and y of each point.</param>
    /// <param name="exaggeration">The factor of the affinities.</param>
    /// <param name="gradient">Overwritten.</param>
    public double Gradient(double[] layout, double exaggeration, double[] gradient)
    {
        tree?.Fill(layout);
        Rows.ForAll(count, options.Threads, place =>
        {
            var i = tree?.At(place) ?? place;
            var (x, y) = (layout[2 * i], layout[(2 * i) + 1]);
            (sums[i], pushes[2 * i], pushes[(2 * i) + 1]) = tree?.Push(i, x, y, options.Theta) ?? Push(layout, i);
            (gradient[2 * i], gradient[(2 * i) + 1]) = Pull(layout, i);
        });
        var sum = sums.Sum();
        for (var i = 0; i < gradient.Length; i++)
        {
            gradient[i] = 4 * ((exaggeration * gradient[i]) - (pushes[i] / sum));
        }

        return sum;
    }

    private (double X, double Y) Pull(double[] layout, int i)
    {
        var (pullX, pullY) = (0.0, 0.0);
        var (x, y) = (layout[2 * i], layout[(2 * i) + 1]);
        for (var k = affinities.Starts[i]; k < affinities.Starts[i + 1]; k++)
        {
            var j = affinities.Columns[k];
            var (dx, dy) = (x - layout[2 * j], y - layout[(2 * j) + 1]);
            var force = affinities.Values[k] / (1 + (dx * dx) + (dy * dy));
            pullX += force * dx;
            pullY += force * dy;
        }

        return (pullX, pullY);
    }

    private (double Sum, double X, double Y) Push(double[] layout, int i)
    {
        var (sum, pushX, pushY) = (0.0, 0.0, 0.0);
        for (var j = 0; j < count; j++)
        {
            if (j != i)
            {
                var near = Nearness(layout, i, j);
                sum += near;
                pushX += near * near * (layout[2 * i] - layout[2 * j]);
                pushY += near * near * (layout[(2 * i) + 1] - layout[(2 * j) + 1]);
            }
        }

        return (sum, pushX, pushY);
    }
}
