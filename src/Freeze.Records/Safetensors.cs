using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Freeze.Records;

/// <summary>A tensor read from a file: its extents, the type of its values (F32 or F64) and their bytes in order.</summary>
public sealed record StoredTensor(long[] Shape, string Type, byte[] Bytes)
{
    /// <summary>The values as singles: doubles are rounded.</summary>
    public float[] ToSingles() => Type == "F64"
        ? Array.ConvertAll(MemoryMarshal.Cast<byte, double>(Bytes).ToArray(), value => (float)value)
        : MemoryMarshal.Cast<byte, float>(Bytes).ToArray();
}

/// <summary>
/// The safetensors format (github.com/huggingface/safetensors): the length of a JSON header as 8 little-endian
/// bytes, the header with type, shape and place of each tensor, then their bytes. Here all are floats of 32 or 64 bits.
/// </summary>
public static class Safetensors
{
    // The format's own bound on headers.
    private const long LargestHeader = 100_000_000;

    /// <summary>Writes what stands before the tensors' bytes.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="entries">Name, type (F32 or F64) and extents of each tensor, in the order of the file.</param>
    /// <param name="notes">Texts for the header, beside that of the format.</param>
    internal static void WriteHeader(
        Stream stream,
        IReadOnlyList<(string Name, string Type, long[] Shape)> entries,
        params (string Name, string Text)[] notes)
    {
        var header = Header(entries, notes);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        stream.Write(length);
        stream.Write(header);
    }

    /// <summary>The SHA-256 of a file, by which runs know it.</summary>
    internal static string Digest(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    /// <summary>Reads a file's tensors by name.</summary>
    /// <exception cref="InvalidDataException">The file is not of the format, or holds other than floats of 32 or 64 bits.</exception>
    public static IReadOnlyDictionary<string, StoredTensor> Read(string path) => ReadWithNotes(path).Tensors;

    /// <summary>Reads a file's tensors by name, in the order of the header, and the texts of its header.</summary>
    /// <inheritdoc cref="Read"/>
    internal static (IReadOnlyDictionary<string, StoredTensor> Tensors, IReadOnlyDictionary<string, string> Notes)
        ReadWithNotes(string path)
    {
        using var file = File.OpenRead(path);
        Span<byte> length = stackalloc byte[8];
        Demand(file.ReadAtLeast(length, 8, throwOnEndOfStream: false) == 8, "it is too short");
        var headerLength = BinaryPrimitives.ReadInt64LittleEndian(length);
        Demand(headerLength is >= 2 and <= LargestHeader && headerLength <= file.Length - 8, "its header has no sound length");
        var header = new byte[headerLength];
        file.ReadExactly(header);
        try
        {
            using var json = JsonDocument.Parse(header);
            var entries = json.RootElement.EnumerateObject().Where(entry => entry.Name != "__metadata__").ToArray();
            DemandGapless(entries, file.Length - 8 - headerLength);
            var notes = json.RootElement.TryGetProperty("__metadata__", out var found)
                ? found.EnumerateObject().ToDictionary(note => note.Name, note => note.Value.GetString()!)
                : [];
            return (entries.ToDictionary(entry => entry.Name, entry => ReadTensor(file, 8 + headerLength, entry)), notes);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException
            or FormatException or ArgumentException or OverflowException)
        {
            throw new InvalidDataException($"the safetensors header is damaged: {error.Message}", error);
        }
    }

    private static byte[] Header(
        IReadOnlyList<(string Name, string Type, long[] Shape)> entries, (string Name, string Text)[] notes)
    {
        var header = new JsonObject
        {
            ["__metadata__"] = new JsonObject([
                new("format", "pt"), .. notes.Select(note => KeyValuePair.Create<string, JsonNode?>(note.Name, note.Text))]),
        };
        var offset = 0L;
        foreach (var (name, type, shape) in entries)
        {
            var next = offset + (shape.Aggregate(1L, (product, extent) => product * extent) * SizeOf(type));
            header[name] = new JsonObject
            {
                ["dtype"] = type,
                ["shape"] = new JsonArray([.. shape.Select(extent => (JsonNode)extent)]),
                ["data_offsets"] = new JsonArray(offset, next),
            };
            offset = next;
        }

        // Spaces up to a multiple of 8: the values are aligned.
        var text = header.ToJsonString();
        var length = Encoding.UTF8.GetByteCount(text);
        return Encoding.UTF8.GetBytes(text.PadRight(text.Length + (-length & 7)));
    }

    // The format forbids gaps and overlaps, so that no byte of a file is hidden or means two things.
    private static void DemandGapless(JsonProperty[] entries, long length)
    {
        var end = 0L;
        foreach (var (start, next) in entries.Select(entry => Place(entry.Value)).Order())
        {
            Demand(start == end && next >= start, "its tensors overlap or leave a gap");
            end = next;
        }

        Demand(end == length, $"its tensors end at byte {end} of {length}");
    }

    private static (long Start, long End) Place(JsonElement entry)
    {
        var offsets = entry.GetProperty("data_offsets");
        Demand(offsets.GetArrayLength() == 2, "a place has not two offsets");
        return (offsets[0].GetInt64(), offsets[1].GetInt64());
    }

    private static StoredTensor ReadTensor(FileStream file, long data, JsonProperty entry)
    {
        var type = entry.Value.GetProperty("dtype").GetString();
        Demand(type is "F32" or "F64", $"{entry.Name} is not of floats of 32 or 64 bits");
        var shape = entry.Value.GetProperty("shape").EnumerateArray().Select(e => e.GetInt64()).ToArray();
        var (start, end) = Place(entry.Value);
        Demand(shape.All(extent => extent >= 0), $"{entry.Name} has no sound shape");
        var count = shape.Aggregate(1L, (product, extent) => checked(product * extent));
        Demand(end - start == checked(count * SizeOf(type!)), $"{entry.Name} does not fill its place");
        var bytes = new byte[end - start];
        file.Position = data + start;
        file.ReadExactly(bytes);
        return new StoredTensor(shape, type!, bytes);
    }

    private static int SizeOf(string type) => type == "F64" ? sizeof(double) : sizeof(float);

    private static void Demand(bool sound, string reason)
    {
        if (!sound)
        {
            throw new InvalidDataException($"this is not a sound safetensors file: {reason}");
        }
    }
}
