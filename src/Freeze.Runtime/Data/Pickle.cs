using System.Buffers.Binary;
using System.Text;

namespace Freeze.Runtime.Data;

/// <summary>
/// Reads Python's pickles, of protocol 2 to 4, so far as CIFAR's files need them: numbers, texts, lists, tuples,
/// dictionaries and numpy arrays of unsigned bytes. A pickle is a program that may name any function of Python; here
/// four names are known, each stands for a value that this class makes itself, and nothing is ever called.
/// </summary>
/// <remarks>
/// What comes out is null, bool, long, ReadOnlyMemory of bytes (a text of either kind), object[] (a tuple), List,
/// Dictionary by text, or <see cref="PickledArray"/>. Every operation pushes or pops what lies on one flat stack, so
/// nothing recurses however deeply values nest; texts are slices of the file; and the number of operations bounds
/// time, stack and memo together.
/// </remarks>
internal sealed partial class Pickle
{
    // CIFAR-100's training file has 155 MB and some 250,000 operations.
    private const long LargestFile = 1L << 28;
    private const int MostOperations = 1 << 20;
    private const int LongestKey = 64;

    private readonly string path;
    private readonly ReadOnlyMemory<byte> content;
    private readonly List<object?> stack = [];
    private readonly Stack<int> marks = [];
    private readonly Dictionary<uint, object?> memo = [];
    private int position;
    private int operation;

    private Pickle(string path, ReadOnlyMemory<byte> content)
    {
        this.path = path;
        this.content = content;
    }

    /// <summary>The value of a pickle.</summary>
    /// <exception cref="DataException">It is cut, damaged, or needs more of Python than is read here.</exception>
    public static object? Read(string path)
    {
        using var file = File.OpenRead(path);
        if (file.Length > LargestFile)
        {
            throw Damaged(path, $"{file.Length} bytes are more than any file of CIFAR has");
        }

        var content = new byte[file.Length];
        file.ReadExactly(content);
        return Read(path, content);
    }

    /// <summary>The value of a pickle in memory; the path is for messages.</summary>
    /// <inheritdoc cref="Read(string)"/>
    public static object? Read(string path, ReadOnlyMemory<byte> content) => new Pickle(path, content).Run();

    /// <summary>That a file is not what it should be.</summary>
    public static DataException Damaged(string path, string reason) =>
        new($"{path} is damaged or another file: {reason}", "unpack it again from its authors' archive");

    private object? Run()
    {
        for (var count = 0; count < MostOperations; count++)
        {
            operation = position;
            var code = (char)Byte();
            if (code == '.')
            {
                return Pop();
            }

            if (!Literal(code) && !Container(code) && !Reference(code))
            {
                throw Refused($"operation 0x{(int)code:x2}{(char.IsAsciiLetterOrDigit(code) ? $" ({code})" : "")} is not one "
                    + "that a pickle of CIFAR needs");
            }
        }

        throw Damaged(path, $"it has more than {MostOperations} operations");
    }

    // Values that stand in the file as they are.
    private bool Literal(char code)
    {
        switch (code)
        {
            case 'N':
                stack.Add(null);
                return true;
            case '\x88' or '\x89':
                stack.Add(code == '\x88');
                return true;
            case 'K':
                stack.Add((long)Byte());
                return true;
            case 'M':
                stack.Add((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2).Span));
                return true;
            case 'J':
                stack.Add((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4).Span));
                return true;
            case '\x8a':
                stack.Add(Long(Take(Byte()).Span));
                return true;
            // Texts and bytes, with one or four bytes of length.
            case 'U' or 'C' or '\x8c':
                stack.Add(Take(Byte()));
                return true;
            case 'T' or 'X' or 'B':
                stack.Add(Take(Word()));
                return true;
            default:
                return false;
        }
    }

    private bool Container(char code)
    {
        switch (code)
        {
            case '}':
                stack.Add(new Dictionary<string, object?>());
                return true;
            case ']':
                stack.Add(new List<object?>());
                return true;
            case '(':
                marks.Push(stack.Count);
                return true;
            case ')':
                stack.Add(Array.Empty<object?>());
                return true;
            case 't':
                stack.Add(PopToMark());
                return true;
            case '\x85' or '\x86' or '\x87':
                stack.Add(Pop(code - '\x84'));
                return true;
            case 'a':
                Append(Pop(1));
                return true;
            case 'e':
                Append(PopToMark());
                return true;
            case 's':
                SetItems(Pop(2));
                return true;
            case 'u':
                SetItems(PopToMark());
                return true;
            default:
                return false;
        }
    }

    // What refers to something else: the memo, names, and what is made of names.
    private bool Reference(char code)
    {
        switch (code)
        {
            // Neither the version nor the length of a frame changes what an operation means.
            case '\x80':
                Take(1);
                return true;
            case '\x95':
                Take(8);
                return true;
            case 'q':
                memo[Byte()] = Top();
                return true;
            case 'r':
                memo[Word()] = Top();
                return true;
            case '\x94':
                memo[(uint)memo.Count] = Top();
                return true;
            case 'h':
                stack.Add(Remembered(Byte()));
                return true;
            case 'j':
                stack.Add(Remembered(Word()));
                return true;
            case 'c':
                stack.Add(Name(Line(), Line()));
                return true;
            case '\x93':
                stack.Add(Pop(2) is [ReadOnlyMemory<byte> module, ReadOnlyMemory<byte> name]
                    ? Name(module, name)
                    : throw Refused("a name is no text"));
                return true;
            case 'R':
                stack.Add(Make(Pop(2)));
                return true;
            case 'b':
                Build(Pop());
                return true;
            default:
                return false;
        }
    }

    private void Append(object?[] items) =>
        (Top() as List<object?> ?? throw Refused("something is appended to what is no list")).AddRange(items);

    private void SetItems(object?[] items)
    {
        if (Top() is not Dictionary<string, object?> dictionary || items.Length % 2 != 0)
        {
            throw Refused("keys and values are set in what is no dictionary, or not in pairs");
        }

        for (var i = 0; i < items.Length; i += 2)
        {
            dictionary[items[i] is ReadOnlyMemory<byte> { Length: <= LongestKey } key
                ? Encoding.UTF8.GetString(key.Span)
                : throw Refused("a key is no short text")] = items[i + 1];
        }
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

    private object? Top() => stack.Count > Floor ? stack[^1] : throw Refused("a value is used that is not there");

    private object? Pop() => Pop(1)[0];

    private object?[] Pop(int count)
    {
        if (stack.Count - count < Floor)
        {
            throw Refused("a value is used that is not there");
        }

        var values = stack.GetRange(stack.Count - count, count).ToArray();
        stack.RemoveRange(stack.Count - count, count);
        return values;
    }

    private object?[] PopToMark()
    {
        if (marks.Count == 0)
        {
            throw Refused("a list of values has no beginning");
        }

        var values = Pop(stack.Count - marks.Peek());
        marks.Pop();
        return values;
    }

    // Below the last mark nothing is taken.
    private int Floor => marks.TryPeek(out var mark) ? mark : 0;

    private DataException Refused(string reason) => Damaged(path, $"at byte {operation} {reason}");
}
