using System.Text;
using Freeze.Runtime.Results;
using Xunit;
using static TorchSharp.torch;

namespace Freeze.Runtime.Tests.Results;

public sealed class SafetensorsTests : IDisposable
{
    private readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void WhatIsWrittenIsRead()
    {
        using var scope = NewDisposeScope();
        var path = folder.File("x.safetensors");
        using (var file = File.Create(path))
        {
            Safetensors.Write(file, [("a.weight", tensor([1, float.NaN, -0f, 4, 5, 6], [2, 3])), ("b", tensor([7f], [1]))]);
        }

        var read = Safetensors.Read(path);

        Assert.Equal(["a.weight", "b"], read.Keys.Order());
        Assert.Equal([2, 3], read["a.weight"].Shape);
        Assert.Equal(
            Array.ConvertAll<float, int>([1, float.NaN, -0f, 4, 5, 6], BitConverter.SingleToInt32Bits),
            Array.ConvertAll(read["a.weight"].ToSingles(), BitConverter.SingleToInt32Bits));
        Assert.Equal([7f], read["b"].ToSingles());
    }

    [Fact]
    public void DoublesStayDoubles()
    {
        using var scope = NewDisposeScope();
        var path = folder.File("x.safetensors");
        using (var file = File.Create(path))
        {
            Safetensors.Write(file, [("a", tensor([0.1, double.NegativeZero], [2])), ("b", tensor([7f], [1]))]);
        }

        var read = Safetensors.Read(path);

        Assert.Equal("F64", read["a"].Type);
        Assert.Equal([.. BitConverter.GetBytes(0.1), .. BitConverter.GetBytes(double.NegativeZero)], read["a"].Bytes);
        Assert.Equal([0.1f, -0f], read["a"].ToSingles());
        Assert.Equal("F32", read["b"].Type);
    }

    [Fact]
    public void HalvesAreReadAsSinglesAndWholeNumbersPassedOver()
    {
        using var scope = NewDisposeScope();
        var header = """{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[1],"data_offsets":[4,6]},"n":{"dtype":"I64","shape":[],"data_offsets":[6,14]}}""";
        var text = Encoding.UTF8.GetBytes(header);
        var path = folder.Write(
            "x", [.. BitConverter.GetBytes((long)text.Length), .. text, 0x00, 0x3c, 0x01, 0x80, 0xc0, 0xbf, .. new byte[8]]);

        var read = Safetensors.Read(path);

        Assert.Equal(["a", "b"], read.Keys.Order());
        // 0x8001 is the number next to 0 below.
        Assert.Equal([1f, -5.9604645e-8f], read["a"].ToSingles());
        Assert.Equal([-1.5f], read["b"].ToTensor().data<float>().ToArray());
    }

    [Fact]
    public void TheLayoutIsThePublishedOne()
    {
        using var scope = NewDisposeScope();
        using var buffer = new MemoryStream();
        Safetensors.Write(buffer, [("b", tensor([1f], [1]))]);
        var content = buffer.ToArray();

        var length = (int)BitConverter.ToInt64(content);
        Assert.Equal(0, length % 8);
        Assert.Equal(
            """{"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""",
            Encoding.UTF8.GetString(content, 8, length).TrimEnd(' '));
        Assert.Equal([0, 0, 0x80, 0x3f], content[(8 + length)..]);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", true)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", true)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", false)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", false)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", false)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}""", false)]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}""", false)]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", false)]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", false)]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387906,2],"data_offsets":[0,8]}}""", false)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", false)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,16]}}""", false)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", false)]
    [InlineData("""{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,8]}}""", false)]
    [InlineData("""{"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}""", false)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}""", false)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2]}}""", false)]
    [InlineData("""{"a":3}""", false)]
    [InlineData("""{"a":null}""", false)]
    [InlineData("[]", false)]
    [InlineData("3 ", false)]
    [InlineData("{}", false)]
    [InlineData("{", false)]
    public void AHeaderIsBelievedOnlyWhereItFitsTheEightBytesThatFollow(string header, bool sound)
    {
        var text = Encoding.UTF8.GetBytes(header);
        var path = folder.Write("x", [.. BitConverter.GetBytes((long)text.Length), .. text, .. new byte[8]]);

        if (sound)
        {
            Assert.Equal(2, Safetensors.Read(path).Values.Sum(tensor => tensor.ToSingles().Length));
        }
        else
        {
            Assert.Throws<InvalidDataException>(() => Safetensors.Read(path));
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1_000)]
    [InlineData(long.MaxValue)]
    public void AHeadersLengthMustLieInTheFile(long length)
    {
        var path = folder.Write("x", [.. BitConverter.GetBytes(length), .. "{}"u8, .. new byte[8]]);

        Assert.Throws<InvalidDataException>(() => Safetensors.Read(path));
    }

    [Fact]
    public void AnEmptyFileIsRefused() =>
        Assert.Throws<InvalidDataException>(() => Safetensors.Read(folder.Write("x", [])));
}
