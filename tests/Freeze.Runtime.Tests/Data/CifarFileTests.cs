using Freeze.Runtime.Data;
using Xunit;

namespace Freeze.Runtime.Tests.Data;

public sealed class CifarFileTests : IDisposable
{
    private readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void RecordsAreALabelAndThreePlanes()
    {
        var content = new byte[CifarFormat.Ten.FileBytes];
        var last = (CifarFormat.Ten.Records - 1) * 3073;
        content[last] = 7;
        content[last + 1] = 11;
        content[last + 3072] = 13;

        var read = CifarFile.Read([folder.Write("data_batch_1.bin", content)], CifarFormat.Ten);

        Assert.Equal(7, read.Labels[^1]);
        Assert.Equal(11, read.Pixels.Of(9_999)[0]);
        Assert.Equal(13, read.Pixels.Of(9_999)[^1]);
        Assert.Equal(7, read.Labels.Sum(label => label));
        Assert.All(Enumerable.Range(0, 9_999), i => Assert.False(read.Pixels.Of(i).ContainsAnyExcept((byte)0)));
    }

    [Fact]
    public void ASmallFileIsRefusedByItsLength() => Refused(new byte[5 * 3073], "30730000 bytes expected, 15365 found");

    [Fact]
    public void AByteTooManyIsRefused() =>
        Refused(new byte[CifarFormat.Ten.FileBytes + 1], "30730000 bytes expected, 30730001 found");

    [Fact]
    public void ALabelAbove9IsRefused()
    {
        var content = new byte[CifarFormat.Ten.FileBytes];
        content[3 * 3073] = 10;
        Refused(content, "record 3 has label 10");
    }

    [Fact]
    public void OfCifar100sTwoLabelsTheOneThatIsAskedForIsRead()
    {
        var content = new byte[2 * 3074];
        (content[0], content[1], content[2]) = (19, 99, 5);
        (content[3074], content[3075], content[^1]) = (3, 42, 6);

        var path = folder.Write("train.bin", content);

        var fine = CifarFile.Read([path], new CifarFormat(2, CifarLabels.Fine));
        var coarse = CifarFile.Read([path], new CifarFormat(2, CifarLabels.Coarse));

        Assert.Equal([99, 42], fine.Labels);
        Assert.Equal([19, 3], coarse.Labels);
        Assert.Equal((5, 6), (fine.Pixels.Of(0)[0], fine.Pixels.Of(1)[^1]));
        Assert.Equal(fine.Pixels.Of(1), coarse.Pixels.Of(1));
    }

    [Fact]
    public void ASuperclassAbove19IsRefused()
    {
        var content = new byte[2 * 3074];
        content[3074] = 20;
        var path = folder.Write("train.bin", content);

        var error = Assert.Throws<DataException>(() => CifarFile.Read([path], new CifarFormat(2, CifarLabels.Coarse)));

        Assert.Contains("record 1 has label 20, but there are 20 classes", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cifar10")]
    [InlineData("cifar100-sample")]
    [InlineData("cifar100-coarse-sample")]
    [InlineData("tiny-imagenet-sample")]
    public void TheRealSetHasItsPublishedDigest(string name)
    {
        var place = Environment.GetEnvironmentVariable("FREEZE_DATA");
        var catalog = new DataCatalog(place, folder.Path);
        if (place is null || catalog.Locate(name) is null)
        {
            Assert.Skip($"FREEZE_DATA names no folder with {name}");
        }

        Assert.Equal(DataSets.tryFind(name).Value.Digest, catalog.Identify(name, _ => { }));
    }

    [Fact]
    public void ACopyWithAnotherLabelHasAnotherDigestAndIsNotThePublishedSet()
    {
        var record = new byte[3074];
        folder.Write("named/test.bin", [.. Enumerable.Repeat(record, 1_000).SelectMany(bytes => bytes)]);
        byte[] training = [.. Enumerable.Repeat(record, 5_000).SelectMany(bytes => bytes)];
        folder.Write("named/train.bin", training);
        var catalog = new DataCatalog(folder.File("named"), folder.File("cache"));
        var published = DataSets.tryFind("cifar100-sample").Value.Digest;
        var first = catalog.Identify("cifar100-sample", _ => { });
        var planned = DataSource.NewNamed("cifar100-sample", first);
        catalog.Load(planned, _ => { }).Dispose();

        training[^3073] = 1;
        folder.Write("named/train.bin", training);

        var second = catalog.Verify("cifar100-sample", _ => { });
        Assert.Equal(3, new[] { published, first, second }.Distinct().Count());
        Assert.Equal(second, catalog.Identify("cifar100-sample", _ => { }));
        Assert.Equal("cifar100-sample, not the published files", DataSourceModule.name(planned));
        Assert.Throws<DataException>(() => catalog.Load(planned, _ => { }));
        Assert.Throws<DataException>(() => catalog.Load(DataSourceModule.published("cifar100-sample"), _ => { }));
    }

    [Fact]
    public void TheRealTenthOfCifar100HasEachClassInOneSuperclass()
    {
        var place = Environment.GetEnvironmentVariable("FREEZE_DATA");
        var catalog = new DataCatalog(place, folder.Path);
        if (place is null || catalog.Locate("cifar100-coarse-sample") is null)
        {
            Assert.Skip("FREEZE_DATA names no folder with the first tenth of CIFAR-100 in cifar-100-binary");
        }

        using var fine = catalog.Load("cifar100-sample", _ => { });
        using var coarse = catalog.Load("cifar100-coarse-sample", _ => { });

        var pairs = fine.Training.Labels.Zip(coarse.Training.Labels).Distinct().ToArray();
        Assert.Equal(100, pairs.Length);
        Assert.All(pairs.CountBy(pair => pair.Second), superclass => Assert.Equal(5, superclass.Value));
    }

    [Fact]
    public void TheRealTenthOfCifar100IsTakenForATenthAndNotForTheWhole()
    {
        var place = Environment.GetEnvironmentVariable("FREEZE_DATA");
        var catalog = new DataCatalog(place, folder.Path);
        if (place is null || catalog.Locate("cifar100-sample") is null)
        {
            Assert.Skip("FREEZE_DATA names no folder with the first tenth of CIFAR-100 in cifar-100-binary");
        }

        using var set = catalog.Load("cifar100-sample", _ => { });

        Assert.Equal((5_000, 1_000), (set.Training.Count, set.Test.Count));
        // The classes are even in the whole set, and nearly so in its tenth.
        var counts = set.Training.Labels.CountBy(label => label).ToArray();
        Assert.Equal(100, counts.Length);
        Assert.All(counts, count => Assert.InRange(count.Value, 20, 85));
        var error = Assert.Throws<DataException>(() => catalog.Load("cifar100", _ => { }));
        Assert.Contains("153700000 bytes expected, 15370000 found", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheRealSetHasItsPublishedMeansAndDeviations()
    {
        var place = Environment.GetEnvironmentVariable("FREEZE_DATA");
        var catalog = new DataCatalog(place, folder.Path);
        if (place is null || catalog.Locate("cifar10") is null)
        {
            Assert.Skip("FREEZE_DATA names no folder with cifar-10-batches-bin");
        }

        using var set = catalog.Load("cifar10", _ => { });

        Assert.Equal([0.4914, 0.4822, 0.4465], set.Mean.Select(mean => Math.Round(mean / 255, 4)));
        Assert.Equal([0.2470, 0.2435, 0.2616], set.Deviation.Select(deviation => Math.Round(deviation / 255, 4)));
        Assert.Equal((50_000, 10_000), (set.Training.Count, set.Test.Count));
    }

    private void Refused(byte[] content, string reason)
    {
        var path = folder.Write("test_batch.bin", content);
        var error = Assert.Throws<DataException>(() => CifarFile.Read([path], CifarFormat.Ten));
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }
}
