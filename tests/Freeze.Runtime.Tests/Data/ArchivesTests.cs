using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Freeze.Runtime.Data;
using Xunit;

namespace Freeze.Runtime.Tests.Data;

public sealed class ArchivesTests : IDisposable
{
    private readonly Folder folder = new();

    private string Target => folder.File("inner/target");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void WantedFilesAreTakenWhereverTheyLie()
    {
        Archives.Unpack(Archive(("a/b/one", "1"), ("two", "2"), ("three", "3")), [["one", "two"]], Target);

        Assert.Equal(["one", "two"], Directory.GetFileSystemEntries(Target).Select(Path.GetFileName).Order());
        Assert.Equal("1", File.ReadAllText(Path.Combine(Target, "one")));
    }

    [Fact]
    public void NoEntryWritesOutsideTheFolder()
    {
        var outside = folder.File("outside");

        Archives.Unpack(
            Archive(("one", "1"), ("../../outside", "x"), (outside, "x"), ("../one", "last")), [["one", "outside"]], Target);

        Assert.False(File.Exists(outside));
        Assert.False(File.Exists(folder.File("inner/outside")));
        Assert.Equal("last", File.ReadAllText(Path.Combine(Target, "one")));
    }

    [Fact]
    public void AnArchiveThatLacksAFileLeavesNothing()
    {
        var error = Refused(Archive(("one", "1")), ["one", "two"]);

        Assert.Contains("lacks two", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ALinkIsNoFile()
    {
        var path = Archive([], tar => tar.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "one")
        {
            LinkName = "/etc/hostname",
        }));

        Refused(path, ["one"]);
    }

    [Fact]
    public void AnArchiveThatWasCutIsRefused()
    {
        var path = Archive(("one", new string('x', 100_000)));
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..60]);

        Refused(path, ["one"]);
    }

    [Fact]
    public void AnEntryThatClaimsToBeHugeIsRefusedUnread()
    {
        // One header of the old format: name at 0, size in octal at 124, check sum at 148, type at 156.
        var header = new byte[1024];
        Encoding.ASCII.GetBytes("one").CopyTo(header, 0);
        Encoding.ASCII.GetBytes("77777777777\0").CopyTo(header, 124);
        Encoding.ASCII.GetBytes("        ").CopyTo(header, 148);
        header[156] = (byte)'0';
        Encoding.ASCII.GetBytes($"{Convert.ToString(header.Sum(b => b), 8).PadLeft(6, '0')}\0 ").CopyTo(header, 148);
        var path = folder.File("huge.tar.gz");
        using (var gzip = new GZipStream(File.Create(path), CompressionLevel.Fastest))
        {
            gzip.Write(header);
        }

        Assert.Contains("larger than any", Refused(path, ["one"]).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SeveralMayUnpackTheSameAtOnce()
    {
        var path = Archive(("one", new string('x', 100_000)));

        Parallel.For(0, 8, _ => Archives.Unpack(path, [["one"]], Target));

        Assert.Equal(100_000, new FileInfo(Path.Combine(Target, "one")).Length);
        Assert.Single(Directory.GetFileSystemEntries(Target));
    }

    private DataException Refused(string archive, string[] wanted)
    {
        var error = Assert.Throws<DataException>(() => Archives.Unpack(archive, [wanted], Target));
        Assert.Empty(Directory.GetFileSystemEntries(Target));
        Assert.Contains(archive, error.Message, StringComparison.Ordinal);
        return error;
    }

    private string Archive(params (string Name, string Content)[] entries) => Archive(entries, _ => { });

    private string Archive((string Name, string Content)[] entries, Action<TarWriter> more)
    {
        var path = folder.File($"{Guid.NewGuid():N}.tar.gz");
        using var tar = new TarWriter(new GZipStream(File.Create(path), CompressionLevel.Optimal));
        foreach (var (name, content) in entries)
        {
            using var data = new MemoryStream(Encoding.ASCII.GetBytes(content));
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = data });
        }

        more(tar);
        return path;
    }
}
