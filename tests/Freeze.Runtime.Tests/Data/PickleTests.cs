using System.Text;
using Freeze.Runtime.Data;
using Xunit;

namespace Freeze.Runtime.Tests.Data;

/// <summary>Pickles are written here operation by operation, a character of Latin-1 for each byte.</summary>
public sealed class PickleTests
{
    [Theory]
    [InlineData("N.", null)]
    [InlineData("\u0088.", true)]
    [InlineData("\u0089.", false)]
    [InlineData("K\u00ff.", 255L)]
    [InlineData("M\u0000\u0001.", 256L)]
    [InlineData("J\u00fe\u00ff\u00ff\u00ff.", -2L)]
    [InlineData("\u008a\u0000.", 0L)]
    [InlineData("\u008a\u0001\u00fe.", -2L)]
    [InlineData("\u008a\u0002\u00ff\u0000.", 255L)]
    public void NumbersAreReadInEveryWidth(string pickle, object? expected) => Assert.Equal(expected, Read(pickle));

    [Theory]
    [InlineData("U\u0002ab.")]
    [InlineData("T\u0002\0\0\0ab.")]
    [InlineData("X\u0002\0\0\0ab.")]
    [InlineData("C\u0002ab.")]
    [InlineData("B\u0002\0\0\0ab.")]
    [InlineData("\u008c\u0002ab.")]
    public void TextsAndBytesAreTheSame(string pickle) =>
        Assert.Equal("ab"u8.ToArray(), Assert.IsType<ReadOnlyMemory<byte>>(Read(pickle)).ToArray());

    [Fact]
    public void WhatIsRememberedIsTheSameValue()
    {
        var tuple = Assert.IsType<object?[]>(Read("]q\u0001h\u0001\u0086."));

        Assert.Same(tuple[0], tuple[1]);
    }

    [Fact]
    public void AListMayHoldItself()
    {
        var list = Assert.IsType<List<object?>>(Read("]q\u0001h\u0001a."));

        Assert.Same(list, list[0]);
    }

    [Theory]
    [InlineData("cos\nsystem\nU\u0004true\u0085R.", "it names os.system")]
    [InlineData("c__builtin__\neval\n.", "it names __builtin__.eval")]
    [InlineData("\u008c\u0008builtins\u008c\u0004exec\u0093.", "it names builtins.exec")]
    [InlineData("cnumpy\nload\n.", "it names numpy.load")]
    [InlineData("c\u001b[2J\nx\n.", "it names ?[2J.x")]
    public void OnlyTheNamesOfArraysAreKnown(string pickle, string reason) => Refused(pickle, reason);

    [Theory]
    [InlineData("(S'x'\nios\nsystem\n.", "operation 0x53 (S)")]
    [InlineData("}(ios\nsystem\n.", "operation 0x69 (i)")]
    [InlineData("(oos\n.", "operation 0x6f (o)")]
    [InlineData("}\u0081.", "operation 0x81 ")]
    [InlineData("\u0082\u0001.", "operation 0x82 ")]
    [InlineData("G\0\0\0\0\0\0\0\0.", "operation 0x47 (G)")]
    public void AnyOtherOperationIsRefused(string pickle, string reason) => Refused(pickle, reason);

    [Theory]
    [InlineData("cnumpy\nndarray\n)R.", "used in a way that arrays do not need")]
    [InlineData("cnumpy.core.multiarray\n_reconstruct\n)R.", "used in a way that arrays do not need")]
    [InlineData("K\u0001)R.", "used in a way that arrays do not need")]
    [InlineData("cnumpy\ndtype\nU\u0002f4\u0085R.", "a type other than u1")]
    [InlineData("}K\u0001K\u0001sK.", "a key is not a short text")]
    [InlineData("}}b.", "a state is set on something")]
    [InlineData("K\u0001K\u0001a.", "not a list")]
    public void NothingIsMadeButArraysOfBytes(string pickle, string reason) => Refused(pickle, reason);

    [Theory]
    [InlineData("", "1 bytes should follow, and 0 do")]
    [InlineData(".", "it uses a value that does not exist")]
    [InlineData("]K\u0001", "1 bytes should follow")]
    [InlineData("(.", "it uses a value that does not exist")]
    [InlineData("K\u0001(\u0085.", "it uses a value that does not exist")]
    [InlineData("t.", "has no beginning")]
    [InlineData("h\u0007.", "refers to value 7")]
    [InlineData("cnumpy", "a name has no end")]
    [InlineData("T\u00ff\u00ff\u00ff\u00ffab.", "4294967295 bytes should follow, and 3 do")]
    [InlineData("\u008a\u0009\0\0\0\0\0\0\0\0\0.", "more than 64 bits")]
    public void ADamagedPickleIsRefusedWithItsPlace(string pickle, string reason) => Refused(pickle, reason);

    [Fact]
    public void AnArrayWhoseExtentsRunOverIsRefused()
    {
        var most = "J\u00ff\u00ff\u00ff\u007f";
        Refused(Array($"({most}{most}{most}{most}t", "U\0"), "has 0 bytes");
        Refused(Array("K\u0002\u0085", "U\u0001x"), "an array 2 has 1 bytes");
        Refused(Array($"({new string('N', 9)}t", "U\u0001x"), "a state is set on something");
        Refused(Array("J\u00ff\u00ff\u00ff\u00ff\u0085", "U\u0001x"), "not a count");
    }

    [Fact]
    public void EndlessOperationsEnd() => Refused(new string('N', 2_000_000) + ".", "more than 1048576 operations");

    [Fact]
    public void NestingNeedsNoStack() =>
        Assert.IsType<object?[]>(Read(")" + new string('\u0085', 1_000_000) + "."));

    [Fact]
    public void TextsAreNotRecodedWithoutEnd()
    {
        var text = new string('x', 200);
        var again = string.Concat(Enumerable.Repeat("h\u0001h\u0002Ra", 100));
        var pickle = $"c_codecs\nencode\nq\u0001X\u00c8\0\0\0{text}X\u0006\0\0\0latin1\u0086q\u0002]{again}.";

        Refused(pickle, "it converts more text than the file has");
    }

    [Theory]
    [InlineData("cifar100-python2")]
    [InlineData("cifar100-protocol2")]
    [InlineData("cifar100-protocol4")]
    public void AMutatedPickleIsReadOrRefusedAndNothingElse(string fixture)
    {
        var original = File.ReadAllBytes(CifarPickleTests.Fixture(fixture));
        // The structure is before and behind the pixels: a change within them is a change of pixels.
        var places = Enumerable.Range(0, original.Length).Where(i => i < 300 || i > original.Length - 200).ToArray();
        var key = RandomStream.Key(1, $"mutations of {fixture}");
        var (read, refused) = (0, 0);
        for (var trial = 0; trial < 20_000; trial++)
        {
            var bytes = original.ToArray();
            var bits = RandomStream.Bits(key, trial);
            for (var change = 0UL; change <= bits % 3; change++)
            {
                var more = RandomStream.Bits(key + 1, (trial * 3) + (long)change);
                bytes[places[(int)(more % (ulong)places.Length)]] = (byte)(more >> 32);
            }

            // Now and then the end is cut off too.
            var length = (bits >> 8 & 7) == 0 ? (int)((bits >> 16) % (ulong)bytes.Length) : bytes.Length;
            try
            {
                Pickle.Read("mutated", bytes.AsMemory(0, length));
                read++;
            }
            catch (DataException)
            {
                refused++;
            }
        }

        // Both happen often, so that the test sees both.
        Assert.InRange(read, 1_000, 19_000);
        Assert.InRange(refused, 1_000, 19_000);
    }

    private static string Array(string shape, string content) =>
        "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\u0085U\u0001b\u0087R"
        + $"(K\u0001{shape}cnumpy\ndtype\nU\u0002u1\u0085R\u0089{content}tb.";

    private static object? Read(string pickle) => Pickle.Read("a pickle", Encoding.Latin1.GetBytes(pickle));

    private static void Refused(string pickle, string reason)
    {
        var error = Assert.Throws<DataException>(() => Read(pickle));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }
}
