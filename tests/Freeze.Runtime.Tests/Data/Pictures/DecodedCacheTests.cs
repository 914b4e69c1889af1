using Freeze.Runtime.Data;
using Freeze.Runtime.Data.Pictures;
using Xunit;

namespace Freeze.Runtime.Tests.Data.Pictures;

public sealed class DecodedCacheTests : IDisposable
{
    private readonly Folder folder = new();
    private readonly Folder cache = new();
    private readonly List<string> notes = [];
    private readonly ImageListing listing;

    public DecodedCacheTests()
    {
        Fixtures.Fill(folder);
        listing = ImageFolder.List(folder.Path);
    }

    public void Dispose()
    {
        folder.Dispose();
        cache.Dispose();
    }

    [Fact]
    public void WhatIsKeptIsWhatDecodingGives()
    {
        var (training, test) = Read();

        Assert.Equal(Decoded(listing.Training), training);
        Assert.Equal(Decoded(listing.Test), test);
        Assert.Equal("decoding the 5 images of pets, once", Assert.Single(notes));
    }

    [Fact]
    public void PicturesAreDecodedOnce()
    {
        var first = Read();
        var digest = ContentDigest.Of(listing);
        File.Delete(folder.File("train/cat/a.png"));

        Assert.Equivalent(first, Read(digest: digest), strict: true);
        Assert.Single(notes);
    }

    [Fact]
    public void PicturesOfTheSameNamesAndLengthsAreKeptForThemselves()
    {
        var first = Read();
        Fixtures.Repaint(folder.File("train/cat/inner/B.JPG"));

        var (training, _) = Read();

        Assert.Equal(listing.Training, ImageFolder.List(folder.Path).Training);
        Assert.NotEqual(first.Training[1], training[1]);
        Assert.Equal(2, Directory.GetFiles(cache.Path, "pets-*.images").Length);
    }

    [Fact]
    public void EachSizeAndEachListingIsKeptForItself()
    {
        Read();
        Read(size: 9);
        folder.Write("train/dog/f.png", Fixtures.Bytes("grey.png"));
        Read(listed: ImageFolder.List(folder.Path));

        Assert.Equal(3, Directory.GetFiles(cache.Path, "pets-*.images").Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(40)]
    [InlineData(70)]
    [InlineData(DecodedFile.HeaderBytes)]
    [InlineData(DecodedFile.HeaderBytes + 10)]
    [InlineData(2000)]
    public void AChangedByteIsFoundAndTheFileIsMadeAgain(int place)
    {
        var first = Read();
        var path = Kept();
        var content = File.ReadAllBytes(path);
        content[place] ^= 1;
        File.WriteAllBytes(path, content);

        Assert.Equivalent(first, Read(), strict: true);
        Assert.Contains("is damaged (its checksum is wrong): it is made again", notes[1], StringComparison.Ordinal);
        Assert.Equivalent(first, Read(), strict: true);
        Assert.Equal(3, notes.Count);
    }

    [Fact]
    public void ATruncatedFileIsMadeAgain()
    {
        var first = Read();
        using (var file = File.OpenWrite(Kept()))
        {
            file.SetLength(file.Length - 1);
        }

        Assert.Equivalent(first, Read(), strict: true);
        Assert.Contains("bytes expected", notes[1], StringComparison.Ordinal);
    }

    [Fact]
    public void OfSeveralAtOnceOneDecodesAndTheOthersWait()
    {
        var decoding = 0;
        var digest = ContentDigest.Of(listing);
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, _ =>
        {
            var (training, test) = new DecodedCache(cache.Path, note =>
            {
                if (note.StartsWith("decoding", StringComparison.Ordinal))
                {
                    Interlocked.Increment(ref decoding);
                }
            }).Read("pets", listing, digest, Fixtures.Square(12));
            using var one = training.Pixels;
            using var other = test.Pixels;
            Assert.Equal(Decoded(listing.Training), Fixtures.All(one));
        });

        Assert.Equal(1, decoding);
    }

    [Fact]
    public void APictureThatMayNotBeScaledMustHaveTheSize()
    {
        var error = Assert.Throws<DataException>(() =>
            new DecodedCache(cache.Path, _ => { }).Read("pets", listing, ContentDigest.Of(listing), new Square(12, MayScale: false)));

        Assert.Contains("37 x 29 pixels, but this set's images have 12 x 12", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MappedPixelsCanBeReadNeitherOutsideNorAfterTheirEnd()
    {
        var (training, test) = new DecodedCache(cache.Path, _ => { }).Read("pets", listing, ContentDigest.Of(listing), Fixtures.Square(12));
        test.Pixels.Dispose();
        test.Pixels.Dispose();

        Assert.Throws<ObjectDisposedException>(() => test.Pixels.Of(0).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => training.Pixels.Of(3).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => training.Pixels.Of(-1).Length);
        training.Pixels.Dispose();
    }

    private static byte[][] Decoded(IReadOnlyList<ImageFile> files, string root, int size) =>
        [.. files.Select(file => Fixtures.Square(size).Read(Path.Combine(root, file.Path)))];

    private byte[][] Decoded(IReadOnlyList<ImageFile> files) => Decoded(files, folder.Path, 12);

    private string Kept() => Assert.Single(Directory.GetFiles(cache.Path, "pets-*.images"));

    private (byte[][] Training, byte[][] Test) Read(
        int size = 12, ImageListing? listed = null, string? digest = null)
    {
        var (training, test) = new DecodedCache(cache.Path, notes.Add)
            .Read("pets", listed ?? listing, digest ?? ContentDigest.Of(listed ?? listing), Fixtures.Square(size));
        using var one = training.Pixels;
        using var other = test.Pixels;
        Assert.Equal((listed ?? listing).Training.Select(file => (ushort)file.Label), training.Labels);
        return (Fixtures.All(one), Fixtures.All(other));
    }
}
