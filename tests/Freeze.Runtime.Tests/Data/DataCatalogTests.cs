using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Freeze.Runtime.Data;
using Xunit;

namespace Freeze.Runtime.Tests.Data;

public sealed class DataCatalogTests : IDisposable
{
    private readonly Folder folder = new();

    private string Named => folder.File("named");

    private string Cache => folder.File("cache");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void EverySetOfTheLanguageHasItsFiles() =>
        Assert.Equal(
            DataSets.all.Select(set => set.Name).Order(),
            SetFiles.All.Select(set => set.Name).Order());

    [Fact]
    public void TheDigestOfASetInIdxFilesIsThatOfTheirSums() =>
        Assert.All(SetFiles.All.OfType<IdxSet>(), set => Assert.Equal(
            Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Concat(set.Sums.Select(sum => sum + "\n"))))),
            DataSets.tryFind(set.Name).Value.Digest));

    [Fact]
    public void ATenthOfASetIsNotListedAsTheWhole()
    {
        var tenth = Path.Combine(Named, "cifar-100-binary");
        folder.Write("named/cifar-100-binary/train.bin", new byte[5_000 * 3_074]);
        folder.Write("named/cifar-100-binary/test.bin", new byte[1_000 * 3_074]);
        var states = new DataCatalog(Named, Cache).States().ToDictionary(state => state.Set.Name);

        Assert.Equal((null, tenth), (states["cifar100"].Place, states["cifar100"].Incomplete));
        Assert.Equal((tenth, null), (states["cifar100-sample"].Place, states["cifar100-sample"].Incomplete));
    }

    [Fact]
    public void ACopyOfASetWhosePublishedContentIsUnknownIsTakenForItAndSaysSo()
    {
        folder.Write("named/train.bin", new byte[50_000 * 3_074]);
        folder.Write("named/test.bin", new byte[10_000 * 3_074]);
        var catalog = new DataCatalog(Named, Cache);
        var notes = new List<string>();

        catalog.Load(DataSourceModule.published("cifar100"), notes.Add).Dispose();

        Assert.Contains(notes, note => note.Contains("is taken for the published files", StringComparison.Ordinal));
        Assert.Equal(
            "cifar100, not verified",
            DataSourceModule.name(DataSource.NewNamed("cifar100", catalog.Identify("cifar100", notes.Add))));
    }

    [Fact]
    public void TheNamedFolderComesBeforeTheCacheAndItBeforeTheSamples()
    {
        var catalog = new DataCatalog(Named, Cache);
        Assert.EndsWith(Path.Combine("samples", "mnist-sample"), catalog.Locate("mnist-sample")!, StringComparison.Ordinal);

        Fill(Path.Combine(Cache, "mnist-sample"), IdxSet.Names);
        Assert.Equal(Path.Combine(Cache, "mnist-sample"), catalog.Locate("mnist-sample"));

        Fill(Path.Combine(Named, "mnist-sample"), IdxSet.Names);
        Assert.Equal(Path.Combine(Named, "mnist-sample"), catalog.Locate("mnist-sample"));

        Fill(Named, [.. IdxSet.Names.Select(name => name + ".gz")]);
        Assert.Equal(Named, catalog.Locate("mnist-sample"));
    }

    [Fact]
    public void AFolderThatLacksAFileDoesNotCount()
    {
        Fill(Named, IdxSet.Names[..3]);

        Assert.NotEqual(Named, new DataCatalog(Named, Cache).Locate("mnist-sample"));
    }

    [Fact]
    public void CifarIsFoundUnderItsPublishedFolderName()
    {
        var inner = Path.Combine(Named, "cifar-10-batches-bin");
        Fill(inner, CifarFiles);

        Assert.Equal(inner, new DataCatalog(Named, Cache).Locate("cifar10"));
    }

    [Theory]
    [InlineData(20, true)]
    [InlineData(200, false)]
    [InlineData(19, false)]
    public void TinyImageNetIsFoundUnderItsPublishedFolderNameAndItsSampleByItsClasses(int classes, bool isSample)
    {
        var inner = Path.Combine(Named, "tiny-imagenet-200");
        folder.Write("named/tiny-imagenet-200/val/val_annotations.txt", [1]);
        File.WriteAllLines(Path.Combine(inner, "wnids.txt"), Enumerable.Range(0, classes).Select(i => $"n{i:d8}"));
        var catalog = new DataCatalog(Named, Cache);

        Assert.Equal(inner, catalog.Locate("tiny-imagenet"));
        Assert.Equal(isSample ? inner : null, catalog.Locate("tiny-imagenet-sample"));
    }

    [Theory]
    [InlineData("cifar10", "cifar-10-batches-py")]
    [InlineData("cifar100", "cifar-100-python")]
    [InlineData("cifar100-coarse", "cifar-100-python")]
    [InlineData("cifar100-coarse", "cifar-100-binary")]
    public void EitherLayoutIsFoundUnderItsPublishedFolderName(string set, string published)
    {
        var inner = Path.Combine(Named, published);
        Fill(inner, Layouts(set)[published.Contains("bin", StringComparison.Ordinal) ? 0 : 1]);

        Assert.Equal(inner, new DataCatalog(Named, Cache).Locate(set));
    }

    [Fact]
    public void FoldersNamedLikeTheFilesOfThePythonLayoutAreNoDataSet()
    {
        Directory.CreateDirectory(Path.Combine(Named, "train"));
        Directory.CreateDirectory(Path.Combine(Named, "test"));

        Assert.Null(new DataCatalog(Named, Cache).Locate("cifar100"));
    }

    [Theory]
    [InlineData("cifar10", "cifar-10-binary", 0, true)]
    [InlineData("cifar10", "cifar-10-binary", 0, false)]
    [InlineData("cifar10", "cifar-10-python", 1, true)]
    [InlineData("cifar10", "cifar-10-python", 1, false)]
    [InlineData("cifar100", "cifar-100-binary", 0, false)]
    [InlineData("cifar100", "cifar-100-python", 1, true)]
    public void CifarsArchiveIsUnpackedIntoTheCache(string set, string published, int layout, bool fileIsNamed)
    {
        var archive = Archive(published, Layouts(set)[layout]);
        var catalog = new DataCatalog(fileIsNamed ? archive : Named, Cache);

        Assert.Null(catalog.Locate(set));
        Assert.Equal(Path.Combine(Cache, set), catalog.Fetch(set, _ => { }));
        Assert.Equal(Layouts(set)[layout].Order(), Directory.GetFiles(Path.Combine(Cache, set)).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void ClassesAndSuperclassesAreReadFromTheSameUnpackedFiles()
    {
        var catalog = new DataCatalog(Archive("cifar-100-python", Layouts("cifar100")[1]), Cache);

        Assert.Equal(Path.Combine(Cache, "cifar100"), catalog.Fetch("cifar100-coarse", _ => { }));
        Assert.Equal(Path.Combine(Cache, "cifar100"), catalog.Locate("cifar100"));
    }

    [Fact]
    public void AnArchiveOfAnotherSetIsRefusedWithWhatEitherLayoutLacks()
    {
        var archive = Archive("cifar-10-python", Layouts("cifar10")[1]);

        var error = Assert.Throws<DataException>(() => new DataCatalog(archive, Cache).Fetch("cifar100", _ => { }));

        Assert.Contains("it lacks train.bin, test.bin; or train, test", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheSetThatFreezeDrawsIsAlwaysThere()
    {
        var catalog = new DataCatalog(null, Cache);

        using var set = catalog.Load("synthetic", _ => { });

        Assert.Equal("memory", catalog.Locate("synthetic"));
        Assert.Equal((10_000, 2_000), (set.Training.Count, set.Test.Count));
        Assert.False(Directory.Exists(Cache));
    }

    [Fact]
    public void AMissingSetSaysWhereItWasSoughtAndWhatBringsIt()
    {
        var error = Assert.Throws<DataException>(() => new DataCatalog(Named, Cache).Fetch("cifar10", _ => { }));

        Assert.Contains("cifar10", error.Message, StringComparison.Ordinal);
        Assert.Contains(Named, error.Message, StringComparison.Ordinal);
        Assert.Contains("FREEZE_DATA", error.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void AnUnknownSetIsRefusedWithTheKnownOnes()
    {
        var error = Assert.Throws<DataException>(() => new DataCatalog(null, Cache).Fetch("minst", _ => { }));

        Assert.Contains("mnist-sample", error.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void ADamagedFileIsFoundWhenRead()
    {
        Fill(Named, IdxSet.Names);

        var error = Assert.Throws<DataException>(() => new DataCatalog(Named, Cache).Verify("mnist-sample", _ => { }));

        Assert.Contains(Named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheStatesNameWhatIsThereAndHowToGetTheRest()
    {
        var states = new DataCatalog(null, Cache).States();

        Assert.Equal(DataSets.all, states.Select(state => state.Set));
        Assert.NotNull(states.Single(state => state.Set.Name == "mnist-sample").Place);
        Assert.Null(states.Single(state => state.Set.Name == "cifar10").Place);
        Assert.All(states, state => Assert.NotEmpty(state.HowToGet));
    }

    private static string[] CifarFiles => Layouts("cifar10")[0];

    private static string[][] Layouts(string name) =>
        [.. SetFiles.All.Single(set => set.Name == name).Layouts.Select(files => files.ToArray())];

    private string Archive(string published, string[] files)
    {
        Directory.CreateDirectory(Named);
        var archive = Path.Combine(Named, published + ".tar.gz");
        using var tar = new TarWriter(new GZipStream(File.Create(archive), CompressionLevel.Fastest));
        foreach (var file in files)
        {
            using var content = new MemoryStream([1]);
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, $"{published}/{file}") { DataStream = content });
        }

        return archive;
    }

    private static void Fill(string place, string[] files)
    {
        Directory.CreateDirectory(place);
        foreach (var file in files)
        {
            File.WriteAllBytes(Path.Combine(place, file), [1]);
        }
    }
}
