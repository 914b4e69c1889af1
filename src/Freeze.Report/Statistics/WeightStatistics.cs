using System.Diagnostics;
using MathNet.Numerics.Statistics;

namespace Freeze.Report.Statistics;

/// <summary>Which entries of a weight statistics are of.</summary>
public enum WeightPart
{
    /// <summary>Those that learn.</summary>
    Learned,

    /// <summary>Those that stay at their start.</summary>
    Fixed,

    /// <summary>Those that are zero.</summary>
    Zero,
}

/// <summary>How parts of a weight are written.</summary>
public static class WeightParts
{
    /// <summary>A part in a word.</summary>
    public static string Word(this WeightPart part) => part switch
    {
        WeightPart.Learned => "learned",
        WeightPart.Fixed => "fixed",
        _ => "zero",
    };
}

/// <summary>Statistics of one part of a layer's weight (its bias left out) at the start and at the end of a run.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Kind">Its kind, as rules name it.</param>
/// <param name="Part">Which entries.</param>
/// <param name="Start">As the seed makes them.</param>
/// <param name="End">As the run left them.</param>
public sealed record LayerStatistics(string Layer, string Kind, WeightPart Part, Magnitudes Start, Magnitudes End)
{
    /// <summary>
    /// What charts show, and what they call it: what is fixed ends as it starts, what is zero has no place on a logarithmic
    /// axis, and batch norms' scales are of another kind.
    /// </summary>
    internal IEnumerable<(string When, Magnitudes Values)> Shown => Part switch
    {
        _ when Part == WeightPart.Zero || Kind == "bn" => [],
        WeightPart.Fixed => [("fixed", End)],
        _ => [("learned, at the start", Start), ("learned, at the end", End)],
    };
}

/// <summary>How large values are.</summary>
/// <param name="Count">How many.</param>
/// <param name="MeanAbsolute">The mean of |w|.</param>
/// <param name="Variance">About their mean, by n.</param>
/// <param name="Norm">The root of the sum of squares.</param>
/// <param name="Histogram">How many lie in each of equally wide bins.</param>
/// <param name="Least">Where the first bin begins.</param>
/// <param name="Most">Where the last bin ends.</param>
public sealed record Magnitudes(
    int Count, double MeanAbsolute, double Variance, double Norm, int[] Histogram, double Least, double Most)
{
    private const int Bins = 30;

    /// <summary>Of at least one value; what is not finite makes the figures not finite, and lies in no bin.</summary>
    public static Magnitudes Of(float[] values)
    {
        var finite = Array.FindAll(values, float.IsFinite);
        var (least, most) = finite.Length > 0 ? ((double)finite.Min(), (double)finite.Max()) : (0, 0);
        var width = (most - least) / Bins;
        var bins = new int[Bins];
        // Not MathNet's Histogram, which searches a list of objects for each value's bin.
        foreach (var value in finite)
        {
            bins[width > 0 ? Math.Min(Bins - 1, (int)((value - least) / width)) : 0]++;
        }

        return new Magnitudes(
            values.Length,
            values.Average(value => Math.Abs((double)value)),
            values.Length > 1 ? ArrayStatistics.PopulationVariance(values) : 0,
            Math.Sqrt(values.Sum(value => (double)value * value)),
            bins,
            least,
            most);
    }
}

/// <summary>Statistics of a run's weights, from its recipe and the file that it left.</summary>
public static class WeightStatistics
{
    /// <summary>For each layer with a weight, in the order of the net, its parts that are not empty.</summary>
    /// <param name="recipe">The run's.</param>
    /// <param name="last">What last.safetensors holds.</param>
    /// <exception cref="InvalidDataException">The file holds no weight of the name and shape.</exception>
    /// <exception cref="RunException">A file that a weight starts from cannot be read.</exception>
    public static IReadOnlyList<LayerStatistics> Of(Recipe recipe, IReadOnlyDictionary<string, StoredTensor> last)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(last);
        var files = new StartFiles();
        var found = new List<LayerStatistics>();
        foreach (var plan in LargestSlices.Resolve(recipe, files).Where(plan => !plan.Weight.IsBias))
        {
            if (!last.TryGetValue(plan.Weight.Name, out var stored)
                || !stored.Shape.SequenceEqual(plan.Weight.Shape.Select(extent => (long)extent)))
            {
                throw new InvalidDataException($"there is no {plan.Weight.Name} of the planned shape");
            }

            var (parts, start, end) = (Parts(plan), Initializer.Start(plan, recipe.Seed, files), stored.ToSingles());
            foreach (var part in Enum.GetValues<WeightPart>())
            {
                float[] Of(float[] values) => [.. values.Where((_, place) => parts(place) == part)];
                if (Of(end) is { Length: > 0 } ended)
                {
                    var started = part == WeightPart.Zero ? new float[ended.Length] : Of(start);
                    found.Add(new LayerStatistics(
                        plan.Weight.Layer, LayerKindModule.name(plan.Weight.Kind), part, Magnitudes.Of(started), Magnitudes.Of(ended)));
                }
            }
        }

        return found;
    }

    /// <summary>To which part each entry belongs, by its place in the order of the dimensions.</summary>
    private static Func<int, WeightPart> Parts(WeightPlan plan)
    {
        static WeightPart Of(Stillness stillness) => stillness.IsZero ? WeightPart.Zero : WeightPart.Fixed;
        switch (plan.Treatment)
        {
            case { IsTrained: true } or Treatment.Solved:
                return _ => WeightPart.Learned;
            case Treatment.Still still:
                return _ => Of(still.Stillness);
            case Treatment.Slice slice:
                var shape = plan.Weight.Shape;
                var stride = shape[(slice.Dimension + 1)..].Aggregate(1, (product, extent) => product * extent);
                var learns = new bool[shape[slice.Dimension]];
                foreach (var index in slice.Indices)
                {
                    learns[index] = true;
                }

                return place => learns[place / stride % learns.Length] ? WeightPart.Learned : Of(slice.Rest);
            default:
                throw new UnreachableException($"no parts for plan case {plan.Treatment}");
        }
    }
}
