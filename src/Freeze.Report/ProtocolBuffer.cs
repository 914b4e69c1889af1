using System.Buffers.Binary;
using System.Text;

namespace Freeze.Report;

/// <summary>A message in the encoding of protocol buffers (protobuf.dev), field after field.</summary>
internal sealed class ProtocolBuffer
{
    private const int Varint = 0;
    private const int Eight = 1;
    private const int Length = 2;
    private const int Four = 5;

    private readonly List<byte> bytes = [];

    public ProtocolBuffer Whole(int field, long value)
    {
        Key(field, Varint);
        Write((ulong)value);
        return this;
    }

    public ProtocolBuffer Number(int field, double value)
    {
        Key(field, Eight);
        return Raw(value);
    }

    public ProtocolBuffer Single(int field, float value)
    {
        Key(field, Four);
        Span<byte> buffer = stackalloc byte[4];
        BinaryPrimitives.WriteSingleLittleEndian(buffer, value);
        bytes.AddRange(buffer);
        return this;
    }

    public ProtocolBuffer Numbers(int field, double[] values)
    {
        Key(field, Length);
        Write((ulong)(values.Length * sizeof(double)));
        foreach (var value in values)
        {
            Raw(value);
        }

        return this;
    }

    public ProtocolBuffer Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    public ProtocolBuffer Message(int field, Action<ProtocolBuffer> content)
    {
        var inner = new ProtocolBuffer();
        content(inner);
        return Bytes(field, inner.ToArray());
    }

    public byte[] ToArray() => [.. bytes];

    private ProtocolBuffer Bytes(int field, byte[] value)
    {
        Key(field, Length);
        Write((ulong)value.Length);
        bytes.AddRange(value);
        return this;
    }

    private ProtocolBuffer Raw(double value)
    {
        Span<byte> buffer = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(buffer, value);
        bytes.AddRange(buffer);
        return this;
    }

    private void Key(int field, int type) => Write((ulong)((field << 3) | type));

    // Seven bits a byte, the least first; the eighth says that more follow.
    private void Write(ulong value)
    {
        while (value >= 0x80)
        {
            bytes.Add((byte)(value | 0x80));
            value >>= 7;
        }

        bytes.Add((byte)value);
    }
}
