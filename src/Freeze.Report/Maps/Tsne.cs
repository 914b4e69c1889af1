namespace Freeze.Report.Maps;

/// <summary>The settings of a map.</summary>
/// <param name="Perplexity">The approximate number of neighbours that count; at most a third of the others.</param>
/// <param name="Iterations">Steps of gradient descent, the first 250 with exaggeration.</param>
/// <param name="Theta">0 for the exact method, otherwise the coarseness of Barnes and Hut's, up to 0.7.</param>
/// <param name="Seed">The seed of random numbers.</param>
/// <param name="Threads">The number of threads; the bits do not depend on it.</param>
public sealed record TsneOptions(double Perplexity, int Iterations, double Theta, long Seed, int Threads)
{
    /// <summary>The default settings, exact up to a thousand points.</summary>
    public static TsneOptions Usual(int points, long seed) =>
        new(30, 1000, points <= 1000 ? 0 : 0.5, seed, Environment.ProcessorCount);
}

/// <summary>A map: the x and y of each point, and a measure of the neighbourhoods it loses.</summary>
/// <param name="Layout">Two coordinates per point.</param>
/// <param name="Divergence">The Kullback-Leibler divergence from the map's affinities to the points', in nats.</param>
public sealed record TsneMap(double[] Layout, double Divergence);

/// <summary>
/// t-SNE (van der Maaten and Hinton 2008): points in the plane such that neighbours stay neighbours; for many points, distant
/// ones are grouped in cells (van der Maaten 2014). Gradient descent starts from the first two principal components.
/// </summary>
public static class Tsne
{
    private const int Exaggerated = 250;
    private const double Exaggeration = 12;
    private const int Directions = 50;
    private const double FirstDeviation = 1e-4;

    /// <summary>The map of at least four points; dimensions beyond 50 are first reduced to 50.</summary>
    public static TsneMap Map(Points points, TsneOptions options)
    {
        ArgumentNullException.ThrowIfNull(points);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(points.Count, 4);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Theta, 0.7);
        var projected = PrincipalComponents.Project(points, Directions, options.Seed);
        var perplexity = Math.Max(1, Math.Min(options.Perplexity, (points.Count - 1) / 3.0));
        var neighbours = options.Theta == 0 ? points.Count - 1 : Math.Min(points.Count - 1, (int)(3 * perplexity) + 1);
        var near = Neighbours.Of(projected, neighbours, options.Threads);
        var affinities = Affinities.Of(near, perplexity, options.Threads);
        var layout = Start(projected);
        Descend(layout, affinities, options);
        return new TsneMap(layout, Divergence(layout, affinities, options));
    }

    /// <summary>The divergence of a layout from affinities, in nats.</summary>
    public static double Divergence(double[] layout, Affinities affinities, TsneOptions options)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(affinities);
        ArgumentNullException.ThrowIfNull(options);
        var sum = new TsneForces(affinities, options).Gradient(layout, 1, new double[layout.Length]);
        var divergence = 0.0;
        for (var i = 0; i + 1 < affinities.Starts.Length; i++)
        {
            for (var k = affinities.Starts[i]; k < affinities.Starts[i + 1]; k++)
            {
                var p = affinities.Values[k];
                if (p > 0)
                {
                    divergence += p * Math.Log(p * sum / TsneForces.Nearness(layout, i, affinities.Columns[k]));
                }
            }
        }

        return divergence;
    }

    private static double[] Start(Points projected)
    {
        var layout = new double[2 * projected.Count];
        var square = 0.0;
        for (var i = 0; i < projected.Count; i++)
        {
            var point = projected[i];
            layout[2 * i] = point[0];
            layout[(2 * i) + 1] = point.Length > 1 ? point[1] : 0;
            square += (double)point[0] * point[0];
        }

        var scale = square > 0 ? FirstDeviation / Math.Sqrt(square / projected.Count) : 0;
        for (var i = 0; i < layout.Length; i++)
        {
            layout[i] *= scale;
        }

        return layout;
    }

    // Gradient descent with momentum and a gain for each coordinate (Jacobs 1988), as in the authors' own programs; the rate is
    // that of Belkina et al. 2019, for a gradient that includes its factor of 4.
    private static void Descend(double[] layout, Affinities affinities, TsneOptions options)
    {
        var forces = new TsneForces(affinities, options);
        var rate = Math.Max(layout.Length / 2 / Exaggeration / 4, 50);
        var (gradient, step, gains) = (new double[layout.Length], new double[layout.Length], new double[layout.Length]);
        Array.Fill(gains, 1);
        for (var iteration = 0; iteration < options.Iterations; iteration++)
        {
            var early = iteration < Exaggerated;
            if (iteration == Exaggerated)
            {
                Array.Clear(step);
                Array.Fill(gains, 1);
            }

            forces.Gradient(layout, early ? Exaggeration : 1, gradient);
            var momentum = early ? 0.5 : 0.8;
            for (var i = 0; i < layout.Length; i++)
            {
                gains[i] = gradient[i] * step[i] < 0 ? gains[i] + 0.2 : Math.Max(0.01, gains[i] * 0.8);
                step[i] = (momentum * step[i]) - (rate * gains[i] * gradient[i]);
                layout[i] += step[i];
            }
        }
    }
}
