using Freeze.Runtime.Data;
using Freeze.Runtime.Data.Pictures;
using Xunit;

namespace Freeze.Runtime.Tests.Data.Pictures;

public sealed class TinyImageNetTests : IDisposable
{
    // Two classes, two training images each, and three to test on.
    private static readonly DataSet Set = new("tiny", [3, 64, 64], 2, 4, 3, "", "for tests");

    private readonly Folder folder = new();

    public TinyImageNetTests()
    {
        foreach (var name in new[] { "n00000002", "n00000001" })
        {
            folder.Write($"train/{name}/images/{name}_10.JPEG", [1]);
            folder.Write($"train/{name}/images/{name}_2.JPEG", [1]);
            folder.Write($"train/{name}/{name}_boxes.txt", [1]);
        }

        foreach (var i in new[] { 0, 1, 2 })
        {
            folder.Write($"val/images/val_{i}.JPEG", [1]);
        }

        Text("wnids.txt", "n00000002\nn00000001\n");
        Annotate(
            "val_2.JPEG\tn00000001\t0\t0\t1\t1",
            "val_0.JPEG\tn00000002\t0\t0\t1\t1",
            "val_1.JPEG\tn00000001\t0\t0\t1\t1");
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void ClassesComeInTheOrderOfTheirFile()
    {
        var listing = TinyImageNet.List(folder.Path, Set);

        Assert.Equal(["n00000002", "n00000001"], listing.Classes);
        Assert.Equal([0, 0, 1, 1], listing.Training.Select(file => file.Label));
        Assert.Equal("train/n00000002/images/n00000002_10.JPEG", listing.Training[0].Path);
        Assert.Equal(
            [("val/images/val_2.JPEG", 1), ("val/images/val_0.JPEG", 0), ("val/images/val_1.JPEG", 1)],
            listing.Test.Select(file => (file.Path, file.Label)));
    }

    [Fact]
    public void AMissingTrainingImageIsFound()
    {
        File.Delete(folder.File("train/n00000001/images/n00000001_2.JPEG"));
        Refused("2 images expected, 1 found");
    }

    [Fact]
    public void AMissingClassIsFound()
    {
        Directory.Delete(folder.File("train/n00000001"), recursive: true);
        Refused("it is missing");
    }

    [Fact]
    public void AMissingTestImageIsFound()
    {
        File.Delete(folder.File("val/images/val_0.JPEG"));
        Refused("line 2 names an image that is not in val/images");
    }

    [Theory]
    [InlineData("../../wnids.txt")]
    [InlineData("/etc/passwd")]
    [InlineData("images/val_1.JPEG")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("val_2.JPEG")]
    public void ANameThatLeadsElsewhereOrCameBeforeIsRefused(string name)
    {
        Annotate("val_2.JPEG\tn00000001", $"{name}\tn00000002", "val_1.JPEG\tn00000001");
        Refused("line 2 names an image");
    }

    [Fact]
    public void AnUnknownClassIsRefused()
    {
        Annotate("val_2.JPEG\tn00000003");
        Refused("line 1 has a class that wnids.txt lacks");
    }

    [Fact]
    public void ALineWithoutAClassIsRefused()
    {
        Annotate("val_2.JPEG n00000001");
        Refused("line 1 is not an image's name and class");
    }

    [Fact]
    public void AnImageWithoutALineIsFound()
    {
        Annotate("val_2.JPEG\tn00000001", "val_1.JPEG\tn00000001");
        Refused("it lacks val_0.JPEG");
    }

    [Theory]
    [InlineData("n00000002\n../n00000001\n")]
    [InlineData("n00000002\nn00000002\n")]
    [InlineData("n00000002\nn1\n")]
    public void WhatIsNoClassIsRefused(string classes)
    {
        Text("wnids.txt", classes);
        Refused("line 2 is not a class");
    }

    [Fact]
    public void TooFewClassesAreRefused()
    {
        Text("wnids.txt", "n00000002\n");
        Refused("2 classes expected, 1 found");
    }

    [Fact]
    public void ATextBeyondBoundsIsRefused()
    {
        Text("wnids.txt", new string('n', 5 << 20));
        Refused("5242880 bytes");
    }

    [Fact]
    public void TheRealSampleIsFoundReadAndKept()
    {
        var place = Environment.GetEnvironmentVariable("FREEZE_DATA");
        using var cache = new Folder();
        var catalog = new DataCatalog(place, cache.Path);
        if (place is null || catalog.Locate("tiny-imagenet-sample") is not { } found)
        {
            Assert.Skip("FREEZE_DATA names no folder with 20 classes of Tiny-ImageNet in tiny-imagenet-200");
            return;
        }

        var notes = new List<string>();
        using var set = catalog.Load("tiny-imagenet-sample", notes.Add);
        using var again = catalog.Load("tiny-imagenet-sample", notes.Add);

        Assert.Equal((2_000, 1_000), (set.Training.Count, set.Test.Count));
        Assert.All(set.Training.Labels.CountBy(label => label), count => Assert.Equal(100, count.Value));
        Assert.Equal(
            [
                $"reading 3002 files of tiny-imagenet-sample in {found} once, to identify its content",
                "decoding the 3000 images of tiny-imagenet-sample, once",
            ],
            notes);
        Assert.Equal(Fixtures.All(set.Test.Images), Fixtures.All(again.Test.Images));
        // Photographs of everyday things: their means lie near those of ImageNet.
        Assert.All(set.Mean.Zip([123.0, 115, 102]), pair => Assert.InRange(pair.First - pair.Second, -15, 15));

        var error = Assert.Throws<DataException>(() => catalog.Load("tiny-imagenet", _ => { }));
        Assert.Contains("200 classes expected, 20 found", error.Message, StringComparison.Ordinal);
        PixelsArePillows(found);
    }

    // Greyscale ones are among them.
    private static void PixelsArePillows(string found)
    {
        var expected = Fixtures.Pillow("tiny-imagenet").EnumerateObject().ToArray();
        Assert.InRange(expected.Length, 40, 43);
        Assert.All(expected, file => Assert.Equal(
            file.Value.GetString(), Fixtures.Sum(PictureFile.Read(Path.Combine(found, file.Name)).Planes)));
    }

    private void Text(string name, string text) => folder.Write(name, System.Text.Encoding.UTF8.GetBytes(text));

    private void Annotate(params string[] lines) => Text("val/val_annotations.txt", string.Join('\n', lines) + "\n");

    private void Refused(string reason)
    {
        var error = Assert.Throws<DataException>(() => TinyImageNet.List(folder.Path, Set));
        Assert.Contains(folder.Path, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }
}
