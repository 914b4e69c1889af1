namespace Freeze.Records;

/// <summary>
/// The complete final weights of a run. If it started from another run, its file may hold only its own weights, and the header
/// tells which of the other file's weights complete it (<see cref="Borrowed"/>).
/// </summary>
public static class WholeWeights
{
    /// <summary>The name of the header's text.</summary>
    internal const string Note = WeightFiles.Borrowed;

    /// <summary>All tensors by name, in the order of the net.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or the weights that it refers to are missing.</exception>
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
                $"it started from the weights of run {borrowed.Base}, which are no longer in the store, or have changed");
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

    /// <summary>Whether a file exists and is sound, and so are the files it refers to; tensors are not read.</summary>
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

    // All runs are folders of the same store. Null if the file is missing or has changed.
    private static string? SourceOf(string path, Borrowed borrowed)
    {
        var from = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, "..", borrowed.Base, RunFiles.Weights);
        return RunStore.IsHash(borrowed.Base) && File.Exists(from) && Safetensors.Digest(from) == borrowed.Digest ? from : null;
    }

    /// <summary>Copies a run's complete weights to another file.</summary>
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
                    : throw new InvalidDataException("its header's reference to another run names a weight twice");
        }
        catch (Json.JsonMismatch error)
        {
            throw new InvalidDataException($"its header's reference to another run cannot be read: {error.message}", error);
        }
    }

    // Runs start in single precision, whatever the precision of the earlier run.
    private static StoredTensor Common(IReadOnlyDictionary<string, StoredTensor> common, string name) =>
        !common.TryGetValue(name, out var found) ? throw new InvalidDataException($"the run that it started from has no {name}")
        : found.Type == "F32" ? found
        : found with { Type = "F32", Bytes = [.. System.Runtime.InteropServices.MemoryMarshal.AsBytes(found.ToSingles().AsSpan())] };
}
