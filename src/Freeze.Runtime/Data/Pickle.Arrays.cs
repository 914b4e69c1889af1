namespace Freeze.Runtime.Data;

/// <summary>A numpy array of unsigned bytes out of a pickle.</summary>
internal sealed class PickledArray
{
    /// <summary>Its extents; none until the pickle has said them.</summary>
    public IReadOnlyList<int> Shape { get; set; } = [];

    /// <summary>The elements, as many as the shape says.</summary>
    public ReadOnlyMemory<byte> Content { get; set; }

    /// <summary>Whether the first index runs fastest, as in Fortran, and not the last.</summary>
    public bool FirstIndexFastest { get; set; }
}

// What the names in a pickle stand for: the parts of an array of bytes, and nothing else.
internal sealed partial class Pickle
{
    private const int MostExtents = 8;

    private int recoded;

    // The names that the pickle of an array of bytes contains.
    private enum Known
    {
        // numpy.core.multiarray._reconstruct: an empty array, which a state fills.
        Reconstruct,

        // numpy.ndarray: an argument of the former.
        ArrayClass,

        // numpy.dtype: makes the type of elements.
        TypeClass,

        // _codecs.encode: Python 3 writes bytes so at protocol 2, which has none.
        Encode,

        // A dtype that was made; only that of unsigned bytes can be.
        ByteType,
    }

    private Known Name(ReadOnlyMemory<byte> module, ReadOnlyMemory<byte> name)
    {
        // A name may end up on a terminal: nothing but printable characters, and few of them.
        static string Text(ReadOnlyMemory<byte> part) => string.Concat(
            part[..Math.Min(part.Length, LongestKey)].ToArray().Select(b => b is >= 0x20 and < 0x7F ? (char)b : '?'));
        return (Text(module), Text(name)) switch
        {
            // The second is the module's name since numpy 2.
            ("numpy.core.multiarray" or "numpy._core.multiarray", "_reconstruct") => Known.Reconstruct,
            ("numpy", "ndarray") => Known.ArrayClass,
            ("numpy", "dtype") => Known.TypeClass,
            ("_codecs", "encode") => Known.Encode,
            var (unknown, part) => throw Refused($"it names {unknown}.{part}, which no pickle of CIFAR needs"),
        };
    }

    // What Python would call a function for.
    private object Make(object?[] call) => call switch
    {
        [Known.Reconstruct, object?[] and [Known.ArrayClass, ..]] => new PickledArray(),
        [Known.TypeClass, object?[] and [ReadOnlyMemory<byte> type, ..]] => type.Span.SequenceEqual("u1"u8)
            ? Known.ByteType
            : throw Refused("an array has elements of another type than u1"),
        [Known.Encode, object?[] and [ReadOnlyMemory<byte> text, ReadOnlyMemory<byte> code]]
            when code.Span.SequenceEqual("latin1"u8) => Latin(text.Span),
        _ => throw Refused("a name is used in another way than arrays need"),
    };

    // What a state is given to, and the state.
    private object? Build(object?[] given)
    {
        switch (given)
        {
            // Order of bytes and the like: without meaning for single bytes.
            case [Known.ByteType, object?[]]:
                break;
            case [PickledArray array, object?[] and
                [1L, object?[] { Length: <= MostExtents } extents, Known.ByteType, bool order, ReadOnlyMemory<byte> bytes]]:
                array.Shape = [.. extents.Select(extent => extent is long and >= 0 and <= int.MaxValue
                    ? (int)(long)extent
                    : throw Refused("an extent of an array is no count"))];
                // Kept within the file's length at each factor, so that no product runs over.
                var size = array.Shape.Aggregate(1L, (product, extent) => Math.Min(product * extent, LargestFile + 1));
                if (size != bytes.Length)
                {
                    throw Refused($"an array {string.Join('x', array.Shape)} has {bytes.Length} bytes");
                }

                array.Content = bytes;
                array.FirstIndexFastest = order;
                break;
            default:
                throw Refused("a state is given to what is no array of bytes");
        }

        return given[0];
    }

    // UTF-8 of characters up to 255, to a byte each. What is recoded in all is bounded by the file's length.
    private ReadOnlyMemory<byte> Latin(ReadOnlySpan<byte> text)
    {
        if (text.Length > content.Length - recoded)
        {
            throw Refused("more texts are recoded than the file has");
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
                _ => throw Refused("a text has a character that is no byte"),
            };
        }

        return bytes.AsMemory(0, count);
    }
}
