using System.Diagnostics;
using Google.Protobuf;

namespace Freeze.Report;

/// <summary>Writes messages of protocol buffers, field by field.</summary>
internal static class ProtocolBuffer
{
    /// <summary>A message, from the numbers and values of its fields.</summary>
    public static ByteString Message(params ReadOnlySpan<(int Field, object Value)> fields)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
        {
            foreach (var (field, value) in fields)
            {
                Write(output, field, value);
            }
        }

        return ByteString.CopyFrom(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    private static void Write(CodedOutputStream output, int field, object value)
    {
        (WireFormat.WireType Type, Action Write) found = value switch
        {
            long whole => (WireFormat.WireType.Varint, () => output.WriteInt64(whole)),
            double number => (WireFormat.WireType.Fixed64, () => output.WriteDouble(number)),
            float single => (WireFormat.WireType.Fixed32, () => output.WriteFloat(single)),
            string text => (WireFormat.WireType.LengthDelimited, () => output.WriteString(text)),
            ByteString message => (WireFormat.WireType.LengthDelimited, () => output.WriteBytes(message)),
            double[] packed => (WireFormat.WireType.LengthDelimited, () => WritePacked(output, packed)),
            _ => throw new UnreachableException($"no field of {value}"),
        };
        output.WriteTag(field, found.Type);
        found.Write();
    }

    private static void WritePacked(CodedOutputStream output, double[] values)
    {
        output.WriteLength(values.Length * sizeof(double));
        Array.ForEach(values, output.WriteDouble);
    }
}
