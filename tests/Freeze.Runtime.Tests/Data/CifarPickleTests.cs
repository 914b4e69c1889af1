using Freeze.Runtime.Data;
using Xunit;

namespace Freeze.Runtime.Tests.Data;

/// <summary>The fixtures are two images as scripts/fixtures/cifar_pickles.py says them; here they are said again.</summary>
public sealed class CifarPickleTests : IDisposable
{
    private readonly Folder folder = new();

    public static TheoryData<string> Hundreds =>
    [
        "cifar100-python2", "cifar100-protocol2", "cifar100-protocol3", "cifar100-protocol4", "cifar100-keys-of-bytes",
        "cifar100-columns-first",
    ];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Hundreds))]
    public void EveryPythonsPickleIsReadLikeTheBinaryLayout(string fixture)
    {
        var binary = folder.Write("train.bin", [11, 19, .. Image(0), 3, 99, .. Image(1)]);
        foreach (var labels in new[] { CifarLabels.Fine, CifarLabels.Coarse })
        {
            var format = new CifarFormat(2, labels);
            var expected = CifarFile.Read([binary], format);

            var read = CifarPickle.Read([Fixture(fixture)], format);

            Assert.Equal(Pixels(expected), Pixels(read));
            Assert.Equal(expected.Labels, read.Labels);
            var set = DataSets.tryFind("cifar100").Value;
            Assert.Equal(ContentDigest.Of(set, expected, expected), ContentDigest.Of(set, read, read));
        }
    }

    [Fact]
    public void FilesOfCifar10FollowOneAnother()
    {
        var format = new CifarFormat(2, CifarLabels.Ten);
        var binary = folder.Write("data_batch_1.bin", [6, .. Image(0), 9, .. Image(1)]);
        var python = Fixture("cifar10-python2");
        var expected = CifarFile.Read([binary, binary], format);

        var read = CifarPickle.Read([python, python], format);

        Assert.Equal(Pixels(expected), Pixels(read));
        Assert.Equal(expected.Labels, read.Labels);
    }

    [Fact]
    public void AnotherCountIsRefused() =>
        Refused(Fixture("cifar10-python2"), new CifarFormat(3, CifarLabels.Ten), "3 images expected, 2 found");

    [Fact]
    public void AnotherSetIsRefused() => Refused(
        Fixture("cifar10-python2"), new CifarFormat(2, CifarLabels.Fine), "no list `fine_labels` of 2 labels");

    [Fact]
    public void ALabelBeyondTheClassesIsRefused() => Refused(
        Fixture("cifar10-python2"), new CifarFormat(2, CifarLabels.Ten with { Classes = 9 }), "image 1 has no label below 9");

    [Fact]
    public void AValueThatIsNoDictionaryIsRefused() => Refused(
        folder.Write("test", "K\x01."u8.ToArray()), new CifarFormat(2, CifarLabels.Ten), "it holds no dictionary");

    [Fact]
    public void ADictionaryWithoutImagesIsRefused() => Refused(
        folder.Write("test", "}."u8.ToArray()), new CifarFormat(2, CifarLabels.Ten), "no array `data`");

    internal static string Fixture(string name) =>
        Path.Combine(AppContext.BaseDirectory, "fixtures", name + ".pickle");

    private static IEnumerable<byte> Image(int image) =>
        Enumerable.Range(0, CifarFile.ImageBytes).Select(place => (byte)(((7 * place) + (131 * image)) % 251));

    private static void Refused(string path, CifarFormat format, string reason)
    {
        var error = Assert.Throws<DataException>(() => CifarPickle.Read([path], format));
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    private static byte[] Pixels(RawImages images) =>
        [.. Enumerable.Range(0, (int)images.Pixels.Count).SelectMany(i => images.Pixels.Of(i).ToArray())];
}
