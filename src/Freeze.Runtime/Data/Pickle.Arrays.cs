namespace Freeze.Runtime.Data;

/// <summary>A numpy array of unsigned bytes from a pickle.</summary>
internal sealed class PickledArray
{
    /// <summary>Its extents; empty until the pickle sets them.</summary>
    public IReadOnlyList<int> Shape { get; set; } = [];

    /// <summary>The elements, as many as the shape requires.</summary>
    public ReadOnlyMemory<byte> Content { get; set; }

    /// <summary>Whether the first index runs fastest, as in Fortran, instead of the last.</summary>
    public bool FirstIndexFastest { get; set; }
}

// The names that a pickle may use: the parts of an array of bytes, and nothing else.
internal sealed partial class Pickle
{
    private const int MostExtents = 8;

    private int recoded;

    // The names that the pickle of an array of bytes contains.
    private enum Known
    {
        // numpy.core.multiarray._reconstruct: an empty array, which a state fills later.
        Reconstruct,

        // numpy.ndarray: an argument of _reconstruct.
        ArrayClass,

        // numpy.dtype: creates the element type.
        TypeClass,

        // _codecs.encode: Python 3 writes bytes this way in protocol 2, which lacks them.
        Encode,

        // A created dtype; only unsigned bytes are supported.
        ByteType,
    }

    private Known Name(ReadOnlyMemory<byte> module, ReadOnlyMemory<byte> name)
    {
        // A name may be shown on a terminal: keep only printable characters, and few of them.
        static string Text(ReadOnlyMemory<byte> part) => string.Concat(
            part[..Math.Min(part.Length, LongestKey)].ToArray().Select(b => b is >= 0x20 and < 0x7F ? (char)b : '?'));
        return (Text(module), Text(name)) switch
        {
            // numpy 2 renamed the module.
            ("numpy.core.multiarray" or "numpy._core.multiarray", "_reconstruct") => Known.Reconstruct,
            ("numpy", "ndarray") => Known.ArrayClass,
            ("numpy", "dtype") => Known.TypeClass,
            ("_codecs", "encode") => Known.Encode,
            var (unknown, part) => throw Refused($"it names {unknown}.{part}, which no pickle of CIFAR needs"),
        };
    }

    // Replaces Python's function calls.
    private object Make(object?[] call) => call switch
    {
        [Known.Reconstruct, object?[] and [Known.ArrayClass, ..]] => new PickledArray(),
        [Known.TypeClass, object?[] and [ReadOnlyMemory<byte> type, ..]] => type.Span.SequenceEqual("u1"u8)
            ? Known.ByteType
            : throw Refused("an array has elements of a type other than u1"),
        [Known.Encode, object?[] and [ReadOnlyMemory<byte> text, ReadOnlyMemory<byte> code]]
            when code.Span.SequenceEqual("latin1"u8) => Latin(text.Span),
        _ => throw Refused("a name is used in a way that arrays do not need"),
    };

    // Applies a state to the object below it.
    private object? Build(object?[] given)
    {
        switch (given)
        {
            // Byte order and the like, which do not matter for single bytes.
            case [Known.ByteType, object?[]]:
                break;
            case [PickledArray array, object?[] and
                [1L, object?[] { Length: <= MostExtents } extents, Known.ByteType, bool order, ReadOnlyMemory<byte> bytes]]:
                array.Shape = [.. extents.Select(extent => extent is long and >= 0 and <= int.MaxValue
                    ? (int)(long)extent
                    : throw Refused("an extent of an array is not a count"))];
                // Limited to the file's length at each factor, so that no product overflows.
                var size = array.Shape.Aggregate(1L, (product, extent) => Math.Min(product * extent, LargestFile + 1));
                if (size != bytes.Length)
                {
                    throw Refused($"an array {string.Join('x', array.Shape)} has {bytes.Length} bytes");
                }

                array.Content = bytes;
                array.FirstIndexFastest = order;
                break;
            default:
                throw Refused("a state is set on something that is not an array of bytes");
        }

        return given[0];
    }

    // Converts UTF-8 of characters up to 255 to one byte each. The file's length limits the total.
    private ReadOnlyMemory<byte> Latin(ReadOnlySpan<byte> text)
    {
        if (text.Length > content.Length - recoded)
        {
            throw Refused("it converts more text than the file has");
        }

        recoded += text.Length;
        var bytes = new byte[text.Length];
        var count = 0;
        for (var i = 0; i < text.Length; i++)
        {
            bytes[count++] = text[i] switch
            {
                < 0x80 => text[i],
                0xC2 or 0xC3 when i + 1 < text.Length && (text[i + 1] & 0xC0) == 0x80 =>
                    (byte)((text[i] << 6) | (text[++i] & 0x3F)),
                _ => throw Refused("a text has a character that does not fit a byte"),
            };
        }

        return bytes.AsMemory(0, count);
    }
}
