namespace Freeze.Records;

/// <summary>
/// The weights that a run has left, whole. Where it started from another run, its file may hold what is its own alone, and its
/// header says what of the other's file the rest is (<see cref="Borrowed"/>).
/// </summary>
public static class WholeWeights
{
    /// <summary>What the text of the header is called.</summary>
    internal const string Note = WeightFiles.Borrowed;

    /// <summary>All tensors by name, in the order of the net.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or the weights that it refers to are not there any more.</exception>
    public static IReadOnlyDictionary<string, StoredTensor> Read(string path)
    {
        var (own, notes) = Safetensors.ReadWithNotes(path);
        if (!notes.TryGetValue(Note, out var text))
        {
            return own;
        }

        var borrowed = Parsed(text);
        if (SourceOf(path, borrowed) is not { } from)
        {
            throw new InvalidDataException(
                $"it started from the weights of run {borrowed.Base}, which are not in the store any more, or are others than they were");
        }

        var common = Read(from);
        var slices = borrowed.Slices.ToDictionary(slice => slice.Name);
        return borrowed.Names.ToDictionary(name => name, name => (own.GetValueOrDefault(name), slices.GetValueOrDefault(name)) switch
        {
            (null, _) => Common(common, name),
            ({ } part, { } slice) => MemberWeights.WithSlice(Common(common, name), part, slice.Dimension, slice.Indices),
            ({ } whole, null) => whole,
        });
    }

    /// <summary>Whether a file is there and sound, and so are those that it refers to: the tensors are not read.</summary>
    public static bool IsWhole(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return !WeightFiles.header(file).Item2.TryGetValue(Note, out var text)
                || (SourceOf(path, Parsed(text)) is { } from && IsWhole(from));
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException or InvalidDataException)
        {
            return false;
        }
    }

    // Each run is a folder of the same store. Null where the file is not there any more, or is another.
    private static string? SourceOf(string path, Borrowed borrowed)
    {
        var from = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, "..", borrowed.Base, RunFiles.Weights);
        return RunStore.IsHash(borrowed.Base) && File.Exists(from) && Safetensors.Digest(from) == borrowed.Digest ? from : null;
    }

    /// <summary>Writes a run's weights to another file, whole.</summary>
    internal static void Copy(string from, string path) => WholeFile.Write(path, stream =>
    {
        if (Safetensors.ReadWithNotes(from).Notes.ContainsKey(Note))
        {
            var whole = Read(from);
            Safetensors.WriteHeader(stream, [.. whole.Select(entry => (entry.Key, entry.Value.Type, entry.Value.Shape))]);
            foreach (var tensor in whole.Values)
            {
                stream.Write(tensor.Bytes);
            }
        }
        else
        {
            using var weights = File.OpenRead(from);
            weights.CopyTo(stream);
        }
    });

    private static Borrowed Parsed(string text)
    {
        try
        {
            var borrowed = Json.ofText<Borrowed>(text);
            return borrowed.Names.Distinct().Count() == borrowed.Names.Length
                && borrowed.Slices.DistinctBy(slice => slice.Name).Count() == borrowed.Slices.Length
                    ? borrowed
                    : throw new InvalidDataException("what it says of the run that it started from names a weight twice");
        }
        catch (Json.JsonMismatch error)
        {
            throw new InvalidDataException($"what it says of the run that it started from cannot be read: {error.message}", error);
        }
    }

    // Runs start in single precision, whatever that of the run before.
    private static StoredTensor Common(IReadOnlyDictionary<string, StoredTensor> common, string name) =>
        !common.TryGetValue(name, out var found) ? throw new InvalidDataException($"the run that it started from has no {name}")
        : found.Type == "F32" ? found
        : found with { Type = "F32", Bytes = [.. System.Runtime.InteropServices.MemoryMarshal.AsBytes(found.ToSingles().AsSpan())] };
}
