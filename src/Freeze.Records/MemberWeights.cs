namespace Freeze.Records;

/// <summary>
/// All weights of one member of an ensemble: the base net's, with the member's trained weights in place of the base's.
/// </summary>
internal static class MemberWeights
{
    /// <summary>Writes them as a safetensors file, with the names and the order of the base net.</summary>
    /// <param name="stream">The output.</param>
    /// <param name="recipe">The ensemble's recipe.</param>
    /// <param name="start">The base net's file.</param>
    /// <param name="learned">The member's file: trained weights (for slices the slice alone) and running statistics.</param>
    /// <exception cref="InvalidDataException">A file is damaged, or does not match the recipe.</exception>
    public static void Write(Stream stream, Recipe recipe, string start, string learned)
    {
        var ensemble = (Learning.Ensemble)recipe.Learning;
        var training = Ensembles.training(
            recipe, ensemble.Weights, ensemble.FrozenStatistics, start, Safetensors.Digest(start));
        var treatments = LargestSlices.Resolve(training, new StartFiles()).ToDictionary(plan => plan.Weight.Name, plan => plan.Treatment);
        var (common, own) = (WholeWeights.Read(start), Safetensors.Read(learned));
        var whole = common
            .Select(entry => (Name: entry.Key, Value: Whole(entry.Value, own.GetValueOrDefault(entry.Key), treatments.GetValueOrDefault(entry.Key))))
            .ToArray();
        Safetensors.WriteHeader(stream, [.. whole.Select(entry => (entry.Name, entry.Value.Type, entry.Value.Shape))]);
        foreach (var (_, value) in whole)
        {
            stream.Write(value.Bytes);
        }
    }

    // Running statistics have no treatment.
    private static StoredTensor Whole(StoredTensor common, StoredTensor? own, Treatment? treatment) => treatment switch
    {
        Treatment.Still { Stillness.IsZero: true } => Zero(common),
        Treatment.Slice slice when own is not null =>
            WithSlice(slice.Rest.IsZero ? Zero(common) : common, own, slice.Dimension, slice.Indices),
        _ => own ?? common,
    };

    private static StoredTensor Zero(StoredTensor like) => like with { Bytes = new byte[like.Bytes.Length] };

    /// <summary>A whole weight with some entries along a dimension replaced.</summary>
    internal static StoredTensor WithSlice(StoredTensor whole, StoredTensor own, int dimension, int[] indices)
    {
        if (dimension < 0 || dimension >= whole.Shape.Length || indices.Any(index => index < 0 || index >= whole.Shape[dimension]))
        {
            throw new InvalidDataException("a slice lies outside its weight");
        }

        var (extent, count) = ((int)whole.Shape[dimension], indices.Length);
        var outer = (int)whole.Shape[..dimension].Aggregate(1L, (product, size) => product * size);
        var run = whole.Bytes.Length / outer / extent;
        if (own.Type != whole.Type || own.Bytes.Length != (long)outer * count * run)
        {
            throw new InvalidDataException("the member's file is from another net");
        }

        var bytes = whole.Bytes.ToArray();
        for (var o = 0; o < outer; o++)
        {
            for (var i = 0; i < count; i++)
            {
                own.Bytes.AsSpan(((o * count) + i) * run, run).CopyTo(bytes.AsSpan(((o * extent) + indices[i]) * run));
            }
        }

        return whole with { Bytes = bytes };
    }
}
