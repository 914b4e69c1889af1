using System.Buffers.Binary;
using System.Text;

namespace Freeze.Runtime.Data;

/// <summary>
/// Reads Python pickles of protocols 2 to 4, as far as CIFAR's files need them: numbers, texts, lists, tuples, dictionaries and
/// numpy arrays of unsigned bytes. A pickle is a program that may name any Python function; this class knows four names, creates
/// the value of each itself, and never calls anything.
/// </summary>
/// <remarks>
/// The result is null, bool, long, ReadOnlyMemory of bytes (a text of either kind), object[] (a tuple), List, Dictionary by text,
/// or <see cref="PickledArray"/>. Every operation pushes to or pops from one flat stack, so nothing recurses however deeply
/// values nest; texts are slices of the file; and the number of operations limits time, stack and memo together.
/// </remarks>
internal sealed partial class Pickle
{
    // CIFAR-100's training file has 155 MB and some 250,000 operations.
    private const long LargestFile = 1L << 28;
    private const int MostOperations = 1 << 20;
    private const int LongestKey = 64;

    // Marks the beginning of a list of values on the stack.
    private static readonly object Mark = new();

    private readonly string path;
    private readonly ReadOnlyMemory<byte> content;
    private readonly List<object?> stack = [];
    private readonly Dictionary<uint, object?> memo = [];
    private int position;
    private int operation;

    private Pickle(string path, ReadOnlyMemory<byte> content)
    {
        this.path = path;
        this.content = content;
    }

    /// <summary>The value of a pickle.</summary>
    /// <exception cref="DataException">It is truncated, damaged, or uses parts of Python that are not supported.</exception>
    public static object? Read(string path)
    {
        using var file = File.OpenRead(path);
        if (file.Length > LargestFile)
        {
            throw CifarLayout.Damaged(path, $"{file.Length} bytes are more than any file of CIFAR has");
        }

        var content = new byte[file.Length];
        file.ReadExactly(content);
        return Read(path, content);
    }

    /// <summary>The value of a pickle in memory; the path is used in messages.</summary>
    /// <inheritdoc cref="Read(string)"/>
    public static object? Read(string path, ReadOnlyMemory<byte> content) => new Pickle(path, content).Run();

    private object? Run()
    {
        for (var count = 0; count < MostOperations; count++)
        {
            operation = position;
            switch ((char)Byte())
            {
                case '.':
                    return Pop();
                // The version and the length of a frame do not change the meaning of an operation.
                case '\x80':
                    Take(1);
                    break;
                case '\x95':
                    Take(8);
                    break;
                case var code:
                    stack.Add(Value(code));
                    break;
            }
        }

        throw CifarLayout.Damaged(path, $"it has more than {MostOperations} operations");
    }

    // The value that an operation leaves on top: a new one, or the modified one.
    private object? Value(char code) => code switch
    {
        'N' => null,
        '\x88' or '\x89' => code == '\x88',
        'K' => (long)Byte(),
        'M' => (long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2).Span),
        'J' => (long)BinaryPrimitives.ReadInt32LittleEndian(Take(4).Span),
        '\x8a' => Long(Take(Byte()).Span),
        // Texts and bytes whose length has one or four bytes.
        'U' or 'C' or '\x8c' => Take(Byte()),
        'T' or 'X' or 'B' => Take(Word()),
        '}' => new Dictionary<string, object?>(),
        ']' => new List<object?>(),
        '(' => Mark,
        ')' => Array.Empty<object?>(),
        't' => PopToMark(),
        '\x85' or '\x86' or '\x87' => Pop(code - '\x84'),
        'a' => Append(Pop(1)),
        'e' => Append(PopToMark()),
        's' => SetItems(Pop(2)),
        'u' => SetItems(PopToMark()),
        'q' => Remember(Byte()),
        'r' => Remember(Word()),
        '\x94' => Remember((uint)memo.Count),
        'h' => Remembered(Byte()),
        'j' => Remembered(Word()),
        'c' => Name(Line(), Line()),
        '\x93' => Pop(2) is [ReadOnlyMemory<byte> module, ReadOnlyMemory<byte> name]
            ? Name(module, name)
            : throw Refused("a name is not a text"),
        'R' => Make(Pop(2)),
        'b' => Build(Pop(2)),
        _ => throw Refused($"operation 0x{(int)code:x2}{(char.IsAsciiLetterOrDigit(code) ? $" ({code})" : "")} is not one "
            + "that a pickle of CIFAR needs"),
    };

    private List<object?> Append(object?[] items)
    {
        var list = Pop() as List<object?> ?? throw Refused("a value is appended to something that is not a list");
        list.AddRange(items);
        return list;
    }

    private Dictionary<string, object?> SetItems(object?[] items)
    {
        if (Pop() is not Dictionary<string, object?> dictionary || items.Length % 2 != 0)
        {
            throw Refused("keys and values are set in something that is not a dictionary, or not in pairs");
        }

        for (var i = 0; i < items.Length; i += 2)
        {
            dictionary[items[i] is ReadOnlyMemory<byte> { Length: <= LongestKey } key
                ? Encoding.UTF8.GetString(key.Span)
                : throw Refused("a key is not a short text")] = items[i + 1];
        }

        return dictionary;
    }

    private long Long(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 8)
        {
            throw Refused("a number has more than 64 bits");
        }

        // Little-endian two's complement of any length.
        Span<byte> whole = stackalloc byte[8];
        whole.Fill(bytes is [.., >= 0x80] ? (byte)0xFF : (byte)0);
        bytes.CopyTo(whole);
        return BinaryPrimitives.ReadInt64LittleEndian(whole);
    }

    private object? Remember(uint number) => memo[number] = Pop();

    private object? Remembered(uint number) => memo.TryGetValue(number, out var value)
        ? value
        : throw Refused($"it refers to value {number}, which is not there");

    private byte Byte() => Take(1).Span[0];

    private uint Word() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4).Span);

    private ReadOnlyMemory<byte> Line()
    {
        var length = content.Span[position..].IndexOf((byte)'\n');
        var line = length < 0 ? throw Refused("a name has no end") : Take((uint)length);
        Take(1);
        return line;
    }

    private ReadOnlyMemory<byte> Take(uint length)
    {
        if (length > content.Length - position)
        {
            throw Refused($"{length} bytes should follow, and {content.Length - position} do");
        }

        position += (int)length;
        return content.Slice(position - (int)length, (int)length);
    }

    private object? Pop() => Pop(1)[0];

    private object?[] Pop(int count)
    {
        var first = stack.Count - count;
        // Values below the last mark may not be popped.
        if (first < 0 || stack.IndexOf(Mark, first) >= 0)
        {
            throw Refused("it uses a value that does not exist");
        }

        var values = stack.GetRange(first, count).ToArray();
        stack.RemoveRange(first, count);
        return values;
    }

    private object?[] PopToMark()
    {
        var mark = stack.LastIndexOf(Mark);
        if (mark < 0)
        {
            throw Refused("a list of values has no beginning");
        }

        var values = Pop(stack.Count - mark - 1);
        stack.RemoveAt(mark);
        return values;
    }

    private DataException Refused(string reason) => CifarLayout.Damaged(path, $"at byte {operation} {reason}");
}
