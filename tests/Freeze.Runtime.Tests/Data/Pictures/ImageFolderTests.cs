using Freeze.Runtime.Data;
using Freeze.Runtime.Data.Pictures;
using Xunit;

namespace Freeze.Runtime.Tests.Data.Pictures;

public sealed class ImageFolderTests : IDisposable
{
    private readonly Folder folder = new();
    private readonly Folder cache = new();
    private readonly List<string> notes = [];

    public ImageFolderTests() => Fixtures.Fill(folder);

    public void Dispose()
    {
        folder.Dispose();
        cache.Dispose();
    }

    [Fact]
    public void ClassesAndFilesComeInOrdinalOrder()
    {
        folder.Write("train/Zebra/z.png", Fixtures.Bytes("rgb.png"));
        folder.Write("train/cat/Z.png", Fixtures.Bytes("rgb.png"));
        var listing = ImageFolder.List(folder.Path);

        Assert.Equal(["Zebra", "cat", "dog"], listing.Classes);
        Assert.Equal(
            ["train/Zebra/z.png", "train/cat/Z.png", "train/cat/a.png", "train/cat/inner/B.JPG", "train/dog/c.jpeg"],
            listing.Training.Select(file => file.Path));
        Assert.Equal([0, 1, 1, 1, 2], listing.Training.Select(file => file.Label));
        Assert.Equal([1, 2], listing.Test.Select(file => file.Label));
        Assert.Equal(Fixtures.Bytes("grey.jpg").Length, listing.Training[^1].Length);
    }

    [Fact]
    public void ValIsReadWhereThereIsNoTest()
    {
        Directory.Move(folder.File("test"), folder.File("val"));

        Assert.Equal(["val/cat/d.PNG", "val/dog/e.jpg"], ImageFolder.List(folder.Path).Test.Select(file => file.Path));
    }

    [Fact]
    public void TheDigestIsThatOfPathsAndFilesWhereverTheFolderIs()
    {
        using var other = new Folder();
        Fixtures.Fill(other);
        var digest = Digest(folder.Path);

        Assert.Equal(digest, Digest(other.Path));
        Fixtures.Repaint(other.File("train/cat/inner/B.JPG"));
        Assert.Equal(ImageFolder.List(folder.Path).Training, ImageFolder.List(other.Path).Training);
        Assert.NotEqual(digest, Digest(other.Path));
        File.Move(folder.File("train/cat/a.png"), folder.File("train/cat/b.png"));
        Assert.NotEqual(digest, Digest(folder.Path));
    }

    [Fact]
    public void FilesAreReadOnceAsLongAsTheyStayAsTheyAre()
    {
        var digest = Digest(folder.Path);
        Assert.Contains("reading 5 files", Assert.Single(notes), StringComparison.Ordinal);

        // What is kept is what a second look gives: no picture is read again.
        var kept = Assert.Single(Directory.GetFiles(cache.File("digests")));
        File.WriteAllText(kept, File.ReadAllText(kept).Replace(digest, new string('0', 64), StringComparison.Ordinal));
        Assert.Equal(new string('0', 64), Digest(folder.Path));

        // The same length, and the time that it had before.
        var path = folder.File("train/cat/inner/B.JPG");
        var written = File.GetLastWriteTimeUtc(path);
        Fixtures.Repaint(path);
        File.SetLastWriteTimeUtc(path, written);
        Assert.DoesNotContain(Digest(folder.Path), new[] { digest, new string('0', 64) });
        Assert.Equal(2, notes.Count);
    }

    [Fact]
    public void OtherImagesThanThoseOfThePlanAreRefused()
    {
        var planned = DataSource.NewFolder(folder.Path, Digest(folder.Path), 16, 2, 3, 2);
        var catalog = new DataCatalog(null, cache.Path);
        catalog.Load(planned, _ => { }).Dispose();
        Fixtures.Repaint(folder.File("train/cat/inner/B.JPG"));

        var error = Assert.Throws<DataException>(() => catalog.Load(planned, _ => { }));

        Assert.Contains("holds other images than the run was planned with", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsHiddenOrNoPictureIsPassedOver()
    {
        var digest = Digest(folder.Path);
        folder.Write("train/cat/.hidden.png", [1]);
        folder.Write("train/.thumbnails/x.png", [1]);
        folder.Write("train/cat/notes.txt", [1]);

        Assert.Equal(digest, Digest(folder.Path));
    }

    [Fact]
    public void AFolderIsReadAsASetOfSquares()
    {
        using var set = new DataCatalog(null, cache.Path).LoadFolder(folder.Path, 16, _ => { });

        Assert.Equal([3, 16, 16], set.Set.Image);
        Assert.Equal((2, 3, 2), (set.Set.Classes, set.Training.Count, set.Test.Count));
        Assert.Equal([0, 0, 1], set.Training.Labels);
        Assert.Equal(
            Resizer.ToSquare(PictureFile.Read(folder.File("test/dog/e.jpg")), 16), set.Test.Images.Of(1).ToArray());
    }

    [Fact]
    public void AFolderWithoutTrainIsRefused()
    {
        Directory.Move(folder.File("train"), folder.File("training"));
        Refused("no folder train");
    }

    [Fact]
    public void AFolderWithoutTestAndValIsRefused()
    {
        Directory.Move(folder.File("test"), folder.File("rest"));
        Refused("no folder val");
    }

    [Fact]
    public void AClassWithoutPicturesIsRefused()
    {
        Directory.CreateDirectory(folder.File("train/empty"));
        Refused("train/empty holds no picture");
    }

    [Fact]
    public void AClassThatIsOnlyTestedIsRefused()
    {
        folder.Write("test/horse/h.png", Fixtures.Bytes("rgb.png"));
        Refused("test/horse is a class that is missing in train");
    }

    [Fact]
    public void APictureOutsideTheClassesIsRefused()
    {
        folder.Write("train/loose.png", Fixtures.Bytes("rgb.png"));
        Refused("train/loose.png is not in the folder of a class");
    }

    [Fact]
    public void AnEmptyPictureIsRefused()
    {
        folder.Write("train/dog/empty.png", []);
        Refused("train/dog/empty.png is empty");
    }

    [Fact]
    public void LinksAreFollowedWhereTheyStayInTheFolder()
    {
        folder.Write("pool/x/one.png", Fixtures.Bytes("rgb.png"));
        folder.Write("pool/two.png", Fixtures.Bytes("grey.png"));
        Directory.CreateSymbolicLink(folder.File("train/dog/linked"), folder.File("pool/x"));
        File.CreateSymbolicLink(folder.File("train/dog/two.png"), Path.Combine("..", "..", "pool", "two.png"));

        var training = ImageFolder.List(folder.File("")).Training;

        Assert.Contains(training, image => image.Path == "train/dog/linked/one.png" && image.Length == Fixtures.Bytes("rgb.png").Length);
        Assert.Contains(training, image => image.Path == "train/dog/two.png" && image.Length == Fixtures.Bytes("grey.png").Length);
    }

    [Fact]
    public void ALinkInACircleIsRefused()
    {
        Directory.CreateSymbolicLink(folder.File("train/cat/again"), folder.File("train/cat"));
        Refused("train/cat/again is a link to a folder that contains it");
    }

    [Fact]
    public void ALinkOutOfTheFolderIsRefused()
    {
        File.CreateSymbolicLink(folder.File("train/cat/link.png"), Fixtures.Picture("rgb.png"));
        Refused("train/cat/link.png is a link that leads out of the folder");
    }

    [Fact]
    public void ALinkThroughALinkOutOfTheFolderIsRefused()
    {
        Directory.CreateSymbolicLink(folder.File("away"), Fixtures.Root);
        File.CreateSymbolicLink(folder.File("train/cat/link.png"), folder.File("away/images/rgb.png"));
        Refused("train/cat/link.png is a link that leads out of the folder");
    }

    [Fact]
    public void ALinkToNothingIsRefused()
    {
        File.CreateSymbolicLink(folder.File("train/cat/link.png"), folder.File("nowhere.png"));
        Refused("train/cat/link.png is a link to nothing");
    }

    [Fact]
    public void FilesThatAreNoPicturesAreCounted()
    {
        folder.Write("train/cat/notes.txt", [1]);
        folder.Write("test/dog/Thumbs.db", [1]);
        folder.Write("test/dog/.hidden", [1]);
        Assert.Equal(2, ImageFolder.List(folder.File("")).Ignored);
    }

    [Fact]
    public void FoldersMayNotLieWithoutEnd()
    {
        folder.Write($"train/cat/{string.Concat(Enumerable.Repeat("d/", 33))}x.png", Fixtures.Bytes("rgb.png"));
        Refused("deeper than 32 folders");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1025)]
    public void ASizeBeyondBoundsIsRefused(int size) =>
        Assert.Throws<DataException>(() => new DataCatalog(null, cache.Path).LoadFolder(folder.Path, size, _ => { }));

    [Fact]
    public void ADamagedPictureIsNamedAndTheFirstOfThem()
    {
        folder.Write("train/cat/a.png", Fixtures.Bytes("rgb.png")[..^20]);
        folder.Write("test/dog/e.jpg", [1, 2, 3]);
        var error = Assert.Throws<DataException>(
            () => new DataCatalog(null, cache.Path).LoadFolder(folder.Path, 16, _ => { }));

        Assert.Contains("train/cat/a.png", error.Message, StringComparison.Ordinal);
        Assert.All(
            Directory.GetFiles(cache.File("decoded")), path => Assert.EndsWith(".lock", path, StringComparison.Ordinal));
    }

    private void Refused(string reason)
    {
        var error = Assert.Throws<DataException>(() => ImageFolder.List(folder.Path));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    private string Digest(string path) => new DataCatalog(null, cache.Path).Identify(ImageFolder.List(path), notes.Add);
}
