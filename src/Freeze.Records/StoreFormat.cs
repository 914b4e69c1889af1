using System.Text.Json;

namespace Freeze.Records;

/// <summary>The format of a store, in store.json at its root: {"format":1}.</summary>
internal static class StoreFormat
{
    private const int Ours = 1;

    /// <summary>Demands a format that this Freeze knows. A store without the file, such as an empty one, is ours.</summary>
    /// <exception cref="RunException">The format is newer, or cannot be read.</exception>
    public static void Demand(string root)
    {
        var path = PathOf(root);
        var format = 0;
        try
        {
            if (!File.Exists(path))
            {
                return;
            }

            using var content = JsonDocument.Parse(File.ReadAllBytes(path));
            format = content.RootElement.GetProperty("format").GetInt32();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException
            or FormatException)
        {
            throw new RunException(
                $"{path} does not tell the store's format: {error.Message}",
                $"if all of its runs are Freeze's, delete {path}; else name another store with --store",
                error);
        }

        if (format != Ours)
        {
            throw new RunException(
                $"the store {root} has format {format}; this Freeze knows format {Ours}",
                "use a newer Freeze, or name another store with --store");
        }
    }

    /// <summary>Marks a store as ours, unless it is marked already.</summary>
    public static void Mark(string root)
    {
        var path = PathOf(root);
        if (!File.Exists(path))
        {
            WholeFile.Write(path, $"{{\"format\":{Ours}}}\n");
        }
    }

    private static string PathOf(string root) => Path.Combine(root, "store.json");
}
