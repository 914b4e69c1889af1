namespace Freeze.Records;

/// <summary>
/// Initial weights from safetensors files, which must be the planned ones. Each file is read and verified once, however many
/// weights start from it.
/// </summary>
internal sealed class StartFiles
{
    private readonly Dictionary<(string Path, string Digest), IReadOnlyDictionary<string, StoredTensor>> read = [];

    /// <summary>The tensor for a weight.</summary>
    /// <exception cref="RunException">The file is missing, changed or damaged, or has no tensor of the shape.</exception>
    public float[] Read(Start.File file, Weight weight) =>
        TryRead(file, weight.Name, Array.ConvertAll(weight.Shape, extent => (long)extent))
            ?? throw new RunException(
                $"{file.Path} holds no {weight.Name}", "take weights of the same net, or another start for this layer");

    /// <summary>The tensor for a weight, or for a statistic of its layer; null if the file has none.</summary>
    /// <exception cref="RunException">The file is missing, changed or damaged, or its tensor has another shape.</exception>
    public float[]? TryRead(Start.File file, string name, long[] shape)
    {
        // A publisher may use another name for the layer.
        name = file.Layer.Length == 0 ? name : file.Layer + name[name.LastIndexOf('.')..];
        try
        {
            if (!read.TryGetValue((file.Path, file.Digest), out var tensors))
            {
                if (Safetensors.Digest(file.Path) != file.Digest)
                {
                    throw new MachineException(
                        $"{file.Path} has changed since the run was planned", "plan the .frz file again, or bring the file back");
                }

                read[(file.Path, file.Digest)] = tensors = WholeWeights.Read(file.Path);
            }

            if (!tensors.TryGetValue(name, out var found))
            {
                return null;
            }

            return found.Shape.SequenceEqual(shape)
                ? found.ToSingles()
                : throw new RunException(
                    $"{name} of {file.Path} is of shape {string.Join("x", found.Shape)}, and the net's is "
                        + $"{string.Join("x", shape)}",
                    "take weights of the same net, or another start for this layer");
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new MachineException(
                $"{file.Path}, which weights start from, is not on this machine", "bring it there, then run again", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new MachineException($"{file.Path}: {error.Message}", "replace the file, then run again", error);
        }
    }
}
