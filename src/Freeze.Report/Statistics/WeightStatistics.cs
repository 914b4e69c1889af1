using System.Diagnostics;
using MathNet.Numerics.Statistics;

namespace Freeze.Report.Statistics;

/// <summary>The part of a weight that statistics describe.</summary>
public enum WeightPart
{
    /// <summary>Trained entries.</summary>
    Learned,

    /// <summary>Entries that stay at their start.</summary>
    Fixed,

    /// <summary>Entries that are zero.</summary>
    Zero,
}

/// <summary>The names of parts of a weight.</summary>
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

/// <summary>Statistics of one part of a layer's weight, without its bias, at the start and at the end of a run.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Kind">Its kind, as rules name it.</param>
/// <param name="Part">The entries.</param>
/// <param name="Start">Their values from the seed.</param>
/// <param name="End">Their values after the run.</param>
public sealed record LayerStatistics(string Layer, string Kind, WeightPart Part, Magnitudes Start, Magnitudes End)
{
    /// <summary>
    /// The values that charts show, with their names: fixed parts end as they start, zeros do not fit on a logarithmic axis, and
    /// batch norms' scales are different in kind.
    /// </summary>
    internal IEnumerable<(string When, Magnitudes Values)> Shown => Part switch
    {
        _ when Part == WeightPart.Zero || Kind == "bn" => [],
        WeightPart.Fixed => [("fixed", End)],
        _ => [("learned, at the start", Start), ("learned, at the end", End)],
    };
}

/// <summary>Statistics of some values.</summary>
/// <param name="Count">The number of values.</param>
/// <param name="MeanAbsolute">The mean of |w|.</param>
/// <param name="Variance">The variance, by n.</param>
/// <param name="Norm">The root of the sum of squares.</param>
/// <param name="Histogram">The number of values in each of equally wide bins.</param>
/// <param name="Least">The lower end of the first bin.</param>
/// <param name="Most">The upper end of the last bin.</param>
public sealed record Magnitudes(
    int Count, double MeanAbsolute, double Variance, double Norm, int[] Histogram, double Least, double Most)
{
    private const int Bins = 30;

    /// <summary>For at least one value; values that are not finite make the figures so, and are in no bin.</summary>
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

/// <summary>Statistics of a run's weights, from its recipe and its weight file.</summary>
public static class WeightStatistics
{
    /// <summary>For each layer with a weight, in the order of the net, its nonempty parts.</summary>
    /// <param name="recipe">The run's recipe.</param>
    /// <param name="last">The content of last.safetensors.</param>
    /// <exception cref="InvalidDataException">A weight's name is missing or has another shape.</exception>
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

    /// <summary>Maps the flat index of an entry to its part.</summary>
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
