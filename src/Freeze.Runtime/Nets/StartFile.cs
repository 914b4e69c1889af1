using System.Security.Cryptography;
using Freeze.Runtime.Results;

namespace Freeze.Runtime.Nets;

/// <summary>Weights that start as those of a safetensors file, which must be the one that was planned with.</summary>
internal static class StartFile
{
    /// <summary>The tensor of a weight's name.</summary>
    /// <exception cref="RunException">The file is missing, changed or damaged, or has no such tensor of the shape.</exception>
    public static float[] Read(Start.File file, Weight weight) =>
        TryRead(file, weight.Name, Array.ConvertAll(weight.Shape, extent => (long)extent))
            ?? throw new RunException(
                $"{file.Path} holds no {weight.Name}", "take weights of the same net, or another start for this layer");

    /// <summary>The tensor of a name, or null where the file has none.</summary>
    /// <exception cref="RunException">The file is missing, changed or damaged, or its tensor has another shape.</exception>
    public static float[]? TryRead(Start.File file, string name, long[] shape)
    {
        try
        {
            DemandDigest(file);
            if (!Safetensors.Read(file.Path).TryGetValue(name, out var found))
            {
                return null;
            }

            return found.Shape.SequenceEqual(shape)
                ? found.Values
                : throw new RunException(
                    $"{name} of {file.Path} is of shape {string.Join("x", found.Shape)}, and the net's is "
                        + $"{string.Join("x", shape)}",
                    "take weights of the same net, or another start for this layer");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new RunException($"{file.Path}: {error.Message}", "name a sound safetensors file", error);
        }
    }

    private static void DemandDigest(Start.File file)
    {
        using var stream = File.OpenRead(file.Path);
        if (Convert.ToHexStringLower(SHA256.HashData(stream)) != file.Digest)
        {
            throw new RunException($"{file.Path} has changed since the run was planned", "plan the file again");
        }
    }
}
