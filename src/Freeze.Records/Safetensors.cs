using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Freeze.Records;

/// <summary>A tensor read from a file: its shape, its type (F64, F32, F16 or BF16) and its values as bytes.</summary>
public sealed record StoredTensor(long[] Shape, string Type, byte[] Bytes)
{
    /// <summary>The values in single precision; doubles are rounded.</summary>
    public float[] ToSingles() => Type switch
    {
        "F64" => Array.ConvertAll(Values<double>(), value => (float)value),
        "F16" => Array.ConvertAll(Values<Half>(), value => (float)value),
        // bfloat16 is the upper half of a float.
        "BF16" => Array.ConvertAll(Values<ushort>(), bits => BitConverter.UInt32BitsToSingle((uint)bits << 16)),
        _ => Values<float>(),
    };

    /// <summary>The values, in the type of the file.</summary>
    public T[] Values<T>()
        where T : struct => MemoryMarshal.Cast<byte, T>(Bytes).ToArray();
}

/// <summary>
/// Reads and writes tensors in the safetensors format, which <see cref="WeightFiles"/> describes. Written tensors have 32 or 64
/// bits.
/// </summary>
public static class Safetensors
{
    /// <summary>Writes everything before the tensors' bytes.</summary>
    /// <param name="stream">The output.</param>
    /// <param name="entries">Name, type (F32 or F64) and shape of each tensor, in the order of the file.</param>
    /// <param name="notes">Texts for the header, besides that of the format.</param>
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

    /// <summary>The SHA-256 of a file, which identifies it in runs.</summary>
    internal static string Digest(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    /// <summary>Reads a file's floating-point tensors, by name.</summary>
    /// <exception cref="InvalidDataException">The file does not have the format.</exception>
    public static IReadOnlyDictionary<string, StoredTensor> Read(string path) => ReadWithNotes(path).Tensors;

    /// <summary>Reads a file's floating-point tensors by name, in the order of the header, and the header's texts.</summary>
    /// <inheritdoc cref="Read"/>
    internal static (IReadOnlyDictionary<string, StoredTensor> Tensors, IReadOnlyDictionary<string, string> Notes)
        ReadWithNotes(string path)
    {
        using var file = File.OpenRead(path);
        var (entries, notes) = WeightFiles.header(file);
        return (entries.Where(WeightFiles.isReadable).ToDictionary(entry => entry.Name, entry => ReadTensor(file, entry)), notes);
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

        // Pads with spaces to a multiple of 8, so that values are aligned.
        var text = header.ToJsonString();
        var length = Encoding.UTF8.GetByteCount(text);
        return Encoding.UTF8.GetBytes(text.PadRight(text.Length + (-length & 7)));
    }

    private static StoredTensor ReadTensor(FileStream file, StoredEntry entry)
    {
        var bytes = new byte[entry.End - entry.Start];
        file.Position = entry.Start;
        file.ReadExactly(bytes);
        return new StoredTensor(entry.Shape, entry.Type, bytes);
    }

    private static int SizeOf(string type) => type == "F64" ? sizeof(double) : sizeof(float);
}
